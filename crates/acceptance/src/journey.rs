//! The journey of `demo --play`.
