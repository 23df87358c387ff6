//! Calls of the JSON contracts.

use crate::transport::{Transport, Unanswered};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Posts `question` to `<base_url>/<name>` and reads the answer.
///
/// By the contracts an answer is 200 and one JSON object; whatever else comes back leaves the
/// outcome unknown. `timeout_ms` is machine time.
pub async fn call_json<Q, A>(
    transport: &dyn Transport,
    base_url: &str,
    name: &str,
    question: &Q,
    timeout_ms: u64,
) -> Result<A, Unanswered>
where
    Q: Serialize + Sync,
    A: DeserializeOwned,
{
    let body = serde_json::to_vec(question)
        .map_err(|error| Unanswered::NotSent(format!("{name} cannot be written: {error}")))?;
    let request = http::Request::post(format!("{}/{name}", base_url.trim_end_matches('/')))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))
        .map_err(|error| Unanswered::NotSent(format!("the address of {name}: {error}")))?;
    let answer = transport.send(request, timeout_ms).await?;
    if answer.status() != http::StatusCode::OK {
        return Err(Unanswered::Unknown(format!("{name} answered status {}", answer.status())));
    }
    serde_json::from_slice(answer.body()).map_err(|error| not_understood(name, &error))
}

/// Says where the answer went wrong, without its text: it may name a person.
pub(crate) fn not_understood(name: &str, error: &serde_json::Error) -> Unanswered {
    Unanswered::Unknown(format!(
        "{name} answered what is not the contract's JSON (line {}, column {})",
        error.line(),
        error.column()
    ))
}
