//! Secrets: named by reference, fetched when a service starts, shown nowhere.

use super::reading::Environment;
use anyhow::{Context as _, bail};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a secret is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reference {
    /// The whole of this file, without the line end after it.
    File(PathBuf),
    /// This environment variable.
    Variable(String),
}

impl Reference {
    /// Reads `file:PATH` or `env:NAME`; `None` for anything else, such as a secret itself.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("file", path) if !path.is_empty() => Some(Self::File(PathBuf::from(path))),
            ("env", name) if !name.is_empty() => Some(Self::Variable(name.to_owned())),
            _ => None,
        }
    }

    /// Fetches the secret; a relative file is looked for from `folder`.
    pub fn resolve(&self, folder: &Path, environment: &Environment) -> anyhow::Result<String> {
        let text = match self {
            Self::File(path) => {
                let path = folder.join(path);
                std::fs::read_to_string(&path)
                    .with_context(|| format!("the secret file {} cannot be read", path.display()))?
            }
            Self::Variable(name) => environment
                .get(name)
                .with_context(|| format!("the environment variable {name} is not set"))?
                .clone(),
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            bail!("the secret in {self} is empty");
        }
        Ok(secret.to_owned())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Variable(name) => write!(f, "env:{name}"),
        }
    }
}

/// How a command takes a secret: by reference, so that no argument list shows it.
impl std::str::FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| {
            "must be a reference, file:PATH or env:NAME; a secret in the arguments would be seen \
             by every user of this machine"
                .to_owned()
        })
    }
}
