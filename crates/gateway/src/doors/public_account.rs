//! The public account over HTTP (PROTOCOL 7).

use super::PublicAccount;
use super::token_owner::{TokenOwner, is_of_token};
use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use medpay_client::{Transport, Unanswered};
use medpay_domain::{Appid, Openid, Secret};
use medpay_wire::envelope::GatewayError;
use medpay_wire::public_account::menu::Menu;
use medpay_wire::public_account::qrcode::{Qrcode, QrcodeRequest};
use medpay_wire::public_account::user::UserInfo;
use medpay_wire::public_account::{
    AUTHORIZATION_CODE, OauthToken, TemplateMessage, TemplateSent, encode_component,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// An account at an API address.
pub struct HttpPublicAccount {
    transport: Arc<dyn Transport>,
    owner: Arc<TokenOwner>,
    api_url: String,
    appid: Appid,
    secret: Secret,
    timeout_ms: u64,
}

impl HttpPublicAccount {
    /// The account `appid`, whose tokens `owner` has, at `api_url`; a call takes `timeout_ms` of
    /// machine time at most.
    pub fn new(
        transport: Arc<dyn Transport>,
        owner: Arc<TokenOwner>,
        api_url: &str,
        (appid, secret): (Appid, Secret),
        timeout_ms: u64,
    ) -> Self {
        let api_url = api_url.trim_end_matches('/').to_owned();
        Self { transport, owner, api_url, appid, secret, timeout_ms }
    }

    /// Calls `path` with a token; `more` are further parameters, already encoded.
    async fn call<A: DeserializeOwned>(
        &self,
        path: &'static str,
        more: &str,
        body: Option<Bytes>,
    ) -> Result<Result<A, GatewayError>, Unanswered> {
        let mut bought_anew = false;
        loop {
            let token = self.owner.token().await?;
            let address =
                format!("{}{path}?access_token={}{more}", self.api_url, encode_component(&token));
            match self.send(path, &address, body.clone()).await? {
                Err(error) if is_of_token(error.errcode) && !bought_anew => {
                    self.owner.forget(&token);
                    bought_anew = true;
                }
                answer => return Ok(answer),
            }
        }
    }

    async fn post<A: DeserializeOwned>(
        &self,
        path: &'static str,
        question: &(impl Serialize + Sync),
    ) -> Result<Result<A, GatewayError>, Unanswered> {
        let body = serde_json::to_vec(question)
            .map_err(|_| Unanswered::NotSent(format!("{path} cannot be written")))?;
        self.call(path, "", Some(body.into())).await
    }

    /// Sends and reads: an error code that is not 0, or the answer.
    async fn send<A: DeserializeOwned>(
        &self,
        path: &'static str,
        address: &str,
        body: Option<Bytes>,
    ) -> Result<Result<A, GatewayError>, Unanswered> {
        let request = match &body {
            Some(_) => http::Request::post(address).header(CONTENT_TYPE, "application/json"),
            None => http::Request::get(address),
        };
        let request = request
            .body(body.unwrap_or_default())
            .map_err(|_| Unanswered::NotSent(format!("the address of {path} is none")))?;
        let answer = self.transport.send(request, self.timeout_ms).await?;
        if answer.status() != StatusCode::OK {
            let status = answer.status();
            return Err(Unanswered::Unknown(format!("{path} answered status {status}")));
        }
        if let Ok(error) = serde_json::from_slice::<GatewayError>(answer.body())
            && error.errcode != 0
        {
            return Ok(Err(error));
        }
        // The error's own text would quote the answer.
        serde_json::from_slice(answer.body())
            .map(Ok)
            .map_err(|_| Unanswered::Unknown(format!("{path} was answered otherwise")))
    }
}

#[async_trait]
impl PublicAccount for HttpPublicAccount {
    async fn openid_of(&self, code: &str) -> Result<Result<Openid, GatewayError>, Unanswered> {
        let path = "/sns/oauth2/access_token";
        // Old clients insist on this order (PROTOCOL 7.3).
        let address = format!(
            "{}{path}?appid={}&secret={}&code={}&grant_type={AUTHORIZATION_CODE}",
            self.api_url,
            encode_component(self.appid.as_str()),
            encode_component(&String::from_utf8_lossy(self.secret.reveal())),
            encode_component(code),
        );
        let answer = self.send::<OauthToken>(path, &address, None).await?;
        Ok(answer.map(|token| Openid::new(token.openid)))
    }

    async fn send(&self, message: &TemplateMessage) -> Result<TemplateSent, Unanswered> {
        let answer = self.post("/cgi-bin/message/template/send", message).await?;
        Ok(answer.unwrap_or_else(|GatewayError { errcode, errmsg }| TemplateSent {
            errcode,
            errmsg,
            msgid: None,
        }))
    }

    async fn create_menu(&self, menu: &Menu) -> Result<GatewayError, Unanswered> {
        let answer = self.post("/cgi-bin/menu/create", menu).await?;
        Ok(answer.unwrap_or_else(|error| error))
    }

    async fn follows(&self, openid: &Openid) -> Result<Result<bool, GatewayError>, Unanswered> {
        let more = format!("&openid={}&lang=zh_CN", encode_component(openid.reveal()));
        let answer = self.call::<UserInfo>("/cgi-bin/user/info", &more, None).await?;
        Ok(answer.map(|user| user.follows()))
    }

    async fn create_qrcode(
        &self,
        ask: &QrcodeRequest,
    ) -> Result<Result<Qrcode, GatewayError>, Unanswered> {
        self.post("/cgi-bin/qrcode/create", ask).await
    }
}
