//! Fields and keys as commands take them.

use crate::config::{Environment, Reference};
use anyhow::{Context as _, bail};
use medpay_wire::sign::ApiKey;
use std::io::Read as _;
use std::path::Path;

/// `name=value`; a value `@FILE` is the file's content, byte for byte.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) name: String,
    value: String,
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("must be name=value, such as total_fee=905".to_owned()),
        }
    }
}

impl Pair {
    /// The value, read from its file if it names one.
    pub(super) fn value(&self) -> anyhow::Result<String> {
        match self.value.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("the value of {} cannot be read from {path}", self.name)),
            None => Ok(self.value.clone()),
        }
    }
}

/// Reads a document from a file, or from standard input where the path is `-`.
pub(super) fn document(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut body = Vec::new();
        std::io::stdin().read_to_end(&mut body).context("standard input")?;
        return Ok(body);
    }
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Fetches the API key that `reference` names.
pub(super) fn api_key(reference: &Reference, environment: &Environment) -> anyhow::Result<ApiKey> {
    let text = secret(reference, environment)?;
    let Some(key) = ApiKey::new(&text) else {
        bail!(
            "the key in {reference} has {} characters; an API key has 32 printable ASCII ones",
            text.chars().count()
        );
    };
    Ok(key)
}

/// Fetches the secret that `reference` names, from the folder the command runs in.
pub(super) fn secret(reference: &Reference, environment: &Environment) -> anyhow::Result<String> {
    reference.resolve(Path::new(""), environment)
}
