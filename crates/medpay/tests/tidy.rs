//! The invariants of `ARCHITECTURE.md` that a compiler does not hold, each as a test over the
//! repository's own files, and each shown to fail on a sample that breaks it.

use medpay_wire::his::signature::{SIGNATURE_HEADER, TIME_HEADER};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the repository, its path from the root with `/`.
#[derive(Clone)]
struct File {
    path: String,
    text: String,
}

impl File {
    fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn is_rust(&self) -> bool {
        self.path.starts_with("crates/") && has_extension(&self.path, "rs")
    }

    fn is_test(&self) -> bool {
        ["/tests/", "/benches/", "/testing/"].iter().any(|part| self.path.contains(part))
            || self.name().ends_with("tests.rs")
            // A machine's table of states by events.
            || self.name() == "table.rs"
    }

    /// The code without its inline test module and without comments.
    fn production(&self) -> String {
        let blank = |line: &str| line.trim_start().starts_with("//");
        let code = self.without_inline_tests();
        code.lines()
            .map(|line| if blank(line) { "\n".into() } else { format!("{line}\n") })
            .collect()
    }

    fn without_inline_tests(&self) -> String {
        let mut code = String::new();
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            let next_is_module = lines
                .peek()
                .is_some_and(|next| next.starts_with("mod ") && next.trim_end().ends_with('{'));
            if line.trim() == "#[cfg(test)]" && next_is_module {
                break;
            }
            code.push_str(line);
            code.push('\n');
        }
        code
    }
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// Every text file of the repository that a person wrote, but this one, which is full of samples of
/// what is wrong.
fn tree() -> Vec<File> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
        let mut entries: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", ".work", "__pycache__"].contains(&name.as_str()) {
                    walk(root, &path, files);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let path = path.strip_prefix(root).expect("below the root");
                let path = path.to_string_lossy().replace('\\', "/");
                if path != "crates/medpay/tests/tidy.rs" {
                    files.push(File { path, text });
                }
            }
        }
    }
    let (root, mut files) = (root(), Vec::new());
    walk(&root, &root, &mut files);
    files
}

/// A rule: what it has against each file.
type Check = fn(&[File]) -> Vec<String>;

fn holds(check: Check) {
    let complaints = check(&tree());
    let mut text = String::new();
    for complaint in &complaints {
        let _ = writeln!(text, "  {complaint}");
    }
    assert!(complaints.is_empty(), "{} complaints:\n{text}", complaints.len());
}

/// The rule finds fault with the sample, and none in the same text where it belongs.
fn can_fail(check: Check, wrong: &[(&str, &str)], right: &[(&str, &str)]) {
    for (path, text) in wrong {
        let found = check(&[File::sample(path, text)]);
        assert!(!found.is_empty(), "nothing found against {path}: {text}");
    }
    for (path, text) in right {
        let found = check(&[File::sample(path, text)]);
        assert!(found.is_empty(), "found against {path}: {found:?}");
    }
}

/// `line` as words of letters, digits and `_`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Complains of each line of production code for which `wrong` says why.
fn by_line(file: &File, wrong: impl Fn(&str) -> Option<String>) -> Vec<String> {
    file.production()
        .lines()
        .enumerate()
        .filter_map(|(at, line)| Some(format!("{}:{}: {}", file.path, at + 1, wrong(line)?)))
        .collect()
}

// ---- 1. domain does no I/O and is not async --------------------------------------------------

fn domain_is_pure(files: &[File]) -> Vec<String> {
    const BANNED: [&str; 8] =
        ["async fn", ".await", "std::fs", "std::net", "std::io", "std::env", "tokio", "serde"];
    files
        .iter()
        .filter(|file| file.path.starts_with("crates/domain/src/"))
        .flat_map(|file| {
            by_line(file, |line| {
                let found = BANNED.iter().find(|banned| line.contains(**banned))?;
                Some(format!("domain has `{found}`"))
            })
        })
        .collect()
}

