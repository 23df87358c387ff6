//! The log of a test process, kept for whoever looks afterwards that it tells nothing of a person:
//! where [`DIRECTORY_VARIABLE`] names a directory, everything that is logged is appended to a file
//! there, ours down to the last detail, whatever the tests themselves do with it.

use std::fmt::{Debug, Write as _};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The environment variable that names the directory.
const DIRECTORY_VARIABLE: &str = "MEDPAY_LOG_COPY";

/// Begins to keep the log of this process; once, and only where it is wanted.
pub(super) fn keep() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        if let Some(file) = directory().and_then(|directory| open(&directory)) {
            // A process that keeps its log otherwise already keeps it so.
            let _ = tracing::subscriber::set_global_default(Keeper(Mutex::new(file)));
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "the one place where tests are told of it")]
fn directory() -> Option<String> {
    std::env::var(DIRECTORY_VARIABLE).ok().filter(|directory| !directory.is_empty())
}

fn open(directory: &str) -> Option<File> {
    let program = std::env::current_exe().ok()?;
    let name = format!("{}-{}.log", program.file_name()?.to_str()?, std::process::id());
    File::options().create(true).append(true).open(Path::new(directory).join(name)).ok()
}

/// Writes a line for each event and each span, nothing left out.
struct Keeper(Mutex<File>);

impl Keeper {
    fn write(&self, metadata: &Metadata<'_>, line: &Line) {
        let text = format!("{} {}:{}\n", metadata.level(), metadata.target(), line.0);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(text.as_bytes());
    }
}

impl Subscriber for Keeper {
    /// All of ours; of the libraries, what they say at `info`.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("medpay") || *metadata.level() <= Level::INFO
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!(" {}", span.metadata().name()));
        span.record(&mut line);
        self.write(span.metadata(), &line);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.write(event.metadata(), &line);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The fields of one line.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let _ = write!(self.0, " {}={value}", field.name());
        let mut source = value.source();
        while let Some(error) = source {
            let _ = write!(self.0, ": {error}");
            source = error.source();
        }
    }
}
