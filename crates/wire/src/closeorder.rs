//! 关闭订单: PROTOCOL 3.7.

use crate::fields::{FieldFault, Fields};
use crate::interface::Interface;
use crate::orderquery;

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "closeorder",
    path: "/payinsurance/closeorder",
    title: "关闭订单",
    fields: orderquery::ORDER_QUESTION,
    reply: &[],
    signed_reply: true,
    carries_merchant: true,
};

/// The request: names an order, as orderquery's does.
pub use crate::orderquery::Request;

/// The answer: nothing but the envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reply;

impl Reply {
    /// No fields.
    pub fn encode(&self) -> Fields {
        Fields::new()
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self)
    }
}