#[test]
fn domain_does_no_io_and_is_not_async() {
    holds(domain_is_pure);
    can_fail(
        domain_is_pure,
        &[("crates/domain/src/order.rs", "pub async fn pay() {}")],
        &[("crates/domain/src/order.rs", "// async fn\n"), ("crates/store/src/a.rs", "x.await")],
    );
}

// ---- 2. where SQL, XML and signatures stand ----------------------------------------------------

const SQL_WORDS: [&str; 7] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "DROP TABLE ",
];

fn may_hold_sql(path: &str) -> bool {
    path.ends_with("/rows.rs")
        || path.contains("/rows/")
        || path.starts_with("crates/store/")
        || (path.starts_with("crates/sandbox/src/") && path.ends_with("/books.rs"))
}

/// The string literals of a text that begin with an SQL word. `SELECT 1`, which asks whether there
/// is a database at all, names no table and so belongs to nobody.
fn sql_literals(text: &str) -> Vec<&str> {
    text.split('"')
        .map(str::trim_start)
        .filter(|literal| SQL_WORDS.iter().any(|word| literal.starts_with(word)))
        .filter(|literal| *literal != "SELECT 1")
        .collect()
}

fn sql_stands_in_rows(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test() && !may_hold_sql(&file.path))
        .flat_map(|file| {
            sql_literals(&file.production())
                .into_iter()
                .map(|sql| {
                    let first = sql.lines().next().unwrap_or_default();
                    format!("{}: SQL outside a rows.rs: {first}", file.path)
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn sql_stands_in_rows_files_only() {
    holds(sql_stands_in_rows);
    let sql = "tx.exec(\n    \"UPDATE orders SET a = 1\")";
    can_fail(
        sql_stands_in_rows,
        &[("crates/platform/src/orders/settle.rs", sql)],
        &[
            ("crates/platform/src/orders/rows.rs", sql),
            ("crates/sandbox/src/books.rs", sql),
            ("crates/platform/src/orders/tests.rs", sql),
            ("crates/platform/src/orders/close.rs", "\"the UPDATE was lost\""),
        ],
    );
}

/// The packages that only some crates may use, and which.
const PRIVATE_PACKAGES: [(&str, &[&str]); 5] = [
    ("quick-xml", &["medpay-wire"]),
    ("md-5", &["medpay-wire"]),
    ("tokio-postgres", &["medpay-store", "medpay"]),
    ("rusqlite", &["medpay-store", "medpay-sandbox", "medpay"]),
    ("getrandom", &["medpay"]),
];

/// What each crate may use of ours (DESIGN "Layout").
const MAY_USE: [(&str, &[&str]); 9] = [
    ("medpay-domain", &[]),
    ("medpay-wire", &["medpay-domain"]),
    ("medpay-client", &["medpay-domain", "medpay-wire"]),
    ("medpay-store", &["medpay-domain"]),
    ("medpay-platform", &["medpay-domain", "medpay-wire", "medpay-client", "medpay-store"]),
    ("medpay-gateway", &["medpay-domain", "medpay-wire", "medpay-client", "medpay-store"]),
    ("medpay-sandbox", &["medpay-domain", "medpay-wire"]),
    ("medpay-acceptance", &["medpay-domain", "medpay-wire", "medpay-client"]),
    ("medpay-fuzz", &["medpay-domain", "medpay-wire"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata speaks JSON")
}

/// Each package with what it depends on, for building and for its tests alike.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let names = list(&package["dependencies"]).iter().map(|d| text(&d["name"])).collect();
            (text(&package["name"]), names)
        })
        .collect()
}

fn wrong_dependencies(packages: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (package, names) in packages {
        let may = MAY_USE.iter().find(|(name, _)| name == package);
        for name in names.iter().filter(|name| name.starts_with("medpay")) {
            if may.is_some_and(|(_, may)| !may.contains(&name.as_str())) {
                complaints.push(format!("{package} uses {name}"));
            }
        }
        for (private, owners) in PRIVATE_PACKAGES {
            if names.contains(private) && !owners.contains(&package.as_str()) {
                complaints.push(format!("{package} uses {private}, which is {}'s", owners[0]));
            }
        }
    }
    complaints
}

#[test]
fn crates_use_only_what_the_layout_allows() {
    let packages = dependencies(&metadata());
    assert_eq!(packages.len(), MAY_USE.len() + 1, "a crate without a rule: {:?}", packages.keys());
    assert_eq!(wrong_dependencies(&packages), Vec::<String>::new());
}

#[test]
fn a_crate_that_uses_too_much_is_found() {
    let uses = |package: &str, name: &str| {
        let names = BTreeSet::from([name.to_owned()]);
        wrong_dependencies(&BTreeMap::from([(package.to_owned(), names)])).len()
    };
    assert_eq!(uses("medpay-gateway", "medpay-platform"), 1);
    assert_eq!(uses("medpay-sandbox", "medpay-store"), 1);
    assert_eq!(uses("medpay-platform", "quick-xml"), 1);
    assert_eq!(uses("medpay", "medpay-platform"), 0);
}

#[test]
fn domain_depends_on_nothing_that_does_io() {
    let packages = dependencies(&metadata());
    let known = BTreeSet::from(["jiff", "thiserror", "insta", "proptest"].map(str::to_owned));
    let unknown: Vec<_> = packages["medpay-domain"].difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

// ---- 5. no floats where money lives -------------------------------------------------------------

fn no_floats_near_money(files: &[File]) -> Vec<String> {
    let names_fen = |file: &File| file.production().lines().any(|l| words(l).any(|w| w == "Fen"));
    let near_money = |file: &File| {
        let always = ["crates/domain/", "crates/wire/", "crates/store/"];
        always.iter().any(|part| file.path.starts_with(part)) || names_fen(file)
    };
    files
        .iter()
        .filter(|file| file.is_rust() && !file.path.contains("/benches/") && near_money(file))
        .flat_map(|file| {
            by_line(file, |line| {
                let float = words(line).find(|word| ["f32", "f64"].contains(word))?;
                Some(format!("{float} where money lives"))
            })
        })
        .collect()
}

#[test]
fn no_float_stands_where_money_lives() {
    holds(no_floats_near_money);
    can_fail(
        no_floats_near_money,
        &[
            ("crates/wire/src/a.rs", "fn rate() -> f64 { 1.0 }"),
            ("crates/platform/src/a.rs", "use medpay_domain::Fen;\nlet share: f32 = 0.5;"),
        ],
        &[("crates/platform/src/a.rs", "let ratio: f64 = 0.5;")],
    );
}

// ---- shape: names, lengths, what does not land
// ---------------------------------------------------

fn names_say_something(files: &[File]) -> Vec<String> {
    const EMPTY: [&str; 8] =
        ["helper", "helpers", "util", "utils", "common", "misc", "manager", "managers"];
    let says_nothing = |part: &str| {
        let stem = part.split('.').next().unwrap_or_default();
        stem.split(['_', '-']).any(|word| EMPTY.contains(&word))
    };
    files
        .iter()
        .filter(|file| file.path.split('/').any(says_nothing))
        .map(|file| format!("{}: a name that says nothing", file.path))
        .collect()
}

#[test]
fn file_names_say_what_is_in_them() {
    holds(names_say_something);
    can_fail(
        names_say_something,
        &[("crates/wire/src/utils.rs", ""), ("crates/wire/src/common/mod.rs", "")],
        &[("crates/wire/src/fields.rs", "")],
    );
}

const MAX_LINES: usize = 600;
const MAX_COLUMNS: usize = 100;

fn files_are_of_a_readable_size(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    // Tests hold whole documents and answers, which are not broken.
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let production = file.without_inline_tests();
        let lines = production.lines().count();
        if lines > MAX_LINES {
            complaints
                .push(format!("{}: {lines} lines; what in it is a thing of its own?", file.path));
        }
        for (at, line) in production.lines().enumerate() {
            let columns = line.chars().count();
            if columns > MAX_COLUMNS {
                complaints.push(format!("{}:{}: {columns} columns", file.path, at + 1));
            }
        }
    }
    complaints
}

#[test]
fn files_and_lines_are_of_a_readable_size() {
    holds(files_are_of_a_readable_size);
    can_fail(
        files_are_of_a_readable_size,
        &[
            ("crates/wire/src/a.rs", &"x\n".repeat(MAX_LINES + 1)),
            ("crates/wire/src/a.rs", &"文".repeat(MAX_COLUMNS + 1)),
        ],
        &[("crates/wire/src/a.rs", &"文".repeat(MAX_COLUMNS))],
    );
}

fn nothing_is_left_open(files: &[File]) -> Vec<String> {
    const OPEN: [&str; 6] = ["TODO", "FIXME", "dbg!(", "todo!(", "unimplemented!(", "#[ignore"];
    let is_code = |file: &&File| file.is_rust() || has_extension(&file.path, "py");
    let mut complaints = Vec::new();
    for file in files.iter().filter(is_code) {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(open) = OPEN.iter().find(|open| line.contains(**open)) {
                complaints.push(format!("{}:{}: {open}", file.path, at + 1));
            }
        }
    }
    complaints
}

#[test]
fn nothing_lands_half_done() {
    holds(nothing_is_left_open);
    can_fail(
        nothing_is_left_open,
        &[("crates/wire/src/a.rs", "// TODO: later")],
        &[("crates/wire/src/a.rs", "// Done.")],
    );
}

// ---- lints --------------------------------------------------------------------------------------

fn members_opt_in_to_lints(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.path.starts_with("crates/") && file.name() == "Cargo.toml")
        .filter(|file| !file.text.contains("[lints]\nworkspace = true\n"))
        .map(|file| format!("{}: has not the workspace's lints", file.path))
        .collect()
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    holds(members_opt_in_to_lints);
    can_fail(
        members_opt_in_to_lints,
        &[("crates/wire/Cargo.toml", "[package]\n")],
        &[("crates/wire/Cargo.toml", "[lints]\nworkspace = true\n")],
    );
}

/// Only `medpay`, the composition root, may lift the ban on clock, randomness and environment.
fn exceptions_have_reasons(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let code = if file.is_test() { file.text.clone() } else { file.production() };
        for attribute in ["#[expect(", "#![expect("] {
            for rest in code.split(attribute).skip(1) {
                let inside = rest.split(")]").next().unwrap_or_default();
                if !inside.contains("reason = \"") {
                    complaints.push(format!("{}: #[expect({inside})] has no reason", file.path));
                }
                let lifts_ban = inside.contains("clippy::disallowed_methods");
                if lifts_ban && !file.is_test() && !file.path.starts_with("crates/medpay/") {
                    complaints.push(format!("{}: reads clock, chance or environment", file.path));
                }
            }
        }
        if code.contains("#[allow(") {
            complaints.push(format!("{}: #[expect] with a reason instead of allow", file.path));
        }
    }
    complaints
}

