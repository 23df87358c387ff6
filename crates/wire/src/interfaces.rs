//! All interfaces of `/payinsurance/*`.

use crate::interface::Interface;

/// In the order of PROTOCOL 2 and 3. The notification is no interface of the platform but of the
/// hospital: [`crate::notification::FIELDS`].
pub const ALL: [&Interface; 13] = [
    &crate::getmedinfo::SPEC,
    &crate::getbindurl::SPEC,
    &crate::preregister::SPEC,
    &crate::qrcodepreregister::SPEC,
    &crate::sendmsg::SPEC,
    &crate::qrcodegetmedinfo::SPEC,
    &crate::unifiedorder::SPEC,
    &crate::qrcodeunifiedorder::SPEC,
    &crate::orderquery::SPEC,
    &crate::closeorder::SPEC,
    &crate::refund::SPEC,
    &crate::refundquery::SPEC,
    &crate::downloadbill::SPEC,
];

/// The one of a name.
pub fn named(name: &str) -> Option<&'static Interface> {
    ALL.into_iter().find(|interface| interface.name == name)
}
