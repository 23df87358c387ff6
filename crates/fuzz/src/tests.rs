//! The bounded run: every target over its corpus and a fixed number of mutations of it, and what is
//! too large to keep as a file.

use crate::{Chance, TARGETS, mutate, named};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How many mutations each target gets in `make test`.
const MUTATIONS: u64 = 1_500;
/// The longest mutation, in bytes.
const LIMIT: usize = 4_096;

fn corpus_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name)
}

/// The kept inputs, in the order of their names.
fn kept(name: &str) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(corpus_of(name)).expect("a folder of the corpus");
    let mut paths: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

/// Shows the input if the target panics on it.
struct Shown<'a>(&'a str, &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("target {}, input b\"{}\"", self.0, self.1.escape_ascii());
        }
    }
}

fn try_one(name: &str, input: &[u8]) {
    let shown = Shown(name, input);
    (named(name).expect("a target").run)(shown.1);
}

fn holds(name: &str) {
    let target = named(name).expect("a target");
    let corpus = kept(name);
    assert!(!corpus.is_empty(), "no corpus of {name}");
    for input in &corpus {
        try_one(name, input);
    }
    for seed in 0..MUTATIONS {
        let mut chance = Chance::new(seed);
        let input = chance.of(&corpus).expect("some").clone();
        let other = chance.of(&corpus).expect("some").clone();
        try_one(name, &mutate::mutate(target.shape, &input, &other, LIMIT, &mut chance));
    }
}

macro_rules! bounded_runs {
    ($($name:ident)*) => {
        mod whatever_comes {
            $(#[test]
            fn $name() {
                super::holds(stringify!($name));
            })*
        }

        #[test]
        fn every_target_has_a_run_and_a_corpus() {
            let runs = BTreeSet::from([$(stringify!($name)),*]);
            let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(runs, targets);
            for interface in medpay_wire::interfaces::ALL {
                assert!(runs.contains(interface.name), "{} has no target", interface.name);
            }
            let folders = std::fs::read_dir(corpus_of("")).expect("the corpus");
            for folder in folders {
                let name = folder.expect("an entry").file_name();
                let name = name.to_str().expect("a name");
                assert!(targets.contains(name), "a corpus without a target: {name}");
            }
        }
    };
}

bounded_runs!(xml sign tampered sign_causes getmedinfo getbindurl preregister qrcodepreregister
    sendmsg qrcodegetmedinfo unifiedorder qrcodeunifiedorder orderquery closeorder refund
    refundquery downloadbill notification answer refusal bill request_content response_content
    callback callback_sealed his_calls his_answers his_signature contracts qr_token public_account
    values address);

/// Documents that are hostile by their size. Nothing here is measured: a reader whose work grows
/// faster than its input would not come to an end.
#[test]
fn hostile_sizes_are_read_or_refused() {
    let most = 256 * 1024;
    let filled = |head: &str, piece: &str, tail: &str| {
        let room = (most - head.len() - tail.len()) / piece.len();
        format!("{head}{}{tail}", piece.repeat(room))
    };
    let mut names = String::from("<xml>");
    for n in 0..20_000 {
        let _ = write!(names, "<n{n}/>");
    }
    let bodies = [
        filled("<xml>", "<a>", ""),
        filled("<xml><a>", "&amp;", "</a></xml>"),
        filled("<xml><a>", "&#x4e2d;", "</a></xml>"),
        filled("<xml><a>", "<![CDATA[]]>", "</a></xml>"),
        filled("<xml>", "<!---->", "</xml>"),
        filled("<xml><a>", "]]", "</a></xml>"),
        filled("<!DOCTYPE x [", "<!ENTITY a \"&a;&a;\">", "]><xml/>"),
        filled("<xml><a>", "\r", "</a></xml>"),
        filled("<", "x", ""),
        filled("<xml><a ", "b=\"1\" ", "/></xml>"),
        names,
    ];
    for body in bodies {
        for target in ["xml", "sign", "answer", "unifiedorder", "notification", "callback"] {
            try_one(target, body.as_bytes());
        }
    }
    let json = [
        filled("", "[", ""),
        filled("", "{\"a\":", ""),
        filled("{\"registration_order_pay\":{", "\"a\":1,", "\"b\":1}}"),
        filled("\"", "\\\\", "\""),
        filled("{\"ghf\":\"", "0", "\"}"),
    ];
    for body in json {
        let body = &body.as_bytes()[..body.len().min(65_536)];
        for target in ["request_content", "response_content", "his_calls", "public_account"] {
            try_one(target, body);
        }
    }
}
