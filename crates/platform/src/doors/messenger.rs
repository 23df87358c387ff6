//! Template messages over HTTP (PROTOCOL 7.2).

use super::{Messenger, WeChat, wechat};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use medpay_client::Unanswered;
use medpay_domain::Appid;
use medpay_wire::public_account::{TemplateMessage, TemplateSent};
use std::sync::Arc;

/// The accounts' messages, through WeChat's own door.
#[derive(Clone)]
pub struct HttpMessenger {
    wechat: Arc<dyn WeChat>,
}

impl HttpMessenger {
    /// Messages that leave through `wechat`.
    pub fn new(wechat: Arc<dyn WeChat>) -> Self {
        Self { wechat }
    }
}

#[async_trait]
impl Messenger for HttpMessenger {
    async fn send(
        &self,
        appid: &Appid,
        message: &TemplateMessage,
    ) -> Result<TemplateSent, Unanswered> {
        let body = serde_json::to_vec(message)
            .map_err(|_| Unanswered::NotSent("the message cannot be written".to_owned()))?;
        let call = wechat::Call {
            method: Method::POST,
            path_and_query: "/cgi-bin/message/template/send".to_owned(),
            content_type: Some(HeaderValue::from_static("application/json")),
            appid: Some(appid.clone()),
            body: Bytes::from(body),
        };
        let answer = self.wechat.pass_on(call).await?;
        if answer.status != StatusCode::OK {
            return Err(Unanswered::Unknown(format!("WeChat answered status {}", answer.status)));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| Unanswered::Unknown("WeChat answered other JSON".to_owned()))
    }
}
