//! `/cgi-bin/qrcode/create`: an account's code with a scene (PROTOCOL 7.5). Who scans it and does
//! not follow yet is asked to; the event then carries the scene as `qrscene_…`.

use super::errors::AccountError;
use serde::{Deserialize, Serialize};

/// How long a temporary code lives if nothing is said, in seconds.
pub const DEFAULT_SECONDS: u32 = 60;
/// How long a temporary code may live: 30 days, in seconds.
pub const MAX_SECONDS: u32 = 2_592_000;
/// The largest number of a permanent code's scene.
const MAX_LASTING_ID: u32 = 100_000;
/// The longest text of a scene, in characters.
const MAX_SCENE: usize = 64;

/// The body.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QrcodeRequest {
    /// How long a temporary code lives; [`DEFAULT_SECONDS`] if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_seconds: Option<u32>,
    /// `QR_SCENE`, `QR_STR_SCENE`, `QR_LIMIT_SCENE`, `QR_LIMIT_STR_SCENE`.
    #[serde(default)]
    pub action_name: String,
    /// The scene.
    #[serde(default)]
    pub action_info: ActionInfo,
}

/// What stands around the scene.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ActionInfo {
    /// The scene.
    #[serde(default)]
    pub scene: Scene,
}

/// A scene: a number or a text, as `action_name` says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Scene {
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_id: Option<u32>,
    /// The text, 1 to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_str: Option<String>,
}

/// What a request asks for, once it was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The scene as an event's `EventKey` carries it.
    pub scene: String,
    /// How long the code lives, in seconds; a permanent one for ever.
    pub expire_seconds: Option<u32>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Qrcode {
    /// Names the code; `showqrcode?ticket=` shows it.
    pub ticket: String,
    /// How long it lives, in seconds; absent or 0 of a permanent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_seconds: Option<u32>,
    /// What the code says, for whoever draws it.
    pub url: String,
}

impl QrcodeRequest {
    /// A code for ever with a text scene, for a poster or a counter.
    pub fn lasting(scene: impl Into<String>) -> Self {
        Self::with_text("QR_LIMIT_STR_SCENE", None, scene.into())
    }

    /// A code for `expire_seconds` with a text scene.
    pub fn temporary(scene: impl Into<String>, expire_seconds: u32) -> Self {
        Self::with_text("QR_STR_SCENE", Some(expire_seconds), scene.into())
    }

    fn with_text(action_name: &str, expire_seconds: Option<u32>, scene: String) -> Self {
        let scene = Scene { scene_id: None, scene_str: Some(scene) };
        Self {
            expire_seconds,
            action_name: action_name.to_owned(),
            action_info: ActionInfo { scene },
        }
    }

    /// Reads a body, and refuses what the official platform refuses.
    pub fn read(body: &[u8]) -> Result<Wanted, AccountError> {
        if body.trim_ascii().is_empty() {
            return Err(AccountError::EmptyBody);
        }
        let request: Self = serde_json::from_slice(body).map_err(|_| AccountError::DataFormat)?;
        request.wanted()
    }

    /// What is asked for, if it can be had.
    pub fn wanted(&self) -> Result<Wanted, AccountError> {
        let (lasting, by_text) = match self.action_name.as_str() {
            "QR_SCENE" => (false, false),
            "QR_STR_SCENE" => (false, true),
            "QR_LIMIT_SCENE" => (true, false),
            "QR_LIMIT_STR_SCENE" => (true, true),
            _ => return Err(AccountError::ActionName),
        };
        let Scene { scene_id, scene_str } = &self.action_info.scene;
        let scene = if by_text {
            let fits = |text: &&String| (1..=MAX_SCENE).contains(&text.chars().count());
            scene_str.as_ref().filter(fits).cloned()
        } else {
            let most = if lasting { MAX_LASTING_ID } else { u32::MAX };
            scene_id.filter(|id| (1..=most).contains(id)).map(|id| id.to_string())
        };
        let seconds = self.expire_seconds.unwrap_or(DEFAULT_SECONDS);
        if !lasting && !(1..=MAX_SECONDS).contains(&seconds) {
            return Err(AccountError::ExpireSeconds);
        }
        Ok(Wanted {
            scene: scene.ok_or(AccountError::ActionInfo)?,
            expire_seconds: (!lasting).then_some(seconds),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_bodies_are_read() {
        let read = |text: &str| QrcodeRequest::read(text.as_bytes());
        let temporary = r#"{"expire_seconds": 604800, "action_name": "QR_SCENE",
            "action_info": {"scene": {"scene_id": 123}}}"#;
        let wanted = Wanted { scene: "123".to_owned(), expire_seconds: Some(604_800) };
        assert_eq!(read(temporary), Ok(wanted));
        let lasting = r#"{"action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": "test"}}}"#;
        assert_eq!(read(lasting), Ok(Wanted { scene: "test".to_owned(), expire_seconds: None }));
        assert_eq!(QrcodeRequest::lasting("test").wanted(), read(lasting));
    }

    #[test]
    fn each_wrong_body_has_its_code() {
        let read = |text: &str| QrcodeRequest::read(text.as_bytes()).map_err(AccountError::errcode);
        assert_eq!(read(""), Err(44002));
        assert_eq!(read("{"), Err(47001));
        assert_eq!(read("{}"), Err(40052));
        assert_eq!(read(r#"{"action_name":"QR_SCENE"}"#), Err(40053));
        let far = r#"{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100001}}}"#;
        assert_eq!(read(far), Err(40053));
        let long = QrcodeRequest::temporary("s", MAX_SECONDS + 1).wanted();
        assert_eq!(long, Err(AccountError::ExpireSeconds));
        let text = QrcodeRequest::lasting("长".repeat(65)).wanted();
        assert_eq!(text, Err(AccountError::ActionInfo));
        assert!(QrcodeRequest::lasting("长".repeat(64)).wanted().is_ok());
    }
}
