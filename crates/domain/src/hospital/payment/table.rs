//! The whole machine as a table that people can read, and the kinds of amount.
