//! What a browser and WeChat see of the account, on both engines.

mod callback;
mod form;
mod login;
mod menu;
