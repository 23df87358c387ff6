//! What a configuration may say: one declaration per key, from which reading, checking, printing
//! and `docs/configuration.md` all follow.

/// A key of a configuration file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name with its tables': `outgoing.ca_file`, `institutions[].appid`.
    pub path: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// What holds where it is not given.
    pub preset: Preset,
    /// What it decides, units included. Stands in the documentation word for word.
    pub meaning: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file or folder; a relative one is looked for from the configuration file's folder.
    Path,
    /// An http or https address without a final slash.
    Url,
    /// An IP address and a port.
    Address,
    /// IP addresses.
    Addresses,
    /// A whole number from the first to the last.
    Whole(i64, i64),
    /// true or false.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of whole numbers, none negative.
    Wholes,
    /// Where a secret is: `file:PATH` or `env:NAME`; never the secret itself.
    Secret,
}

/// What holds where a key is not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// It must be given.
    Needed,
    /// Nothing.
    Nothing,
    /// This value, as TOML writes it.
    Is(&'static str),
}

/// All keys of one service.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// `platform`, `gateway` or `sandbox`.
    pub service: &'static str,
    /// Its keys, in groups that services share.
    pub groups: &'static [&'static [Key]],
}

impl Declaration {
    /// Every key, in the order of the documentation.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The key with this declared path.
    pub fn key(&self, path: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.path == path)
    }

    /// Whether `path` is a table that holds keys: `outgoing`.
    pub fn is_table(&self, path: &str) -> bool {
        self.keys().any(|key| under(key.path, path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Whether `path` is a list of tables that hold keys: `institutions`.
    pub fn is_list(&self, path: &str) -> bool {
        self.keys().any(|key| under(key.path, path).is_some_and(|rest| rest.starts_with("[].")))
    }

    /// The environment variable that overrides a key; none for one inside a list.
    pub fn variable(&self, key: &Key) -> Option<String> {
        let inside_a_list = key.path.contains("[]");
        (!inside_a_list).then(|| {
            let path = key.path.replace('.', "__");
            format!("{}{}", self.variable_prefix(), path.to_ascii_uppercase())
        })
    }

    /// What the variables of this service begin with: `MEDPAY_PLATFORM__`.
    pub fn variable_prefix(&self) -> String {
        format!("MEDPAY_{}__", self.service.to_ascii_uppercase())
    }
}

fn under<'a>(path: &'a str, table: &str) -> Option<&'a str> {
    path.strip_prefix(table)
}

impl Kind {
    /// What a value must be, in words that fit behind "must be".
    pub fn words(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Url => "an http or https address without a final slash".to_owned(),
            Self::Address => "an IP address with a port".to_owned(),
            Self::Addresses => "a list of IP addresses".to_owned(),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::Flag => "true or false".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Texts => "a list of texts".to_owned(),
            Self::Wholes => "a list of whole numbers".to_owned(),
            Self::Secret => "a reference, file:PATH or env:NAME".to_owned(),
        }
    }

    /// Its name in the documentation's column.
    pub fn name(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Path => "path".to_owned(),
            Self::Url => "address (http)".to_owned(),
            Self::Address => "IP:port".to_owned(),
            Self::Addresses => "list of IP".to_owned(),
            Self::Whole(from, to) => format!("{from}–{to}"),
            Self::Flag => "true/false".to_owned(),
            Self::Choice(words) => words.join(" / "),
            Self::Texts => "list of text".to_owned(),
            Self::Wholes => "list of numbers".to_owned(),
            Self::Secret => "secret".to_owned(),
        }
    }
}
