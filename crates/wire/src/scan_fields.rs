//! What was scanned at the window: `auth_code`, and the `token` that qrcodegetmedinfo gave for it.

use crate::fields::{FieldFault, Fields};
use crate::interface::{FieldSpec, Kind, req};
use crate::value::Text;
use std::fmt;

/// A pay code with its token. Whoever has both can act for the person, but not pay.
/// `Debug` masks both.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Scan {
    /// 授权码: what the scanner read.
    pub auth_code: Text<128>,
    /// 授权码 token, bound to the code and the merchant.
    pub token: Text<128>,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scan(***)")
    }
}

impl Scan {
    pub(crate) const AUTH_CODE: FieldSpec = req("auth_code", "授权码", 128, Kind::Text);
    pub(crate) const TOKEN: FieldSpec = req("token", "授权码 token", 128, Kind::Text);

    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(Self { auth_code: fields.required("auth_code")?, token: fields.required("token")? })
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        fields.set("auth_code", &self.auth_code).set("token", &self.token);
    }
}