#[test]
fn every_exception_from_a_lint_has_its_reason() {
    holds(exceptions_have_reasons);
    let lifted = "#[expect(clippy::disallowed_methods, reason = \"the root\")]";
    can_fail(
        exceptions_have_reasons,
        &[
            ("crates/wire/src/a.rs", "#[expect(dead_code)]"),
            ("crates/wire/src/a.rs", "#[allow(dead_code)]"),
            ("crates/wire/src/a.rs", lifted),
        ],
        &[("crates/medpay/src/clock.rs", lifted)],
    );
}

/// Bodies of the functions where an error meets the wire.
fn failure_bodies(code: &str) -> Vec<&str> {
    code.split("fn failure(&self) -> Failure {")
        .skip(1)
        .map(|rest| rest.split("\n    }\n").next().unwrap_or_default())
        .collect()
}

fn errors_meet_the_wire_exhaustively(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
        .filter(|file| {
            let code = file.production();
            failure_bodies(&code)
                .iter()
                // An arm of the match on the error itself; a code within one may have a rest.
                .any(|body| body.lines().any(|line| line.starts_with("            _ =>")))
        })
        .map(|file| format!("{}: `failure` has an arm `_`", file.path))
        .collect()
}

#[test]
fn an_error_meets_the_wire_in_an_exhaustive_match() {
    holds(errors_meet_the_wire_exhaustively);
    can_fail(
        errors_meet_the_wire_exhaustively,
        &[(
            "crates/platform/src/a.rs",
            "fn failure(&self) -> Failure {\n            _ => x,\n    }\n",
        )],
        &[("crates/platform/src/a.rs", "fn failure(&self) -> Failure {\n  A => x,\n    }\n")],
    );
}

