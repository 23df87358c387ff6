//! An account's menu.

use super::errors::ErrCode;
use medpay_wire::public_account::AccountError;
use serde_json::Value;

/// The most buttons of a menu.
const MENU_BUTTONS: usize = 3;

/// The menu of `/cgi-bin/menu/create`'s body: one to three buttons, each with a name.
pub(super) fn read(body: &[u8]) -> Result<Value, ErrCode> {
    if body.is_empty() {
        return Err(AccountError::EmptyBody.into());
    }
    let menu: Value = serde_json::from_slice(body).map_err(|_| AccountError::DataFormat)?;
    let buttons = menu.get("button").and_then(Value::as_array).ok_or(ErrCode::Buttons)?;
    let named = |button: &Value| button.get("name").and_then(Value::as_str).is_some();
    if buttons.is_empty() || buttons.len() > MENU_BUTTONS || !buttons.iter().all(named) {
        return Err(ErrCode::Buttons);
    }
    Ok(menu)
}
