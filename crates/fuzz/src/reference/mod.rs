//! Second readers, written from the documents, to compare `wire`'s own with.

pub(crate) mod json;
pub(crate) mod tables;
pub(crate) mod xml;
