//! Values that fit their declarations, and how to take them out.

use super::faults::{Fault, Place};
use super::keys::{Declaration, Key, Kind, Preset};
use super::secret::Reference;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// A value that fits its kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// A text, path, address or word.
    Text(String),
    /// A number.
    Whole(i64),
    /// A flag.
    Flag(bool),
    /// Texts.
    Texts(Vec<String>),
    /// Numbers.
    Wholes(Vec<i64>),
    /// Where a secret is.
    Secret(Reference),
}

/// A value and where it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    /// The value.
    pub value: Value,
    /// Its place.
    pub place: Place,
}

/// A whole configuration: every value fits its declaration, and what must be given is given.
#[derive(Debug)]
pub struct Values {
    pub(super) declaration: Declaration,
    pub(super) file: String,
    /// By real path: `listen`, `institutions[0].appid`.
    pub(super) found: BTreeMap<String, Found>,
    /// How long each list of tables is, by real path.
    pub(super) lists: BTreeMap<String, usize>,
}

/// The configuration, or one table of a list in it.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    values: &'a Values,
    real: String,
    declared: String,
}

impl Values {
    /// The whole configuration.
    pub fn root(&self) -> Section<'_> {
        Section { values: self, real: String::new(), declared: String::new() }
    }

    /// The keys this configuration is made of.
    pub const fn declaration(&self) -> Declaration {
        self.declaration
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The folder from which relative paths are looked for.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.file).parent().map(PathBuf::from).unwrap_or_default()
    }

    /// Keys that must be given and are not, neither rightly nor, as `given` tells, wrongly.
    pub(super) fn missing(&self, given: impl Fn(&str) -> bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        for key in self.declaration.keys().filter(|key| key.preset == Preset::Needed) {
            for real in self.real_paths(key.path) {
                if !self.found.contains_key(&real) && !given(&real) {
                    faults.push(Fault {
                        place: Place::File(self.file.clone()),
                        problem: format!("`{real}` is needed: {}", key.meaning),
                    });
                }
            }
        }
        faults
    }

    /// The real paths of a declared one: itself, or one for each table of its list.
    pub(super) fn real_paths(&self, declared: &str) -> Vec<String> {
        let mut paths = vec![String::new()];
        let mut parts = declared.split("[]");
        if let Some(first) = parts.next() {
            paths = vec![first.to_owned()];
        }
        for part in parts {
            paths = paths
                .into_iter()
                .flat_map(|path| {
                    let length = self.lists.get(&path).copied().unwrap_or(0);
                    (0..length).map(move |index| format!("{path}[{index}]{part}"))
                })
                .collect();
        }
        paths
    }

    /// The value at a real path, or the preset of its key.
    pub(super) fn effective(&self, key: &Key, real: &str) -> Option<Value> {
        match (self.found.get(real), key.preset) {
            (Some(found), _) => Some(found.value.clone()),
            (None, Preset::Is(text)) => of_preset(key.kind, text),
            (None, Preset::Needed | Preset::Nothing) => None,
        }
    }
}

impl<'a> Section<'a> {
    fn value(&self, path: &str) -> Option<Value> {
        let declared = format!("{}{path}", self.declared);
        let key = self.values.declaration.key(&declared);
        assert!(key.is_some(), "`{declared}` is read but not declared");
        self.values.effective(key?, &format!("{}{path}", self.real))
    }

    /// A text, if there is one. For every kind that is written as a text.
    pub fn text(&self, path: &str) -> Option<String> {
        match self.value(path)? {
            Value::Text(text) => Some(text),
            other => unreachable!("`{path}` is read as a text and declared as {other:?}"),
        }
    }

    /// A text that is given or has a preset.
    pub fn sure_text(&self, path: &str) -> String {
        let Some(text) = self.text(path) else { unreachable!("`{path}` has no preset") };
        text
    }

    /// A path, looked for from the configuration file's folder.
    pub fn path(&self, path: &str) -> Option<PathBuf> {
        self.text(path).map(|text| self.values.folder().join(text))
    }

    /// An IP address and port.
    pub fn address(&self, path: &str) -> SocketAddr {
        let Ok(address) = self.sure_text(path).parse() else {
            unreachable!("`{path}` was checked")
        };
        address
    }

