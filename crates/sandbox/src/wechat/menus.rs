//! An account's menu: made by the account, tapped by a person (PROTOCOL 7.5).

use super::{WeChat, books};
use crate::books::BookError;
use crate::faults::Delivery;
use medpay_domain::Appid;
use medpay_wire::public_account::AccountError;
use medpay_wire::public_account::menu::{Button, Menu, MenuReply};
use serde_json::{Value, json};

impl WeChat {
    /// `/cgi-bin/menu/create`: keeps the menu.
    pub fn create_menu(&self, appid: &Appid, body: &[u8]) -> Result<Delivery<Value>, BookError> {
        self.answer("menu_create", |book| {
            let menu = match Menu::read(body) {
                Ok(menu) => menu,
                Err(error) => return Ok(self.error(error)),
            };
            books::save_menu(book, appid, &serde_json::to_string(&menu)?)?;
            Ok(json!({ "errcode": 0, "errmsg": "ok" }))
        })
    }

    /// `/cgi-bin/menu/get`.
    pub fn menu(&self, appid: &Appid) -> Result<Delivery<Value>, BookError> {
        self.answer("menu_get", |book| {
            Ok(match books::menu(book, appid)? {
                Some(menu) => {
                    serde_json::to_value(MenuReply { menu: serde_json::from_str(&menu)? })?
                }
                None => self.error(AccountError::MenuMissing),
            })
        })
    }

    /// `/cgi-bin/menu/delete`.
    pub fn delete_menu(&self, appid: &Appid) -> Result<Delivery<Value>, BookError> {
        self.answer("menu_delete", |book| {
            books::delete_menu(book, appid)?;
            Ok(json!({ "errcode": 0, "errmsg": "ok" }))
        })
    }

    /// What a chat shows at its foot.
    pub fn menu_shown(&self, appid: &Appid) -> Result<Menu, BookError> {
        let menu = self.book.read(|book| books::menu(book, appid))?;
        Ok(menu.map(|menu| serde_json::from_str(&menu)).transpose()?.unwrap_or_default())
    }

    /// The button at a place such as `0` or `0.2`; `None` if the menu has changed meanwhile.
    pub fn button_at(&self, appid: &Appid, place: &str) -> Result<Option<Button>, BookError> {
        let menu = self.menu_shown(appid)?;
        Ok(super::menus::find(&menu.button, place).cloned())
    }
}

fn find<'a>(buttons: &'a [Button], place: &str) -> Option<&'a Button> {
    use medpay_wire::public_account::menu::Action;
    let (first, rest) = match place.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (place, None),
    };
    let button = buttons.get(first.parse::<usize>().ok()?)?;
    match (rest, &button.action) {
        (None, _) => Some(button),
        (Some(rest), Action::Submenu(below)) => find(below, rest),
        (Some(_), _) => None,
    }
}
