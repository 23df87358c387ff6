//! An account's menu: `/cgi-bin/menu/create`, `/cgi-bin/menu/get`, `/cgi-bin/menu/delete`
//! (PROTOCOL 7.5). Buttons that open a page, a mini-program, or tell the server; two levels.

use super::errors::AccountError;
use serde::{Deserialize, Serialize};

/// The most buttons of the first level.
pub const MAX_BUTTONS: usize = 3;
/// The most buttons below one of them.
pub const MAX_SUB_BUTTONS: usize = 5;
/// The longest name of a button of the first level, in bytes.
const MAX_NAME: usize = 16;
/// The longest name of a button below, in bytes.
const MAX_SUB_NAME: usize = 60;
/// The longest key, in bytes.
const MAX_KEY: usize = 128;
/// The longest address, in bytes.
const MAX_URL: usize = 1024;

/// The body of `menu/create`, and `menu` of `menu/get`'s answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Menu {
    /// One to three buttons, from left to right.
    #[serde(default)]
    pub button: Vec<Button>,
}

/// The answer of `menu/get`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MenuReply {
    /// What `menu/create` was given.
    pub menu: Menu,
}

/// A button, of either level.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Button {
    /// What stands on it.
    pub name: String,
    /// What a tap does.
    pub action: Action,
}

/// What a tap on a button does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `click`: tells the account's server.
    Click {
        /// `EventKey` of the event.
        key: String,
    },
    /// `view`: opens a page.
    View {
        /// Its address.
        url: String,
    },
    /// `miniprogram`: opens a page of a mini-program.
    MiniProgram {
        /// The mini-program.
        appid: String,
        /// The page there.
        pagepath: String,
        /// What an old client opens instead.
        url: String,
    },
    /// `sub_button`: opens the second level.
    Submenu(Vec<Button>),
    /// A type that is not offered here.
    Other(String),
}

/// A button as JSON has it.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pagepath: Option<String>,
    // `menu/get` of the official platform writes an empty list at a leaf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sub_button: Vec<Button>,
}

impl From<Written> for Button {
    fn from(written: Written) -> Self {
        let Written { kind, name, key, url, appid, pagepath, sub_button } = written;
        let action = match kind.as_deref() {
            _ if !sub_button.is_empty() => Action::Submenu(sub_button),
            None | Some("") => Action::Submenu(sub_button),
            Some("click") => Action::Click { key: key.unwrap_or_default() },
            Some("view") => Action::View { url: url.unwrap_or_default() },
            Some("miniprogram") => Action::MiniProgram {
                appid: appid.unwrap_or_default(),
                pagepath: pagepath.unwrap_or_default(),
                url: url.unwrap_or_default(),
            },
            Some(other) => Action::Other(other.to_owned()),
        };
        Self { name, action }
    }
}

impl From<Button> for Written {
    fn from(button: Button) -> Self {
        let mut written = Self {
            kind: None,
            name: button.name,
            key: None,
            url: None,
            appid: None,
            pagepath: None,
            sub_button: Vec::new(),
        };
        written.kind = match button.action {
            Action::Submenu(below) => {
                written.sub_button = below;
                None
            }
            Action::Click { key } => {
                written.key = Some(key);
                Some("click".to_owned())
            }
            Action::View { url } => {
                written.url = Some(url);
                Some("view".to_owned())
            }
            Action::MiniProgram { appid, pagepath, url } => {
                (written.appid, written.pagepath) = (Some(appid), Some(pagepath));
                written.url = Some(url);
                Some("miniprogram".to_owned())
            }
            Action::Other(kind) => Some(kind),
        };
        written
    }
}

impl Button {
    /// A button that opens a page.
    pub fn view(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { name: name.into(), action: Action::View { url: url.into() } }
    }

    /// A button that tells the account's server.
    pub fn click(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { name: name.into(), action: Action::Click { key: key.into() } }
    }

    /// A button that opens the second level.
    pub fn submenu(name: impl Into<String>, below: Vec<Self>) -> Self {
        Self { name: name.into(), action: Action::Submenu(below) }
    }
}

impl Menu {
    /// Reads the body of `menu/create`, and refuses what the official platform refuses.
    pub fn read(body: &[u8]) -> Result<Self, AccountError> {
        if body.trim_ascii().is_empty() {
            return Err(AccountError::EmptyBody);
        }
        let menu: Self = serde_json::from_slice(body).map_err(|_| AccountError::DataFormat)?;
        menu.check()?;
        Ok(menu)
    }

    /// Whether the official platform would take it: numbers of buttons, types, lengths.
    pub fn check(&self) -> Result<(), AccountError> {
        if self.button.is_empty() || self.button.len() > MAX_BUTTONS {
            return Err(AccountError::ButtonCount);
        }
        self.button.iter().try_for_each(|button| match &button.action {
            Action::Submenu(below) => {
                check_length(&button.name, MAX_NAME, AccountError::ButtonName)?;
                if below.is_empty() {
                    return Err(AccountError::ButtonType);
                }
                if below.len() > MAX_SUB_BUTTONS {
                    return Err(AccountError::SubButtonCount);
                }
                below.iter().try_for_each(|button| check_leaf(button, &BELOW))
            }
            _ => check_leaf(button, &ABOVE),
        })
    }
}

/// What a level's buttons are refused with.
struct Level {
    max_name: usize,
    name: AccountError,
    kind: AccountError,
    key: AccountError,
    url: AccountError,
}

const ABOVE: Level = Level {
    max_name: MAX_NAME,
    name: AccountError::ButtonName,
    kind: AccountError::ButtonType,
    key: AccountError::ButtonKey,
    url: AccountError::ButtonUrl,
};

const BELOW: Level = Level {
    max_name: MAX_SUB_NAME,
    name: AccountError::SubButtonName,
    kind: AccountError::SubButtonType,
    key: AccountError::SubButtonKey,
    url: AccountError::SubButtonUrl,
};

fn check_leaf(button: &Button, level: &Level) -> Result<(), AccountError> {
    check_length(&button.name, level.max_name, level.name)?;
    match &button.action {
        Action::Click { key } => check_length(key, MAX_KEY, level.key),
        Action::View { url } => check_url(url, level.url),
        Action::MiniProgram { appid, pagepath, url } => {
            if appid.is_empty() || pagepath.is_empty() {
                return Err(level.kind);
            }
            check_url(url, level.url)
        }
        Action::Submenu(_) => Err(AccountError::SubButtonLevel),
        Action::Other(_) => Err(level.kind),
    }
}

fn check_length(text: &str, max: usize, error: AccountError) -> Result<(), AccountError> {
    if text.trim().is_empty() || text.len() > max { Err(error) } else { Ok(()) }
}

fn check_url(url: &str, error: AccountError) -> Result<(), AccountError> {
    let web = url.starts_with("http://") || url.starts_with("https://");
    if web { check_length(url, MAX_URL, error) } else { Err(error) }
}

#[cfg(test)]
mod tests;
