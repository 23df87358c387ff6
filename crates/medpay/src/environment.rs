//! The process's environment: read here and nowhere else.

use crate::config::Environment;

/// The environment as it is now. A variable that is not UTF-8 is not one of ours and is left out.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn read() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
