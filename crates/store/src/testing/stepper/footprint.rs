//! What a step touches, and so with which steps of another process it may be swapped.

use super::Engine;
use std::collections::BTreeSet;

/// What a step touches.
///
/// On PostgreSQL a statement sees what was committed when it begins, and locks the rows that it
/// changes until its transaction ends. So two statements can be told apart by their order only if
/// both change one table; a transaction's end and a statement only if the statement looks at a
/// table that the transaction has changed (if it commits), or changes one too.
///
/// On SQLite nobody sees anything of a write before its commit, and nobody else writes meanwhile:
/// only who begins first matters, and whether a read comes before or after a commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Footprint {
    /// Tables looked at; `None` is all of them.
    sees: Tables,
    /// Tables changed.
    changes: Tables,
    /// Tables whose rows the transaction held, and lets go of.
    holds: Tables,
    /// Whether what it holds becomes visible.
    commits: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tables {
    All,
    Some(BTreeSet<String>),
}

impl Default for Tables {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Tables {
    fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::All, Self::Some(some)) | (Self::Some(some), Self::All) => !some.is_empty(),
            (Self::Some(one), Self::Some(other)) => !one.is_disjoint(other),
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::Some(some) if some.is_empty())
    }
}

/// Stands for SQLite's one writer's place.
const PLACE: &str = "(the writer's place)";

impl Footprint {
    /// A read: a whole transaction that sees one moment.
    pub(super) fn whole_read() -> Self {
        Self { sees: Tables::All, ..Self::default() }
    }

    /// A write that is about to be queued; one that is not fine will run to its end.
    pub(super) fn begin(engine: Engine, fine: bool) -> Self {
        let place = || Tables::Some(BTreeSet::from([PLACE.to_owned()]));
        match (engine, fine) {
            (Engine::Sqlite, true) => Self { changes: place(), ..Self::default() },
            _ => {
                Self { sees: Tables::All, changes: Tables::All, holds: Tables::All, commits: true }
            }
        }
    }

    /// Whether the order of `self` and `other`, of another process, can be told.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let told = |one: &Self, other: &Self| {
            one.changes.meet(&other.changes)
                || one.holds.meet(&other.changes)
                || (one.commits && one.holds.meet(&other.sees))
        };
        told(self, other) || told(other, self)
    }

    /// Whether no step of anybody can tell when this one was taken.
    pub(super) fn is_nothing(&self) -> bool {
        self.sees.is_none() && self.changes.is_none() && self.holds.is_none()
    }
}

/// What is known of the write that a process is in.
#[derive(Default)]
pub(super) struct Transaction {
    label: &'static str,
    fine: bool,
    changed: BTreeSet<String>,
}

impl Transaction {
    pub(super) fn begun(label: &'static str, fine: bool) -> Self {
        Self { label, fine, changed: BTreeSet::new() }
    }

    pub(super) const fn label(&self) -> &'static str {
        self.label
    }

    pub(super) const fn is_fine(&self) -> bool {
        self.fine
    }

    pub(super) fn statement(&mut self, engine: Engine, sql: &str) -> Footprint {
        let (sees, changes) = tables(sql);
        self.changed.extend(changes.iter().cloned());
        match engine {
            Engine::Sqlite => Footprint::default(),
            Engine::Postgres => Footprint {
                sees: Tables::Some(sees),
                changes: Tables::Some(changes),
                ..Footprint::default()
            },
        }
    }

    pub(super) fn commit(&self, engine: Engine) -> Footprint {
        let holds = match engine {
            Engine::Sqlite => Tables::All,
            Engine::Postgres => Tables::Some(self.changed.clone()),
        };
        Footprint { holds, commits: true, ..Footprint::default() }
    }

    pub(super) fn rollback(&self, engine: Engine) -> Footprint {
        let holds = match engine {
            Engine::Sqlite => Tables::default(),
            Engine::Postgres => Tables::Some(self.changed.clone()),
        };
        Footprint { holds, ..Footprint::default() }
    }
}

/// The tables that a statement looks at, and those that it changes.
fn tables(sql: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut sees, mut changes) = (BTreeSet::new(), BTreeSet::new());
    let mut words = sql.split(|c: char| c.is_whitespace() || "(),;".contains(c)).peekable();
    let mut before = String::new();
    while let Some(word) = words.next() {
        if word.is_empty() {
            continue;
        }
        let upper = word.to_ascii_uppercase();
        let after_do = before == "DO";
        before.clone_from(&upper);
        let keyword = match upper.as_str() {
            "FROM" | "JOIN" => false,
            "INTO" => true,
            // "DO UPDATE SET" names no table.
            "UPDATE" if !after_do => true,
            _ => continue,
        };
        let next = words.by_ref().find(|word| !word.is_empty()).unwrap_or_default();
        let table = next.to_ascii_lowercase();
        if table == "select" || table.is_empty() {
            continue;
        }
        before.clear();
        sees.insert(table.clone());
        if keyword || sql.trim_start().to_ascii_uppercase().starts_with("DELETE") {
            changes.insert(table);
        }
    }
    (sees, changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sql: &str) -> (Vec<String>, Vec<String>) {
        let (sees, changes) = tables(sql);
        (sees.into_iter().collect(), changes.into_iter().collect())
    }

    #[test]
    fn tables_are_read_out_of_statements() {
        let both = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (sql, sees, changes) in [
            ("SELECT a FROM orders WHERE b = $1", &["orders"][..], &[][..]),
            ("SELECT a FROM orders o\n JOIN events e ON o.a = e.a", &["events", "orders"], &[]),
            ("INSERT INTO jobs (a) VALUES ($1) ON CONFLICT (a) DO NOTHING", &["jobs"], &["jobs"]),
            (
                "INSERT INTO notes(a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
                &["notes"],
                &["notes"],
            ),
            ("UPDATE orders SET a = $1 WHERE b = $2", &["orders"], &["orders"]),
            (
                "UPDATE jobs SET a = 1 WHERE id IN (SELECT id FROM jobs WHERE b = $1)",
                &["jobs"],
                &["jobs"],
            ),
            ("DELETE FROM jobs WHERE id = $1", &["jobs"], &["jobs"]),
        ] {
            assert_eq!(named(sql), (both(sees), both(changes)), "{sql}");
        }
    }

    #[test]
    fn only_what_can_tell_the_order_is_kept_in_order() {
        let engine = Engine::Postgres;
        let fresh = || Transaction::begun("a", true);
        let look = fresh().statement(engine, "SELECT a FROM orders");
        let change = fresh().statement(engine, "UPDATE orders SET a = 1");
        let other = fresh().statement(engine, "UPDATE jobs SET a = 1");
        assert!(!look.meets(&look) && !look.meets(&change) && !change.meets(&other));
        assert!(change.meets(&change));
        let mut both = fresh();
        both.statement(engine, "UPDATE orders SET a = 1");
        assert!(!both.statement(engine, "UPDATE jobs SET a = 1").meets(&change));
        assert!(both.rollback(engine).meets(&change) && !both.rollback(engine).meets(&look));
        let commit = both.commit(engine);
        assert!(commit.meets(&look) && commit.meets(&change) && commit.meets(&other));
        assert!(commit.meets(&Footprint::whole_read()));
        assert!(!Footprint::whole_read().meets(&change));
    }
}
