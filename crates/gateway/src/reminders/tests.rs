//! Who is reminded of what, on both engines.
