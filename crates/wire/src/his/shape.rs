//! What the values that know no serde look like in JSON, for the contract's schemas; see
//! `contracts::adapters`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! shapes {
    ($($name:ident: $schema:tt;)+) => {$(
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

shapes! {
    Money: { "type": "integer", "format": "int64", "minimum": 0 };
    Moment: { "type": "integer", "format": "int64", "minimum": 0 };
    DayText: { "type": "string", "pattern": "^[0-9]{8}$" };
    Text20: { "type": "string", "minLength": 1, "maxLength": 20 };
    Text32: { "type": "string", "minLength": 1, "maxLength": 32 };
    Text64: { "type": "string", "minLength": 1, "maxLength": 64 };
    CardCode: { "type": "integer", "enum": [1, 4, 5, 6, 7, 8, 9] };
    Digest: { "type": "string", "pattern": "^[0-9a-f]{32}$" };
}