// ---- tables and migrations
// -----------------------------------------------------------------------

/// The service and the folder (capability) of a file that holds SQL.
fn capability(path: &str) -> Option<(&str, &str)> {
    let (service, rest) = path.strip_prefix("crates/")?.split_once("/src/")?;
    let folder = rest.split_once('/').map_or(rest, |(folder, _)| folder);
    ["platform", "gateway"].contains(&service).then_some((service, folder))
}

fn tables_have_one_writer(files: &[File]) -> Vec<String> {
    let mut writers: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let Some((service, folder)) = capability(&file.path) else { continue };
        for sql in sql_literals(&file.production()) {
            for verb in ["INSERT INTO ", "UPDATE ", "DELETE FROM "] {
                let Some(rest) = sql.strip_prefix(verb) else { continue };
                let table = words(rest).next().unwrap_or_default();
                let key = (service.to_owned(), table.to_owned());
                writers.entry(key).or_default().insert(folder.to_owned());
            }
        }
    }
    writers
        .into_iter()
        .filter(|(_, folders)| folders.len() > 1)
        .map(|((service, table), folders)| format!("{service}: {table} is written by {folders:?}"))
        .collect()
}

#[test]
fn each_table_is_written_by_one_folder() {
    holds(tables_have_one_writer);
    let found = tables_have_one_writer(&[
        File::sample("crates/platform/src/orders/rows.rs", "\"UPDATE orders SET a = 1\""),
        File::sample("crates/platform/src/refunds/rows.rs", "\"INSERT INTO orders (a)\""),
        File::sample("crates/gateway/src/payments/rows.rs", "\"INSERT INTO orders (a)\""),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

fn migrations_are_in_order(files: &[File]) -> Vec<String> {
    let mut folders: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.contains("/migrations/")) {
        let (folder, _) = file.path.rsplit_once('/').unwrap_or_default();
        folders.entry(folder).or_default().push(file);
    }
    let mut complaints = Vec::new();
    for (folder, migrations) in folders {
        let package = folder.trim_end_matches("/migrations");
        let sources: String = files
            .iter()
            .filter(|file| file.is_rust() && file.path.starts_with(package))
            .map(|file| file.text.as_str())
            .collect();
        for (at, file) in migrations.iter().enumerate() {
            let number = file.name().split('_').next().unwrap_or_default();
            if number != format!("{:04}", at + 1) {
                complaints.push(format!("{}: number {} was due", file.path, at + 1));
            }
            if !sources.contains(&format!("migrations/{}\")", file.name())) {
                complaints.push(format!("{}: in no list of migrations", file.path));
            }
        }
    }
    complaints
}

#[test]
fn migrations_are_numbered_without_gaps_and_all_listed() {
    holds(migrations_are_in_order);
    let list = "include_str!(\"../migrations/0002_cards.sql\")";
    let found = migrations_are_in_order(&[
        File::sample("crates/platform/migrations/0002_cards.sql", ""),
        File::sample("crates/platform/src/migrations.rs", list),
    ]);
    assert_eq!(found, ["crates/platform/migrations/0002_cards.sql: number 1 was due"]);
}

// ---- documents
// ------------------------------------------------------------------------------------

/// What stands between backticks and, of a link, between `](` and `)`.
fn references(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
            found.extend(
                line.split("](")
                    .skip(1)
                    .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())),
            );
        }
    }
    found
}

