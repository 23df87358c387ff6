//! `medpay verify`.

use super::Verdict;
use super::fields::{self, Pair};
use crate::config::Reference;
use crate::output;
use anyhow::Context as _;
use medpay_wire::fields::{Fields, Received};
use medpay_wire::sign::{self, SignType};
use medpay_wire::sign_causes;
use std::path::PathBuf;

/// Checks the signature of a document, as the platform does: exactly.
///
/// If it is wrong, the usual slips are tried, and those that explain it are named.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The document, as it was sent; `-` for standard input.
    #[arg(required_unless_present = "field")]
    file: Option<PathBuf>,
    /// A field instead of a document, `name=value`; `name=@FILE` takes the file's content.
    #[arg(short, long, conflicts_with = "file")]
    field: Vec<Pair>,
    /// Where the merchant's API key is: `file:PATH` or `env:NAME`. In service-provider mode the
    /// provider's.
    #[arg(long)]
    key: Reference,
    /// Accept HMAC-SHA256 where `sign_type` asks for it.
    #[arg(long)]
    hmac: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    let key = fields::api_key(&args.key, &environment)?;
    let (body, fields) = read(args)?;
    let received = Received::read(&body)?;
    let right = received.verify(&key, args.hmac).is_ok();
    let sign_type = match fields.get("sign_type") {
        Some("HMAC-SHA256") if args.hmac => SignType::HmacSha256,
        _ => SignType::Md5,
    };
    let expected = sign::digest(&fields, &key, sign_type);
    let causes: Vec<String> = if right {
        Vec::new()
    } else {
        // Where only fields were given there is no order and no escaping to look at.
        let document = args.file.as_ref().and_then(|_| std::str::from_utf8(&body).ok());
        sign_causes::causes(&fields, document, &key)
            .into_iter()
            .map(|cause| cause.0.join("; and "))
            .collect()
    };
    if args.json {
        output::json(&serde_json::json!({
            "right": right,
            "base_string": sign::base_string(&fields),
            "expected": expected,
            "given": fields.get("sign"),
            "causes": causes,
        }))?;
    } else {
        print(right, &fields, &expected, &causes)?;
    }
    Ok(Verdict::from(right))
}

/// The document and its fields.
fn read(args: &Args) -> anyhow::Result<(Vec<u8>, Fields)> {
    if let Some(path) = &args.file {
        let body = fields::document(path)?;
        let fields = Fields::from_xml(&body)
            .with_context(|| format!("{} is not a document of the wire", path.display()))?;
        return Ok((body, fields));
    }
    let mut fields = Fields::new();
    for pair in &args.field {
        fields.set(&pair.name, pair.value()?);
    }
    Ok((fields.to_xml().into_bytes(), fields))
}

fn print(right: bool, fields: &Fields, expected: &str, causes: &[String]) -> anyhow::Result<()> {
    if right {
        return output::line("The signature is right.");
    }
    let Some(given) = fields.value("sign") else {
        return output::line(format!("There is no `sign`. With this key it is {expected}."));
    };
    output::line("The signature is wrong.")?;
    output::line(format!("signed text: {}&key=(the key)", sign::base_string(fields)))?;
    output::line(format!("expected:    {expected}"))?;
    output::line(format!("given:       {given}"))?;
    if causes.is_empty() {
        return output::line(
            "None of the usual slips explains it. Most likely another key signed it (in \
             service-provider mode the provider's key signs, not the sub-merchant's), or a field \
             was changed after it was signed.",
        );
    }
    output::line("This explains it:")?;
    causes.iter().try_for_each(|cause| output::line(format!("- {cause}")))
}
