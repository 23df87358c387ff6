//! The documents of the parties, in both directions: fields to bytes and back, nothing else.
//!
//! One file per interface, named like its URL, with the document's table (`SPEC`), `Request` and
//! `Reply`; client and server use the same types. A body passes [`fields::Received`] (the XML
//! guard), then [`fields::Verified`] (the signature), then an interface's `decode`; nothing above
//! this crate sees a raw field. No I/O, no clock, no chance: nonces and times are handed in.

pub mod bill;
pub mod caller_fields;
pub mod closeorder;
pub mod contracts;
pub mod downloadbill;
pub mod envelope;
pub mod err_code;
pub mod fields;
pub mod getbindurl;
pub mod getmedinfo;
pub mod his;
pub mod id_card;
pub mod interface;
pub mod interfaces;
pub mod message;
pub mod notification;
pub mod order_fields;
pub mod orderquery;
pub mod preregister;
pub mod public_account;
pub mod qrcodegetmedinfo;
pub mod qrcodepreregister;
pub mod qrcodeunifiedorder;
pub mod refund;
pub mod refundquery;
pub mod request_content;
pub mod scan_fields;
pub mod sendmsg;
pub mod sign;
pub mod sign_causes;
pub mod states;
pub mod unifiedorder;
pub mod value;
pub mod visit_fields;
pub mod xml;

pub use envelope::{
    Failure, GatewayError, Refused, Reply, ReplyFault, Signed, TokenErrorShape, failure_reply,
    read_reply, success_reply, token_failure_reply,
};
pub use err_code::{BillFault, ErrCode, TokenFault};
pub use fields::{FieldFault, Fields, Received, Verified};
pub use interface::{FieldSpec, Interface, Kind, Required};
pub use sign::{ApiKey, Seal, SignFault, SignType};
pub use value::{Flag, FromField, HttpUrl, Lines, Problem, Text, Yuan};
pub use xml::XmlFault;