    /// IP addresses.
    pub fn addresses(&self, path: &str) -> Vec<IpAddr> {
        self.texts(path).iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// A number, if there is one.
    pub fn whole(&self, path: &str) -> Option<i64> {
        match self.value(path)? {
            Value::Whole(number) => Some(number),
            other => unreachable!("`{path}` is read as a number and declared as {other:?}"),
        }
    }

    /// A number that is given or has a preset, within the bounds of its declaration and of `T`.
    pub fn sure_whole<T: TryFrom<i64>>(&self, path: &str) -> T {
        let number = self.whole(path).and_then(|number| T::try_from(number).ok());
        let Some(number) = number else { unreachable!("`{path}` has no preset or wider bounds") };
        number
    }

    /// A flag; false if there is none.
    pub fn flag(&self, path: &str) -> bool {
        matches!(self.value(path), Some(Value::Flag(true)))
    }

    /// Texts; none if there are none.
    pub fn texts(&self, path: &str) -> Vec<String> {
        match self.value(path) {
            Some(Value::Texts(texts)) => texts,
            _ => Vec::new(),
        }
    }

    /// Numbers; none if there are none.
    pub fn wholes(&self, path: &str) -> Vec<i64> {
        match self.value(path) {
            Some(Value::Wholes(numbers)) => numbers,
            _ => Vec::new(),
        }
    }

    /// Where a secret is, if it is told.
    pub fn secret(&self, path: &str) -> Option<Reference> {
        match self.value(path)? {
            Value::Secret(reference) => Some(reference),
            other => unreachable!("`{path}` is read as a secret and declared as {other:?}"),
        }
    }

    /// The tables of a list.
    pub fn list(&self, path: &str) -> Vec<Section<'a>> {
        let real = format!("{}{path}", self.real);
        let length = self.values.lists.get(&real).copied().unwrap_or(0);
        (0..length)
            .map(|index| Section {
                values: self.values,
                real: format!("{real}[{index}]."),
                declared: format!("{}{path}[].", self.declared),
            })
            .collect()
    }

    /// What is wrong with the value at `path`: its place and real name are put before `problem`.
    pub fn fault(&self, path: &str, problem: &str) -> Fault {
        let real = format!("{}{path}", self.real);
        let place = self.values.found.get(&real).map(|found| found.place.clone());
        Fault {
            place: place.unwrap_or_else(|| Place::File(self.values.file.clone())),
            problem: format!("`{real}` {problem}"),
        }
    }
}

/// The value that `text` writes, if it fits `kind`. Lists are written with commas.
pub(super) fn of_text(kind: Kind, text: &str) -> Option<Value> {
    let list = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    match kind {
        Kind::Text | Kind::Path if !text.is_empty() => Some(Value::Text(text.to_owned())),
        Kind::Text | Kind::Path => None,
        Kind::Url => is_url(text).then(|| Value::Text(text.to_owned())),
        Kind::Address => text.parse::<SocketAddr>().ok().map(|_| Value::Text(text.to_owned())),
        Kind::Choice(words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
        Kind::Whole(from, to) => {
            text.parse().ok().filter(|number| (from..=to).contains(number)).map(Value::Whole)
        }
        Kind::Flag => text.parse().ok().map(Value::Flag),
        Kind::Texts | Kind::Addresses => texts(kind, list().map(str::to_owned).collect()),
        Kind::Wholes => wholes(list().map(str::parse).collect::<Result<Vec<i64>, _>>().ok()?),
        Kind::Secret => Reference::parse(text).map(Value::Secret),
    }
}

pub(super) fn texts(kind: Kind, texts: Vec<String>) -> Option<Value> {
    let fit = kind != Kind::Addresses || texts.iter().all(|text| text.parse::<IpAddr>().is_ok());
    fit.then_some(Value::Texts(texts))
}

pub(super) fn wholes(numbers: Vec<i64>) -> Option<Value> {
    numbers.iter().all(|number| *number >= 0).then_some(Value::Wholes(numbers))
}

/// A preset is written as TOML writes it.
fn of_preset(kind: Kind, text: &str) -> Option<Value> {
    let bare = text.trim_start_matches('[').trim_end_matches(']').replace('"', "");
    of_text(kind, &bare).or(match kind {
        Kind::Text => Some(Value::Text(String::new())),
        _ => None,
    })
}

fn is_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    }) && !text.ends_with('/')
}
