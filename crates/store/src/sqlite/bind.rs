//! Binding by number. For SQLite `$1` is a name, numbered by its first appearance in the text, so
//! that binding by position is silently wrong as soon as a text says `$2` before `$1`.

use crate::error::StoreError;
use crate::value::Arg;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

impl ToSql for Arg {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// Binds `$n` to `args[n - 1]`. Refused, as PostgreSQL does: a parameter without an argument, an
/// argument without a parameter, and every other way to write a parameter.
pub(super) fn bind(
    statement: &mut rusqlite::Statement<'_>,
    sql: &str,
    args: &[Arg],
) -> Result<(), StoreError> {
    let misuse = |problem: String| StoreError::Misuse(format!("{problem}: {sql}"));
    let mut used = vec![false; args.len()];
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or("?");
        let number = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        let Some(number) = number.filter(|number| *number > 0) else {
            return Err(misuse(format!("parameter {name} is not written as $1, $2…")));
        };
        let Some(arg) = args.get(number - 1) else {
            return Err(misuse(format!("{} arguments, but ${number} in the text", args.len())));
        };
        used[number - 1] = true;
        statement
            .raw_bind_parameter(index, arg)
            .map_err(|error| misuse(format!("${number} cannot be bound ({error})")))?;
    }
    match used.iter().position(|used| !used) {
        None => Ok(()),
        Some(at) => {
            let number = at + 1;
            Err(misuse(format!("{} arguments, but no ${number} in the text", args.len())))
        }
    }
}
