//! `medpay call`.

use super::fields::{self, Pair};
use super::{Verdict, block_on};
use crate::config::{Outgoing, Reference};
use crate::system::{OsEntropy, SystemClock};
use crate::{outgoing, output};
use anyhow::{Context as _, bail};
use medpay_acceptance::Ready;
use medpay_client::public_account::{TokenReply, stable_token};
use medpay_client::{AnswerLimit, SignedClient, Transport, Unanswered, signed_reply};
use medpay_domain::{Clock as _, Entropy as _};
use medpay_wire::envelope::{Refused, Reply, read_reply};
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::interfaces;
use medpay_wire::sign::{ApiKey, sign_into};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Calls any interface of /payinsurance/*: signs, sends, checks the answer and shows both.
///
/// Credentials come from a demo's ready file or from the options; an option wins. appid, mch_id,
/// sub_appid, sub_mch_id, nonce_str and gmt_out_create are filled in where the interface has them
/// and no --field gives them. Nothing else is: a wrong request is sent as it is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The interface, such as getmedinfo.
    interface: String,
    /// A field, `name=value`; `name=@FILE` takes the file's content.
    #[arg(short, long)]
    field: Vec<Pair>,
    /// The ready file of a demo: address and credentials.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// Which of its institutions calls, from 1.
    #[arg(long, default_value_t = 1, requires = "ready_file")]
    institution: usize,
    /// Address of the platform.
    #[arg(long)]
    base_url: Option<String>,
    /// Where the platform serves the interface, if not at the documented path.
    #[arg(long)]
    path: Option<String>,
    /// The calling account.
    #[arg(long)]
    appid: Option<String>,
    /// Where its secret is: `file:PATH` or `env:NAME`.
    #[arg(long)]
    secret: Option<Reference>,
    /// Where an access_token is, if none shall be bought with appid and secret (stable_token, which
    /// leaves other tokens alone).
    #[arg(long)]
    access_token: Option<Reference>,
    /// 商户号.
    #[arg(long)]
    mch_id: Option<String>,
    /// 子商户公众号.
    #[arg(long)]
    sub_appid: Option<String>,
    /// 子商户号.
    #[arg(long)]
    sub_mch_id: Option<String>,
    /// Where the API key of mch_id is: `file:PATH` or `env:NAME`.
    #[arg(long)]
    key: Option<Reference>,
    /// Show names, numbers and openids instead of masking them.
    #[arg(long)]
    show: bool,
    /// Write a bill to this file.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// How long to wait for the answer, in milliseconds.
    #[arg(long, default_value_t = Outgoing::COMMAND_TIMEOUT_MS)]
    timeout_ms: u64,
}

/// Fields that tell who a person is, or what a person holds.
const PERSONAL: &[&str] = &[
    "auth_code",
    "idcard_md5",
    "medical_card_id",
    "medical_card_no",
    "medical_comp_no",
    "medical_user_id",
    "name",
    "openid",
    "request_content",
    "response_content",
    "sub_openid",
    "token",
    "user_card_no",
    "user_name",
];

struct Target {
    base_url: String,
    appid: String,
    secret: Option<String>,
    key: ApiKey,
    /// What the four fields of [`Interface`]s that name the merchant would hold.
    merchant: [(&'static str, Option<String>); 4],
}

enum Outcome {
    Reply(Reply),
    Bill(Vec<u8>),
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let interface = interface(&args.interface)?;
    if args.path.as_deref().is_some_and(|path| !path.starts_with('/')) {
        bail!("--path begins with /");
    }
    let target = target(args)?;
    let mut request = filled(args, interface, &target)?;
    sign_into(&mut request, &target.key);
    let outcome = block_on(exchange(args, interface, &target, &request))?;
    if let (Outcome::Bill(bill), Some(path)) = (&outcome, &args.output) {
        std::fs::write(path, bill)
            .with_context(|| format!("the bill cannot be written to {}", path.display()))?;
    }
    print(args, interface, &request, &outcome)?;
    Ok(Verdict::from(!matches!(outcome, Outcome::Reply(Reply::Refused(_)))))
}

fn interface(name: &str) -> anyhow::Result<&'static Interface> {
    interfaces::named(name).with_context(|| {
        let names: Vec<_> = interfaces::ALL.iter().map(|interface| interface.name).collect();
        format!("there is no interface `{name}`; there are {}", names.join(", "))
    })
}

fn target(args: &Args) -> anyhow::Result<Target> {
    let environment = crate::environment::read();
    let (base_url, town) = match &args.ready_file {
        None => (None, None),
        Some(path) => {
            let unreadable = || format!("the ready file {} cannot be read", path.display());
            let text = std::fs::read_to_string(path).with_context(unreadable)?;
            let ready: Ready = serde_json::from_str(&text).with_context(unreadable)?;
            let count = ready.institutions.len();
            let institution = args.institution.checked_sub(1);
            let institution = institution.and_then(|at| ready.institutions.into_iter().nth(at));
            let Some(institution) = institution else {
                bail!("--institution is from 1 to {count}");
            };
            (Some(ready.platform_url), Some(institution))
        }
    };
    let needed = |option: &str| format!("{option} is needed, or a --ready-file that tells it");
    let secret = match &args.secret {
        Some(reference) => Some(fields::secret(reference, &environment)?),
        None => town.as_ref().map(|town| town.secret.clone()),
    };
    let key = match (&args.key, &town) {
        (Some(reference), _) => fields::api_key(reference, &environment)?,
        (None, Some(town)) => {
            ApiKey::new(&town.api_key).context("the ready file's api_key is no API key")?
        }
        (None, None) => bail!(needed("--key")),
    };
    let town = town.as_ref();
    let appid = args.appid.clone().or_else(|| town.map(|town| town.appid.clone()));
    let mch_id = args.mch_id.clone().or_else(|| town.map(|town| town.mch_id.clone()));
    let sub_appid = args.sub_appid.clone().or_else(|| town?.sub_appid.clone());
    let sub_mch_id = args.sub_mch_id.clone().or_else(|| town?.sub_mch_id.clone());
    Ok(Target {
        base_url: args.base_url.clone().or(base_url).with_context(|| needed("--base-url"))?,
        appid: appid.clone().with_context(|| needed("--appid"))?,
        secret,
        key,
        merchant: [
            ("appid", appid),
            ("mch_id", mch_id),
            ("sub_appid", sub_appid),
            ("sub_mch_id", sub_mch_id),
        ],
    })
}

fn filled(args: &Args, interface: &Interface, target: &Target) -> anyhow::Result<Fields> {
    let mut fields = Fields::new();
    for (name, value) in &target.merchant {
        if interface.field(name).is_some() {
            fields.set_opt(*name, value.clone());
        }
    }
    if interface.field("gmt_out_create").is_some() {
        fields.set("gmt_out_create", SystemClock::new().now().wire());
    }
    fields.set("nonce_str", OsEntropy.nonce());
    for pair in &args.field {
        fields.set(&pair.name, pair.value()?);
    }
    Ok(fields)
}

async fn exchange(
    args: &Args,
    interface: &Interface,
    target: &Target,
    request: &Fields,
) -> anyhow::Result<Outcome> {
    let transport: Arc<dyn Transport> = Arc::new(outgoing::direct()?);
    let token = match access_token(args, target, &*transport).await? {
        Ok(token) => token,
        Err(refused) => return Ok(Outcome::Reply(Reply::Refused(refused))),
    };
    let mut client =
        SignedClient::new(transport, &target.base_url, target.key.clone(), args.timeout_ms);
    if let Some(path) = &args.path {
        client = client.at_path(path);
    }
    let body = client
        .send(interface, &token, request.to_xml(), AnswerLimit::BILL)
        .await
        .map_err(|error| told(&error))?;
    if interface.name == "downloadbill"
        && !matches!(body.trim_ascii_start().first(), Some(b'<' | b'{'))
    {
        return Ok(Outcome::Bill(body.into()));
    }
    read_reply(&body, &target.key, signed_reply(interface, request))
        .map(Outcome::Reply)
        .context("the answer cannot be trusted, so the outcome is unknown: ask about it")
}

async fn access_token(
    args: &Args,
    target: &Target,
    transport: &dyn Transport,
) -> anyhow::Result<Result<String, Refused>> {
    if let Some(reference) = &args.access_token {
        return Ok(Ok(fields::secret(reference, &crate::environment::read())?));
    }
    let secret = target.secret.as_deref().context(
        "--secret is needed to buy an access_token, or --access-token, or a --ready-file",
    )?;
    let (url, wait) = (&target.base_url, args.timeout_ms);
    // A stable one: an ordinary one would end the token of the hospital's own system.
    let reply = stable_token(transport, url, &target.appid, secret, false, wait)
        .await
        .with_context(|| format!("no access_token from {}", target.base_url))?;
    Ok(match reply {
        TokenReply::Issued(token) => Ok(token.access_token),
        TokenReply::Refused(error) => Err(Refused::Gateway(error)),
    })
}

/// What an answer that did not come means for whoever asked.
fn told(error: &Unanswered) -> anyhow::Error {
    match error {
        Unanswered::NotSent(why) => anyhow::anyhow!("nothing was sent: {why}"),
        Unanswered::Unknown(why) => anyhow::anyhow!(
            "the outcome is unknown: {why}; ask about it, or send the same request again"
        ),
    }
}

fn print(
    args: &Args,
    interface: &Interface,
    request: &Fields,
    outcome: &Outcome,
) -> anyhow::Result<()> {
    let shown = |fields: &Fields| -> Map<String, Value> {
        fields
            .iter()
            .map(|(name, value)| {
                let masked = !args.show && !value.is_empty() && PERSONAL.contains(&name);
                (name.to_owned(), Value::from(if masked { "***" } else { value }))
            })
            .collect()
    };
    let (word, reply) = match outcome {
        Outcome::Reply(Reply::Success(fields)) => ("success", shown(fields)),
        Outcome::Reply(Reply::Refused(refused)) => ("refused", of_refusal(refused)),
        Outcome::Bill(_) => ("success", Map::new()),
    };
    if args.json {
        return output::json(&json!({
            "interface": interface.name,
            "request": shown(request),
            "outcome": word,
            "reply": reply,
        }));
    }
    if let Outcome::Bill(bill) = outcome {
        return match &args.output {
            Some(path) => output::line(format!("{} bytes in {}", bill.len(), path.display())),
            None => output::bytes(bill),
        };
    }
    output::line(format!("{} {}", interface.name, interface.title))?;
    list("request", &shown(request))?;
    list("reply", &reply)?;
    output::line(word)
}

fn list(title: &str, fields: &Map<String, Value>) -> anyhow::Result<()> {
    output::line(title)?;
    for (name, value) in fields {
        output::line(format!("  {name} = {}", value.as_str().unwrap_or_default()))?;
    }
    Ok(())
}

fn of_refusal(refused: &Refused) -> Map<String, Value> {
    let pairs: Vec<(&str, String)> = match refused {
        Refused::Transport { return_msg, error_code } => {
            let mut pairs = vec![("return_msg", return_msg.clone())];
            pairs.extend(error_code.clone().map(|code| ("error_code", code)));
            pairs
        }
        Refused::Business { err_code, err_code_des } => {
            vec![("err_code", err_code.clone()), ("err_code_des", err_code_des.clone())]
        }
        Refused::Gateway(error) => {
            vec![("errcode", error.errcode.to_string()), ("errmsg", error.errmsg.clone())]
        }
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}