fn documents_name_what_exists(files: &[File]) -> Vec<String> {
    const FOLDERS: [&str; 5] = ["crates/", "docs/", "examples/", ".ci/", "cities/"];
    let root = root();
    let headers = [SIGNATURE_HEADER, TIME_HEADER];
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| has_extension(&file.path, "md")) {
        // The protocol note cites other people's files; decisions may speak of the past.
        if file.path == "docs/protocol.md" || file.path.contains("/decisions/") {
            continue;
        }
        let folder = root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for reference in references(&file.text) {
            let path = reference.split(['#', ' ']).next().unwrap_or_default();
            let from_root = FOLDERS.iter().any(|folder| path.starts_with(folder));
            let relative = has_extension(path, "md") && !path.contains("://");
            let pattern = path.contains(['*', '<', '{', '…']);
            let exists = root.join(path).exists() || folder.join(path).exists();
            if (from_root || relative) && !pattern && !exists {
                complaints.push(format!("{}: {path} does not exist", file.path));
            }
            // A header of the HIS contract is named like one, too.
            let is_header = headers.contains(&path);
            if path.starts_with("medpay-")
                && !is_header
                && path.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                && !root.join("crates").join(path.trim_start_matches("medpay-")).exists()
            {
                complaints.push(format!("{}: there is no crate {path}", file.path));
            }
        }
    }
    complaints
}

