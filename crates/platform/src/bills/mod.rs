//! Bills: what a day's bill holds ([`day_bill`]) and how a hospital gets it ([`downloadbill`]).

pub(crate) mod day_bill;
pub mod downloadbill;

#[cfg(test)]
mod tests;
