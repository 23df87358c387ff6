//! The public-account platform (公众号) as far as medical payment touches it (PROTOCOL 7): access
//! tokens, OAuth2, template messages, the server callback in plain and in encrypted mode, menus,
//! followers, QR codes. JSON and XML, with the documents' exact names.
//!
//! A parameter that is missing is read as empty, so that the documents' own code can be answered.

pub mod callback;
pub mod crypto;
mod errors;
pub mod menu;
mod oauth;
pub mod qrcode;
mod template_message;
mod token;
pub mod user;

pub use callback::{callback_signature, is_from_account, signature_of};
pub use errors::AccountError;
pub use oauth::{AUTHORIZATION_CODE, OauthToken, OauthTokenQuery, authorize_url, encode_component};
pub use template_message::{MiniProgram, TemplateMessage, TemplateSent, TemplateValue};
pub use token::{AccessToken, CLIENT_CREDENTIAL, StableTokenRequest, TokenQuery};
