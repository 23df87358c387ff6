//! The public account's own JSON: menus, QR codes, messages, tokens (PROTOCOL 7).

use medpay_wire::GatewayError;
use medpay_wire::public_account::menu::{Action, Menu};
use medpay_wire::public_account::qrcode::{MAX_SECONDS, QrcodeRequest};
use medpay_wire::public_account::user::UserInfo;
use medpay_wire::public_account::{
    AccessToken, AccountError, OauthToken, StableTokenRequest, TemplateMessage, TemplateSent,
    encode_component,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) fn run(input: &[u8]) {
    match Menu::read(input) {
        Ok(menu) => {
            assert_eq!(menu.check(), Ok(()));
            let below = |action: &Action| matches!(action, Action::Submenu(_) | Action::Other(_));
            for button in &menu.button {
                if let Action::Submenu(leaves) = &button.action {
                    assert!(!leaves.is_empty() && leaves.iter().all(|leaf| !below(&leaf.action)));
                }
            }
            let written = serde_json::to_vec(&menu).expect("JSON");
            assert_eq!(Menu::read(&written), Ok(menu), "a menu is read as another");
        }
        Err(error) => assert_eq!(AccountError::from_errcode(error.errcode()), Some(error)),
    }
    if let Ok(wanted) = QrcodeRequest::read(input) {
        assert!((1..=64).contains(&wanted.scene.chars().count()));
        assert!(wanted.expire_seconds.is_none_or(|seconds| (1..=MAX_SECONDS).contains(&seconds)));
    }
    same::<TemplateMessage>(input);
    same::<TemplateSent>(input);
    same::<StableTokenRequest>(input);
    same::<AccessToken>(input);
    same::<OauthToken>(input);
    same::<UserInfo>(input);
    same::<QrcodeRequest>(input);
    same::<GatewayError>(input);
    if let Ok(text) = std::str::from_utf8(input) {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
        assert!(encode_component(text).bytes().all(plain));
    }
}

fn same<T: Serialize + DeserializeOwned + PartialEq>(input: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(input) else { return };
    let written = serde_json::to_vec(&read).expect("JSON");
    let again = serde_json::from_slice::<T>(&written).expect("what we write we read");
    assert!(again == read, "read as another");
}
