//! `medpay sign`.

use super::Verdict;
use super::fields::{self, Pair};
use crate::config::Reference;
use crate::output;
use medpay_wire::fields::Fields;
use medpay_wire::sign::{self, SignType};
use std::path::PathBuf;

/// Signs fields or a document: shows the text that is signed, and its digest.
///
/// Every field with a value is signed, 0 too; an empty one is not, and `sign` itself is not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A document, or `-` for standard input.
    #[arg(required_unless_present = "field")]
    file: Option<PathBuf>,
    /// A field, `name=value`; `name=@FILE` takes the file's content. Wins over the document's.
    #[arg(short, long)]
    field: Vec<Pair>,
    /// Where the merchant's API key is: `file:PATH` or `env:NAME`.
    #[arg(long)]
    key: Reference,
    /// Sign with HMAC-SHA256, as `sign_type=HMAC-SHA256` asks.
    #[arg(long)]
    hmac: bool,
    /// Print the signed document instead.
    #[arg(long, conflicts_with = "json")]
    document: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    let key = fields::api_key(&args.key, &environment)?;
    let mut fields = match &args.file {
        Some(path) => Fields::from_xml(&fields::document(path)?)?,
        None => Fields::new(),
    };
    for pair in &args.field {
        fields.set(&pair.name, pair.value()?);
    }
    if args.hmac {
        fields.set("sign_type", SignType::HmacSha256.as_str());
    }
    sign::sign_into(&mut fields, &key);
    let base = sign::base_string(&fields);
    let sign = fields.get("sign").unwrap_or_default();
    if args.json {
        output::json(&serde_json::json!({ "base_string": base, "sign": sign }))?;
    } else if args.document {
        output::line(fields.to_xml())?;
    } else {
        output::line(format!("{base}&key=(the key)"))?;
        output::line(sign)?;
    }
    Ok(Verdict::Yes)
}
