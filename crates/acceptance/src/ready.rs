//! The ready file: what a script must know to play with a running town, and all it may know.
//!
//! `medpay demo --ready-file FILE` writes it when everything listens. Its members are part of what
//! others build on (`examples/python`), so they are added to and never renamed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The whole file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// The platform and WeChat's API, without a final slash.
    pub platform_url: String,
    /// The gateway; an institution's `notify_url` is `<gateway_url>/notify/<org_no>`.
    pub gateway_url: String,
    /// The sandbox.
    pub sandbox_url: String,
    /// The hospitals that may call. The first is in independent mode and calls from H5.
    pub institutions: Vec<Institution>,
    /// The patients.
    pub persons: Vec<Person>,
    /// Binds the person's own card through a bind link.
    pub bind: Door,
    /// Pays at a cashier.
    pub pay: Door,
    /// Shows a pay code, as a window would scan it.
    pub auth_code: Door,
    /// Reads the person's template messages.
    pub inbox: Door,
    /// Advances the test clock; by 0 seconds, it only tells the time.
    pub clock: Door,
}

/// A hospital and its credentials.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Institution {
    /// Its name, as patients read it.
    pub name: String,
    /// 医疗机构编码; also its name in the gateway's addresses.
    pub org_no: String,
    /// `independent` or `service_provider`.
    pub mode: Mode,
    /// `test` or `production`.
    pub environment: String,
    /// The calling account: the hospital's own, or the service provider's.
    pub appid: String,
    /// Its secret.
    pub secret: String,
    /// The merchant whose key signs.
    pub mch_id: String,
    /// That merchant's API key.
    pub api_key: String,
    /// The hospital's own account under the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_appid: Option<String>,
    /// The hospital's merchant under the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_mch_id: Option<String>,
    /// The secret of `sub_appid`, where it may call by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_secret: Option<String>,
    /// The hospital's city.
    pub city_id: String,
    /// The patients' pages at the gateway, without a final slash; none where it serves none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages_url: Option<String>,
    /// The HIS that the sandbox plays for it: its pages for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub his_url: Option<String>,
}

impl Institution {
    /// Whether its orders are a test's; nothing else is played with.
    pub fn is_test(&self) -> bool {
        self.environment == "test"
    }
}

/// Who calls (PROTOCOL 1.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// 独立模式: the hospital by itself.
    Independent,
    /// 服务商模式: a provider for the hospital.
    ServiceProvider,
}

/// A patient of the sandbox; an invented one.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The person's openid under each account, by appid or sub_appid.
    pub openid: BTreeMap<String, String>,
    /// 姓名.
    pub name: String,
    /// 身份证号, in clear.
    pub id_card: String,
    /// Its MD5 (PROTOCOL 1.4).
    pub idcard_md5: String,
    /// Whether a card was bound when the file was written.
    pub bound: bool,
    /// The wallet's password.
    pub password: String,
    /// 参保类型 1 to 6.
    pub medical_insurance_type: String,
    /// What goes wrong with this person: [`NORMAL`] if nothing, else a word of the sandbox's.
    pub behaviour: String,
}

/// The behaviour of a person with whom nothing goes wrong.
pub const NORMAL: &str = "normal";

/// A call that a script can make in the place of a tap on a phone.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Door {
    /// The HTTP method.
    pub method: String,
    /// Where.
    pub url: String,
    /// The JSON to send. A text that is exactly `{name}` stands for that value, of any type.
    pub body: Value,
    /// The members of the JSON that comes back, each with what it says.
    pub answer: Value,
}

impl Door {
    fn post(url: String, body: Value, answer: Value) -> Self {
        Self { method: "POST".to_owned(), url, body, answer }
    }

    /// The body with `values` in the place of its `{placeholders}`. A placeholder without a value
    /// is an error that names it.
    pub fn filled(&self, values: &Map<String, Value>) -> Result<Value, UnfilledPlaceholder> {
        fill(&self.body, values)
    }

