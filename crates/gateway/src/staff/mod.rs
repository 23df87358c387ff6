//! What a member of staff must look at, and does about it; what a service provider is paid for.
//! Until there are screens for it this is worked by `medpay gateway queue` and `commission`.

mod act;
pub mod commission;
mod list;
pub mod queue;
mod rows;
#[cfg(test)]
mod tests;
