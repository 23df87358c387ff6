//! Reads a configuration file and the environment into values that fit their declarations.

use super::faults::{Fault, Faults, Place};
use super::keys::{Declaration, Key, Kind};
use super::values::{self, Found, Value, Values};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The environment, as it was when the process began.
pub type Environment = BTreeMap<String, String>;

/// Reads `text` of the file called `file`, then lets `environment` override it.
///
/// Reports everything that is wrong, not only the first. Whether what must be given is given is
/// looked at here too, so that later steps only meet complete values.
pub fn read(
    declaration: Declaration,
    file: &str,
    text: &str,
    environment: &Environment,
) -> Result<Values, Faults> {
    let mut reading = Reading::new(declaration, file, text);
    match DeTable::parse(text) {
        Ok(table) => reading.table(table.get_ref(), "", ""),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            reading.fault(reading.place(at), error.message().to_owned());
            return Err(Faults(reading.faults));
        }
    }
    reading.override_from(environment);
    let values =
        Values { declaration, file: file.to_owned(), found: reading.found, lists: reading.lists };
    let given = reading.given;
    reading.faults.extend(values.missing(|path| given.contains(path)));
    if reading.faults.is_empty() { Ok(values) } else { Err(Faults(reading.faults)) }
}

struct Reading<'a> {
    declaration: Declaration,
    file: &'a str,
    text: &'a str,
    found: BTreeMap<String, Found>,
    lists: BTreeMap<String, usize>,
    faults: Vec<Fault>,
    /// Real paths that are given, but wrongly: they are not missing as well.
    given: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    fn new(declaration: Declaration, file: &'a str, text: &'a str) -> Self {
        Self {
            declaration,
            file,
            text,
            found: BTreeMap::new(),
            lists: BTreeMap::new(),
            faults: Vec::new(),
            given: BTreeSet::new(),
        }
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Place::Line(self.file.to_owned(), line, column)
    }

    fn fault(&mut self, place: Place, problem: String) {
        self.faults.push(Fault { place, problem });
    }

    /// Reads a table whose real path is `real` (`institutions[0].`) and whose declared one is
    /// `declared` (`institutions[].`); both end in a dot unless empty.
    fn table(&mut self, table: &DeTable<'_>, real: &str, declared: &str) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let declared = format!("{declared}{}", name.get_ref());
            let real = format!("{real}{}", name.get_ref());
            if let Some(key) = self.declaration.key(&declared) {
                self.value(key, &real, value);
            } else if self.declaration.is_table(&declared) {
                self.inner(value, &real, &declared);
            } else if self.declaration.is_list(&declared) {
                self.list(value, &real, &declared);
            } else {
                let place = self.place(name.span().start);
                self.fault(place, unknown(self.declaration, &declared));
            }
        }
    }

    fn inner(&mut self, value: &Spanned<DeValue<'_>>, real: &str, declared: &str) {
        match value.get_ref() {
            DeValue::Table(table) => {
                self.table(table, &format!("{real}."), &format!("{declared}."));
            }
            _ => self.fault(self.place(value.span().start), format!("`{real}` must be a table")),
        }
    }

    fn list(&mut self, value: &Spanned<DeValue<'_>>, real: &str, declared: &str) {
        let DeValue::Array(array) = value.get_ref() else {
            let problem = format!("`{real}` must be a list of tables, [[{declared}]]");
            return self.fault(self.place(value.span().start), problem);
        };
        self.lists.insert(real.to_owned(), array.len());
        for (index, item) in array.iter().enumerate() {
            self.inner(item, &format!("{real}[{index}]"), &format!("{declared}[]"));
        }
    }

    fn value(&mut self, key: &Key, real: &str, value: &Spanned<DeValue<'_>>) {
        let place = self.place(value.span().start);
        let given = match of_toml(key.kind, value.get_ref()) {
            Ok(value) => {
                self.found.insert(real.to_owned(), Found { value, place });
                return;
            }
            Err(given) => given,
        };
        self.given.insert(real.to_owned());
        self.fault(place, must_be(key.kind, real, given.as_deref()));
    }

    fn override_from(&mut self, environment: &Environment) {
        let prefix = self.declaration.variable_prefix();
        for (name, text) in environment.range(prefix.clone()..) {
            let Some(rest) = name.strip_prefix(&prefix) else { break };
            let path = rest.to_ascii_lowercase().replace("__", ".");
            let place = Place::Variable(name.clone());
            let Some(key) = self.declaration.key(&path).filter(|key| !key.path.contains("[]"))
            else {
                let problem = unknown(self.declaration, &path);
                self.fault(place, problem);
                continue;
            };
            if let Some(value) = values::of_text(key.kind, text) {
                self.found.insert(path, Found { value, place });
            } else {
                let given = (key.kind != Kind::Secret).then_some(text.as_str());
                self.fault(place, must_be(key.kind, &path, given));
                self.given.insert(path);
            }
        }
    }
}

