//! Template messages that the platform sends for a hospital.

pub(crate) mod rows;
pub mod sendmsg;

#[cfg(test)]
mod tests;
