//! One row of an answer.

use crate::error::StoreError;
use crate::value::{Cell, FromCell};

/// One row of an answer, its columns in the statement's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Cell>);

impl Row {
    pub(crate) const fn new(cells: Vec<Cell>) -> Self {
        Self(cells)
    }

    /// The value of column `index`, counted from 0.
    pub fn get<T: FromCell>(&self, index: usize) -> Result<T, StoreError> {
        let Some(cell) = self.0.get(index) else {
            let text = format!("column {index} of a row of {}", self.0.len());
            return Err(StoreError::Misuse(text));
        };
        T::from_cell(cell).ok_or(StoreError::Column {
            index,
            wanted: T::WANTED,
            found: cell.kind(),
        })
    }

    /// The number of columns.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no column.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