fn must_be(kind: Kind, path: &str, given: Option<&str>) -> String {
    let not = given.map(|given| format!(", not {given}")).unwrap_or_default();
    let why = match kind {
        Kind::Secret => "; the secret itself does not belong here",
        _ => "",
    };
    format!("`{path}` must be {}{not}{why}", kind.words())
}

fn unknown(declaration: Declaration, path: &str) -> String {
    let service = declaration.service;
    let near = nearest(declaration, path)
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    format!("`{path}` is not a key of the {service}'s configuration{near}")
}

/// The declared path that `path` most resembles, if any does. The last name counts as well as the
/// whole path, so that a key in the wrong table finds its place.
fn nearest(declaration: Declaration, path: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let mut candidates: Vec<String> = declaration.keys().map(|key| key.path.to_owned()).collect();
    for key in declaration.keys() {
        for (at, _) in key.path.match_indices('.') {
            candidates.push(key.path[..at].trim_end_matches("[]").to_owned());
        }
    }
    candidates
        .into_iter()
        .map(|near| {
            let whole = likeness(path, &near);
            let name = likeness(&last(path), &last(&near));
            // The whole path breaks a tie.
            (whole.max(name), whole, near)
        })
        .max_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)))
        .filter(|(score, ..)| *score >= 600)
        .map(|(_, _, near)| near)
}

/// How alike two names are, from 0 to 1000.
fn likeness(one: &str, other: &str) -> usize {
    let length = one.chars().count().max(other.chars().count()).max(1);
    1000 - strsim::damerau_levenshtein(one, other) * 1000 / length
}

/// The value, or what was given instead where that may be shown.
fn of_toml(kind: Kind, value: &DeValue<'_>) -> Result<Value, Option<String>> {
    let shown = || match kind {
        // It may be the secret itself.
        Kind::Secret => None,
        _ => Some(shown(value)),
    };
    match (kind, value) {
        (Kind::Whole(from, to), DeValue::Integer(whole)) => {
            let number = i64::from_str_radix(whole.as_str(), whole.radix()).map_err(|_| shown())?;
            if (from..=to).contains(&number) { Ok(Value::Whole(number)) } else { Err(shown()) }
        }
        (Kind::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Texts | Kind::Addresses, DeValue::Array(array)) => {
            let texts: Option<Vec<String>> =
                array.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            texts.and_then(|texts| values::texts(kind, texts)).ok_or_else(shown)
        }
        (Kind::Wholes, DeValue::Array(array)) => {
            let numbers: Option<Vec<i64>> = array
                .iter()
                .map(|item| item.get_ref().as_integer()?.as_str().parse().ok())
                .collect();
            numbers.and_then(values::wholes).ok_or_else(shown)
        }
        (Kind::Whole(..) | Kind::Flag | Kind::Texts | Kind::Addresses | Kind::Wholes, _) => {
            Err(shown())
        }
        (_, DeValue::String(text)) => values::of_text(kind, text).ok_or_else(shown),
        _ => Err(shown()),
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(whole) => whole.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        other => format!("a value of type {}", other.type_str()),
    }
}
