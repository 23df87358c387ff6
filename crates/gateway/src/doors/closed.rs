//! The doors of a hospital that only receives notifications: nothing is ever sent.

use super::{His, Platform, PublicAccount};
use async_trait::async_trait;
use medpay_client::{Downloaded, Unanswered};
use medpay_domain::Openid;
use medpay_wire::envelope::{GatewayError, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::his::Refusal;
use medpay_wire::interface::Interface;
use medpay_wire::public_account::menu::Menu;
use medpay_wire::public_account::qrcode::{Qrcode, QrcodeRequest};
use medpay_wire::public_account::{TemplateMessage, TemplateSent};

/// A platform, a HIS and an account that cannot be reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closed;

fn closed<A>() -> Result<A, Unanswered> {
    Err(Unanswered::NotSent("this hospital has no patients' side here".to_owned()))
}

#[async_trait]
impl Platform for Closed {
    async fn call(&self, _: &'static Interface, _: Fields) -> Result<Reply, Unanswered> {
        closed()
    }

    async fn download(&self, _: Fields) -> Result<Downloaded, Unanswered> {
        closed()
    }
}

#[async_trait]
impl His for Closed {
    async fn post(
        &self,
        _: &'static str,
        _: &str,
        _: Vec<u8>,
    ) -> Result<Result<Vec<u8>, Refusal>, Unanswered> {
        closed()
    }
}

#[async_trait]
impl PublicAccount for Closed {
    async fn openid_of(&self, _: &str) -> Result<Result<Openid, GatewayError>, Unanswered> {
        closed()
    }

    async fn send(&self, _: &TemplateMessage) -> Result<TemplateSent, Unanswered> {
        closed()
    }

    async fn create_menu(&self, _: &Menu) -> Result<GatewayError, Unanswered> {
        closed()
    }

    async fn follows(&self, _: &Openid) -> Result<Result<bool, GatewayError>, Unanswered> {
        closed()
    }

    async fn create_qrcode(
        &self,
        _: &QrcodeRequest,
    ) -> Result<Result<Qrcode, GatewayError>, Unanswered> {
        closed()
    }
}