    fn bind(sandbox: &str) -> Self {
        Self::post(
            format!("{sandbox}/phone/bind"),
            json!({ "openid": "{openid}", "bind_url": "{bind_url}", "consent": false }),
            json!({
                "ok": "whether the page says that the card is bound",
                "message": "the page's words",
                "leads_to": "where the page leads",
            }),
        )
    }

    fn pay(sandbox: &str) -> Self {
        Self::post(
            format!("{sandbox}/phone/pay"),
            json!({ "openid": "{openid}", "pay_url": "{pay_url}", "password": "{password}" }),
            json!({
                "ok": "whether the cashier took the password; an empty pay_url is the cashier \
                       that a window scan put on the phone",
                "message": "the page's words",
                "leads_to": "where the page leads",
            }),
        )
    }

    fn auth_code(sandbox: &str) -> Self {
        Self::post(
            format!("{sandbox}/phone/auth_code"),
            json!({ "openid": "{openid}" }),
            json!({
                "auth_code": "the pay code",
                "expires_in_seconds": "how long it is good for",
            }),
        )
    }

    fn inbox(sandbox: &str) -> Self {
        Self::post(
            format!("{sandbox}/phone/inbox"),
            json!({ "openid": "{openid}" }),
            json!({ "messages": [{
                "appid": "the account that sent it",
                "template_id": "its template",
                "text": "the rendered lines",
                "url": "where a tap leads",
            }] }),
        )
    }

    fn clock(sandbox: &str) -> Self {
        Self::post(
            format!("{sandbox}/clock"),
            json!({ "do": "advance", "seconds": "{seconds}" }),
            json!({
                "version": "counts every change",
                "now": "milliseconds since 1970-01-01T00:00:00Z",
                "frozen": "whether it stands still",
            }),
        )
    }
}

/// A `{placeholder}` for which no value was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value for {{{0}}}")]
pub struct UnfilledPlaceholder(pub String);

fn fill(body: &Value, values: &Map<String, Value>) -> Result<Value, UnfilledPlaceholder> {
    Ok(match body {
        Value::String(text) => match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            Some(name) => {
                values.get(name).cloned().ok_or_else(|| UnfilledPlaceholder(name.to_owned()))?
            }
            None => body.clone(),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, values)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, values)?)))
                .collect::<Result<_, _>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
    })
}

impl Ready {
    /// A file for a town at these addresses, with the sandbox's own doors.
    pub fn new(
        platform_url: String,
        gateway_url: String,
        sandbox_url: String,
        institutions: Vec<Institution>,
        persons: Vec<Person>,
    ) -> Self {
        let sandbox = sandbox_url.as_str();
        Self {
            bind: Door::bind(sandbox),
            pay: Door::pay(sandbox),
            auth_code: Door::auth_code(sandbox),
            inbox: Door::inbox(sandbox),
            clock: Door::clock(sandbox),
            platform_url,
            gateway_url,
            sandbox_url,
            institutions,
            persons,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_takes_the_type_of_its_value() {
        let door = Door::clock("http://sandbox");
        let values = Map::from_iter([("seconds".to_owned(), json!(90))]);
        assert_eq!(door.filled(&values), Ok(json!({ "do": "advance", "seconds": 90 })));
    }

    #[test]
    fn a_placeholder_without_a_value_is_named() {
        let door = Door::inbox("http://sandbox");
        assert_eq!(door.filled(&Map::new()), Err(UnfilledPlaceholder("openid".to_owned())));
    }

    #[test]
    fn the_members_are_the_documented_ones() {
        let ready =
            Ready::new("http://p".into(), "http://g".into(), "http://s".into(), vec![], vec![]);
        let written = serde_json::to_value(&ready).unwrap();
        let members: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            members,
            [
                "auth_code",
                "bind",
                "clock",
                "gateway_url",
                "inbox",
                "institutions",
                "pay",
                "persons",
                "platform_url",
                "sandbox_url",
            ]
        );
    }
}
