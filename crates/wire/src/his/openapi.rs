//! The contract as an OpenAPI 3.1 document, made of the types and their comments, so that it says
//! what the code does. `docs/contracts/his.openapi.json` is this document.

use super::signature::{KEY_HEADER, SIGNATURE_HEADER, TIME_HEADER};
use super::{Call, Refusal, bills, bookings, events, patients, refunds, results};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Who serves a call.
#[derive(Clone, Copy)]
enum Half {
    His,
    Gateway,
}

impl Half {
    const fn tag(self) -> &'static str {
        match self {
            Self::His => "served by the HIS",
            Self::Gateway => "served by the gateway",
        }
    }

    fn path(self, name: &str) -> String {
        match self {
            Self::His => format!("/v1/{name}"),
            Self::Gateway => format!("/his/{{site}}/v1/{name}"),
        }
    }
}

/// The document, ending in a line feed.
pub fn document() -> String {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    his(&mut paths, &mut schemas);
    gateway(&mut paths, &mut schemas);
    schemas.subschema_for::<Refusal>();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "medpay: the HIS contract",
            "version": "1",
            "description": "What a hospital's HIS serves and the gateway calls, and what the \
                gateway serves and the HIS calls. docs/contracts/his.md tells it in words. Money \
                is an integer of fen, a day is yyyyMMdd, a moment is milliseconds since 1970. \
                Unknown members are ignored.",
        },
        "servers": [{ "url": "/" }],
        "tags": [{ "name": Half::His.tag() }, { "name": Half::Gateway.tag() }],
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "parameters": parameters(),
            "responses": {
                "Refusal": {
                    "description": "An explicit no: nothing was changed.",
                    "content": json_content(&json!({ "$ref": "#/components/schemas/Refusal" })),
                },
                "Unknown": {
                    "description": "Anything else leaves the outcome unknown: the same call \
                        comes again, with the same key.",
                },
            },
        },
    });
    plain_words(&mut document);
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn his(paths: &mut Map<String, Value>, schemas: &mut SchemaGenerator) {
    macro_rules! calls {
        ($($call:ty),+ $(,)?) => { $(add::<$call>(Half::His, paths, schemas);)+ };
    }
    calls!(
        patients::FindPatients,
        patients::FindPatient,
        patients::CreateVisitCard,
        bookings::ListDepartments,
        bookings::ListDoctors,
        bookings::ListSchedules,
        bookings::Book,
        bookings::CancelBooking,
        bookings::TakeNumber,
        bookings::FindBooking,
        bookings::ListBookings,
        bills::ListBills,
        bills::FindBill,
        bills::LockBill,
        bills::ReleaseBill,
        bills::ConfirmBill,
        bills::ListDay,
        bills::FindInvoice,
        refunds::GrantRefund,
        refunds::ConfirmRefund,
        results::ListPrescriptions,
        results::ListResults,
        results::FindResult,
    );
}

fn gateway(paths: &mut Map<String, Value>, schemas: &mut SchemaGenerator) {
    macro_rules! calls {
        ($($call:ty),+ $(,)?) => { $(add::<$call>(Half::Gateway, paths, schemas);)+ };
    }
    calls!(
        events::PrescriptionIssued,
        events::MakePrescriptionQr,
        events::BillVoided,
        events::ResultReady,
        events::RegistrationMade,
        events::CodeScanned,
        events::AskScan,
        events::CancelScan,
    );
}

fn add<C: Call + JsonSchema>(
    half: Half,
    paths: &mut Map<String, Value>,
    schemas: &mut SchemaGenerator,
) where
    C::Answer: JsonSchema,
{
    let what = C::json_schema(schemas).get("description").cloned().unwrap_or_default();
    let mut parameters = vec![parameter("Time"), parameter("Signature")];
    if C::WRITES {
        parameters.push(parameter("Key"));
    }
    if matches!(half, Half::Gateway) {
        parameters.push(parameter("Site"));
    }
    let refusal = json!({ "$ref": "#/components/responses/Refusal" });
    let ask = json!(schemas.subschema_for::<C>());
    let answer = json!(schemas.subschema_for::<C::Answer>());
    let post = json!({
        "operationId": C::NAME,
        "tags": [half.tag()],
        "description": what,
        "parameters": parameters,
        "requestBody": { "required": true, "content": json_content(&ask) },
        "responses": {
            "200": { "description": "Done.", "content": json_content(&answer) },
            "400": refusal,
            "401": refusal,
            "404": refusal,
            "409": refusal,
            "default": { "$ref": "#/components/responses/Unknown" },
        },
    });
    paths.insert(half.path(C::NAME), json!({ "post": post }));
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn parameters() -> Value {
    json!({
        "Time": {
            "name": TIME_HEADER,
            "in": "header",
            "required": true,
            "description": "Seconds since 1970; refused when more than 300 off.",
            "schema": { "type": "string", "pattern": "^[0-9]+$" },
        },
        "Signature": {
            "name": SIGNATURE_HEADER,
            "in": "header",
            "required": true,
            "description": "HMAC-SHA256 in lower-case hex over five lines, joined by line feeds: \
                method, path as sent, medpay-time, idempotency-key (or nothing), SHA-256 of the \
                body in lower-case hex.",
            "schema": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
        },
        "Key": {
            "name": KEY_HEADER,
            "in": "header",
            "required": true,
            "description": "The caller's key of this command: the same key with the same body \
                gets the first answer again, with another body it is refused (key_reused).",
            "schema": { "type": "string", "minLength": 1, "maxLength": 64 },
        },
        "Site": {
            "name": "site",
            "in": "path",
            "required": true,
            "description": "The hospital's word at this gateway.",
            "schema": { "type": "string" },
        },
    })
}

/// Takes rustdoc's links out of the descriptions.
fn plain_words(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Value::String(text)) = (name == "description", &mut *member) {
                    *text = text.replace("[`", "`").replace("`]", "`");
                }
                plain_words(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain_words),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
