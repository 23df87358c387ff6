//! What becomes of messages, on both engines.
