//! (to be written)

pub(crate) mod worker;