#[test]
fn documents_name_only_what_exists() {
    holds(documents_name_what_exists);
    can_fail(
        documents_name_what_exists,
        &[
            ("README.md", "see `crates/wire/src/nowhere.rs`"),
            ("README.md", "see [there](docs/nowhere.md)"),
            ("README.md", "the crate `medpay-nowhere`"),
        ],
        &[("README.md", "see `crates/wire/src/lib.rs`, `medpay-wire`, `crates/*/migrations/`")],
    );
}

/// `ARCHITECTURE.md` is a map of every crate.
#[test]
fn the_map_shows_every_crate() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for package in dependencies(&metadata()).keys() {
        let folder = package.strip_prefix("medpay-").unwrap_or(package);
        assert!(map.contains(&format!("`crates/{folder}`")), "ARCHITECTURE.md has no {folder}");
    }
}

/// The identifiers and wire fields of a table's second and third column that no source has.
fn unknown_words(glossary: &str, sources: &str) -> Vec<String> {
    let known: BTreeSet<&str> = words(sources).collect();
    let named = |line: &str| {
        let cells: Vec<&str> = line.split('|').skip(2).take(2).collect();
        let quoted = cells.join(" ");
        let names = quoted.split('`').skip(1).step_by(2).flat_map(words);
        names.filter(|name| !known.contains(name)).map(str::to_owned).collect::<Vec<_>>()
    };
    glossary.lines().filter(|line| line.starts_with('|')).flat_map(named).collect()
}

#[test]
fn the_glossary_speaks_of_what_is_in_the_code() {
    let glossary = std::fs::read_to_string(root().join("docs/glossary.md")).expect("a glossary");
    let sources: String =
        tree().into_iter().filter(File::is_rust).map(|file| file.text + "\n").collect();
    assert_eq!(unknown_words(&glossary, &sources), Vec::<String>::new());
    let row = "| 医院 | `Hospital` | `org_no` | a hospital |";
    assert_eq!(unknown_words(row, "struct Clinic { org_no: OrgNo }"), ["Hospital"]);
}
