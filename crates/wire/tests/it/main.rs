//! The documents from outside: what a body must be, who signed it, what each field may hold.

mod bills;
mod contents;
mod envelopes;
mod guard;
mod his_openapi;
mod round_trips;
mod samples;
mod signatures;
mod snapshots;
mod tables;
