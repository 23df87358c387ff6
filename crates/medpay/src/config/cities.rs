//! City files: `cities/*.toml` built into the binary, and those of a folder that the operator
//! names.

use super::keys::{Declaration, Key, Kind, Preset};
use super::{Environment, Values};
use anyhow::Context as _;
use medpay_domain::{City, CityId, Dialect, SumRule};
use std::path::Path;

/// What a city file may say. Not overridable: a city is no setting of a machine.
pub const CITY: Declaration = Declaration { service: "city", groups: &[KEYS] };

const KEYS: &[Key] = &[
    Key {
        path: "id",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "城市 id of the platform, which `city_id` names.",
    },
    Key {
        path: "name",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its name, as a patient reads it.",
    },
    Key {
        path: "dialect",
        kind: Kind::Choice(&["shenzhen", "opaque"]),
        preset: Preset::Needed,
        meaning: "How its bureau writes `request_content`; an opaque one is passed on unread.",
    },
    Key {
        path: "sum_rule",
        kind: Kind::Choice(&["strict", "slack"]),
        preset: Preset::Is("\"strict\""),
        meaning: "Whether `ghf + zjzj = ghhj` is demanded or only noted.",
    },
    Key {
        path: "bureau_word",
        kind: Kind::Choice(&["人社", "医保"]),
        preset: Preset::Is("\"医保\""),
        meaning: "The word for the bureau on pages.",
    },
    Key {
        path: "insurance_refund_same_day",
        kind: Kind::Flag,
        preset: Preset::Is("true"),
        meaning: "Whether insurance can be given back only on the day it was paid.",
    },
    Key {
        path: "real_name_authorization",
        kind: Kind::Flag,
        preset: Preset::Is("false"),
        meaning: "Whether the bind page may hand name and document to the hospital.",
    },
];

const BUILT_IN: &[(&str, &str)] = &[
    ("cities/shenzhen.toml", include_str!("../../../../cities/shenzhen.toml")),
    ("cities/test-town.toml", include_str!("../../../../cities/test-town.toml")),
];

/// The cities that come with medpay.
pub fn built_in() -> anyhow::Result<Vec<City>> {
    BUILT_IN.iter().map(|(file, text)| parse(file, text)).collect()
}

/// The built-in cities and those of `folder`, which win.
pub(super) fn all(folder: Option<&Path>) -> anyhow::Result<Vec<City>> {
    let mut cities = built_in()?;
    let Some(folder) = folder else { return Ok(cities) };
    let unreadable = || format!("the folder of cities {} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("the city file {} cannot be read", path.display()))?;
        let city = parse(&path.display().to_string(), &text)?;
        cities.retain(|known| known.id != city.id);
        cities.push(city);
    }
    Ok(cities)
}

fn parse(file: &str, text: &str) -> anyhow::Result<City> {
    let values: Values = super::read(CITY, file, text, &Environment::new())?;
    let root = values.root();
    Ok(City {
        id: CityId::new(root.sure_text("id")),
        name: root.sure_text("name"),
        dialect: match root.sure_text("dialect").as_str() {
            "shenzhen" => Dialect::Shenzhen,
            _ => Dialect::Opaque,
        },
        sum_rule: match root.sure_text("sum_rule").as_str() {
            "slack" => SumRule::Slack,
            _ => SumRule::Strict,
        },
        bureau_word: root.sure_text("bureau_word"),
        insurance_refund_same_day: root.flag("insurance_refund_same_day"),
        real_name_authorization: root.flag("real_name_authorization"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_cities_are_readable() {
        let cities = built_in().expect("readable");
        assert_eq!(cities[0].dialect, Dialect::Shenzhen);
        assert_eq!(cities[1].dialect, Dialect::Opaque);
    }
}
