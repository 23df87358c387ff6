//! `/cgi-bin/user/info`: whether a person follows the account, so that a template message can be
//! sent (PROTOCOL 7.5).

use serde::{Deserialize, Serialize};
use std::fmt;

/// The query, beside the access token.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserInfoQuery {
    /// The person, under this account.
    #[serde(default)]
    pub openid: String,
    /// `zh_CN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

/// The answer. The official one has more, most of it empty since 2021; a reader ignores it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// 1 if the person follows; 0 if not, and then only the openid comes with it.
    pub subscribe: u8,
    /// The person.
    pub openid: String,
    /// When the person followed last, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribe_time: Option<i64>,
    /// How: `ADD_SCENE_SEARCH`, `ADD_SCENE_QR_CODE`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribe_scene: Option<String>,
    /// The numeric scene of the code; 0 for a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_scene: Option<u32>,
    /// The text scene of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_scene_str: Option<String>,
}

impl UserInfo {
    /// Somebody who does not follow.
    pub fn stranger(openid: impl Into<String>) -> Self {
        Self {
            subscribe: 0,
            openid: openid.into(),
            subscribe_time: None,
            subscribe_scene: None,
            qr_scene: None,
            qr_scene_str: None,
        }
    }

    /// Whether the person follows.
    pub const fn follows(&self) -> bool {
        self.subscribe == 1
    }
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo").field("subscribe", &self.subscribe).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_answers_are_read() {
        let follower = r#"{"subscribe":1,"openid":"oTest01","nickname":"","language":"zh_CN",
            "subscribe_time":1382694957,"groupid":0,"tagid_list":[128,2],
            "subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":""}"#;
        let read: UserInfo = serde_json::from_str(follower).expect("an answer");
        assert!(read.follows() && read.qr_scene == Some(98765));
        assert!(!format!("{read:?}").contains("oTest01"));
        let stranger = r#"{"subscribe":0,"openid":"oTest01"}"#;
        let read: UserInfo = serde_json::from_str(stranger).expect("an answer");
        assert_eq!(read, UserInfo::stranger("oTest01"));
        assert_eq!(serde_json::to_string(&read).expect("JSON"), stranger);
    }
}
