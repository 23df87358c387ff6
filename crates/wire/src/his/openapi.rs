//! The contract as an OpenAPI 3.1 document, out of the types and their comments.
/// The document.
pub fn document() -> String {
    String::from("{}")
}
