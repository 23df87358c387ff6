//! `errcode` and `errmsg` of `/cgi-bin/*` and `/sns/*` (PROTOCOL 7).

use crate::envelope::GatewayError;

macro_rules! account_errors {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $message:literal;)*) => {
        /// The codes of the public-account platform that occur here.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum AccountError { $($(#[$doc])* $variant,)* }

        impl AccountError {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// `errcode`.
            pub const fn errcode(self) -> i64 {
                match self { $(Self::$variant => $code,)* }
            }

            /// `errmsg`, without the rid.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }

            /// The one of a code.
            pub fn from_errcode(errcode: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|error| error.errcode() == errcode)
            }
        }
    };
}

account_errors! {
    /// 系统繁忙: try again.
    Busy = -1, "system error";
    /// Wrong secret, or a token that is unknown or not the latest.
    InvalidCredential = 40001, "invalid credential, access_token is invalid or not latest";
    /// Another grant_type than the documents'.
    InvalidGrantType = 40002, "invalid grant_type";
    /// Not a follower, or of another account.
    InvalidOpenid = 40003, "invalid openid";
    /// No such account.
    InvalidAppid = 40013, "invalid appid";
    /// No token at all.
    InvalidAccessToken = 40014, "invalid access_token";
    /// A menu without buttons, or with more than three.
    ButtonCount = 40016, "invalid button size";
    /// A button of no known type, or of none.
    ButtonType = 40017, "invalid button type";
    /// A button without a name, or with too long a one.
    ButtonName = 40018, "invalid button name size";
    /// A button without a key, or with too long a one.
    ButtonKey = 40019, "invalid button key size";
    /// A button without an address, or with one that is none.
    ButtonUrl = 40020, "invalid button url size";
    /// A third level.
    SubButtonLevel = 40022, "invalid sub button level";
    /// More than five buttons below one.
    SubButtonCount = 40023, "invalid sub button size";
    /// [`Self::ButtonType`], on the second level.
    SubButtonType = 40024, "invalid sub button type";
    /// [`Self::ButtonName`], on the second level.
    SubButtonName = 40025, "invalid sub button name size";
    /// [`Self::ButtonKey`], on the second level.
    SubButtonKey = 40026, "invalid sub button key size";
    /// [`Self::ButtonUrl`], on the second level.
    SubButtonUrl = 40027, "invalid sub button url size";
    /// No such code.
    InvalidCode = 40029, "invalid code";
    /// No such template of this account.
    InvalidTemplateId = 40037, "invalid template_id";
    /// A QR code of no known kind.
    ActionName = 40052, "invalid action name";
    /// A QR code whose scene is none.
    ActionInfo = 40053, "invalid action info";
    /// A QR code that would live longer than 30 days.
    ExpireSeconds = 40058, "invalid expire_seconds";
    /// No such path.
    InvalidUrl = 40066, "invalid url";
    /// Wrong secret.
    InvalidSecret = 40125, "invalid appsecret";
    /// The code was used before.
    CodeUsed = 40163, "code been used";
    /// The caller's address is not on the account's list.
    InvalidIp = 40164, "invalid ip, not in whitelist";
    /// No access_token.
    AccessTokenMissing = 41001, "access_token missing";
    /// No appid.
    AppidMissing = 41002, "appid missing";
    /// No secret.
    SecretMissing = 41004, "appsecret missing";
    /// No code.
    CodeMissing = 41008, "missing code";
    /// The token is too old.
    AccessTokenExpired = 42001, "access_token expired";
    /// The code is too old.
    CodeExpired = 42003, "code expired";
    /// Needs POST.
    RequirePost = 43002, "require POST method";
    /// The person does not follow the account.
    RequireSubscribe = 43004, "require subscribe";
    /// The body is empty.
    EmptyBody = 44002, "empty post data";
    /// Too many calls.
    QuotaReached = 45009, "reach max api daily quota limit";
    /// No menu was made.
    MenuMissing = 46003, "menu no exist";
    /// The body is no JSON, or other JSON.
    DataFormat = 47001, "data format error";
    /// The account may not do this.
    Unauthorized = 48001, "api unauthorized";
}

impl AccountError {
    /// As an answer, with the rid at the end of the words.
    pub fn reply(self, rid: &str) -> GatewayError {
        GatewayError::new(self.errcode(), self.message(), rid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_ends_in_the_rid() {
        let json = AccountError::CodeUsed.reply("00000001-00000002-00000003").to_json();
        assert_eq!(
            json,
            r#"{"errcode":40163,"errmsg":"code been used rid: 00000001-00000002-00000003"}"#
        );
        for &error in AccountError::ALL {
            assert_eq!(AccountError::from_errcode(error.errcode()), Some(error));
        }
    }
}
