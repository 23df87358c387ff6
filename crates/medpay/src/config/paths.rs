//! The paths of the interfaces (PROTOCOL 3.3, 9.3): read, and kept apart.

use super::{Gathered, Section};
use medpay_platform::settings::OWN_PATHS;
use medpay_wire::interfaces;
use std::collections::BTreeMap;

/// Every interface's paths, by its name.
pub(super) fn map(root: &Section<'_>, gathered: &mut Gathered) -> BTreeMap<String, Vec<String>> {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for interface in interfaces::ALL {
        let key = format!("paths.{}", interface.name);
        let paths = root.texts(&key);
        if paths.is_empty() {
            gathered.fault(root, &key, "needs at least one path");
        }
        for path in &paths {
            let owner = owners.insert(path.clone(), key.clone());
            let problem = match owner {
                Some(owner) => format!("names `{path}`, which `{owner}` names already"),
                None => match problem(path) {
                    Some(problem) => format!("names `{path}`, {problem}"),
                    None => continue,
                },
            };
            gathered.fault(root, &key, &problem);
        }
        all.insert(interface.name.to_owned(), paths);
    }
    all
}

/// What speaks against a path by itself. The router would read braces and stars as patterns, and a
/// client would resolve dots.
fn problem(path: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_name = |part: &str| part.chars().all(fits) && !part.chars().all(|c| c == '.');
    if !path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_name)) {
        return Some(
            "which is no path: `/` and a name of letters, digits, `-`, `.`, `_` or `~`, once or \
             several times"
                .to_owned(),
        );
    }
    let is_under = |own: &str| {
        // `/payment` is not under `/pay`.
        path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let own = OWN_PATHS.into_iter().find(|own| is_under(own))?;
    Some(format!("but what begins with `{own}` is the platform's own"))
}
