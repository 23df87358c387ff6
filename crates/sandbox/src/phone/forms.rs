//! Reads of a page what a phone needs: its outcome, its words, its forms. Tolerant, as a browser
//! is; not an HTML parser.

use std::collections::BTreeMap;

/// What the phone sees of a page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Page {
    /// `data-outcome` of `<main>`; empty if it has none.
    pub(super) outcome: String,
    /// `data-leads-to` of `<main>`.
    pub(super) leads_to: String,
    /// `data-poll` of `<main>`: where to look again.
    pub(super) poll: String,
    /// The text of each `<p class="message">`, a line each.
    pub(super) message: String,
    /// Its forms, in order.
    pub(super) forms: Vec<Form>,
}

/// A form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Form {
    /// Its address, relative to the page's; empty for the page's own.
    pub(super) action: String,
    /// Whether it is sent by POST.
    pub(super) posts: bool,
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Field {
    name: String,
    value: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Sent as it stands, or as it is filled in.
    Text,
    /// Sent if it is ticked.
    Tick { ticked: bool },
    /// One of several with the same name: sent if it is chosen.
    Choice { chosen: bool },
    /// Sent if it is the button that was pressed.
    Button,
}

/// How a field is filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fill {
    /// With this text; chooses the choice of this value.
    Text(String),
    /// Ticked, or not.
    Tick(bool),
}

impl Form {
    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// What is sent: the fields as they stand, but those in `fills` filled in, and the first
    /// button.
    pub(super) fn filled(&self, fills: &BTreeMap<&str, Fill>) -> Vec<(String, String)> {
        let mut pressed = false;
        let mut values = Vec::new();
        for field in &self.fields {
            let value = match (field.kind, fills.get(field.name.as_str())) {
                (Kind::Text, Some(Fill::Text(text))) => Some(text),
                (Kind::Text, _) => Some(&field.value),
                (Kind::Tick { .. }, Some(Fill::Tick(ticked))) => ticked.then_some(&field.value),
                (Kind::Tick { ticked }, _) => ticked.then_some(&field.value),
                (Kind::Choice { .. }, Some(Fill::Text(text))) => {
                    (*text == field.value).then_some(&field.value)
                }
                (Kind::Choice { chosen }, _) => chosen.then_some(&field.value),
                (Kind::Button, _) => {
                    let first = !pressed;
                    pressed = true;
                    first.then_some(&field.value)
                }
            };
            values.extend(value.map(|value| (field.name.clone(), value.clone())));
        }
        values
    }
}

impl Page {
    /// Reads a page.
    pub(super) fn read(html: &str) -> Self {
        let mut reader = Reader::default();
        let mut rest = html;
        while let Some((text, after)) = rest.split_once('<') {
            reader.text(text);
            rest = if let Some(comment) = after.strip_prefix("!--") {
                comment.split_once("-->").map_or("", |(_, behind)| behind)
            } else {
                let (tag, behind) = tag_of(after);
                let behind = if tag.name == "script" || tag.name == "style" {
                    behind.find("</").and_then(|at| behind.get(at..)).unwrap_or_default()
                } else {
                    behind
                };
                reader.tag(&tag);
                behind
            };
        }
        reader.text(rest);
        reader.page
    }
}

/// A start or end tag; an end tag's name begins with `/`.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Tag {
    fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }

    fn has(&self, attribute: &str) -> bool {
        self.attributes.contains_key(attribute)
    }
}

/// The tag whose `<` was just read, and what follows its `>`.
fn tag_of(text: &str) -> (Tag, &str) {
    let end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            rest = behind;
            break;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>')).unwrap_or(0);
        if end == 0 {
            // Not a tag after all, or the end of the text.
            rest = rest.get(1..).unwrap_or_default();
            break;
        }
        let (attribute, behind) = rest.split_at(end);
        let (value, behind) = value_of(behind);
        attributes.insert(attribute.to_ascii_lowercase(), value);
        rest = behind;
    }
    let name = name.trim_end_matches('/').to_ascii_lowercase();
    (Tag { name, attributes }, rest)
}

/// The value behind an attribute's name, decoded, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(value) = text.trim_start().strip_prefix('=') else { return (String::new(), text) };
    let value = value.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (inside, behind) = quoted.split_once(quote).unwrap_or((quoted, ""));
            return (decode(inside), behind);
        }
    }
    let end = value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len());
    let (bare, behind) = value.split_at(end);
    (decode(bare), behind)
}

/// Builds a page from its tags and texts.
#[derive(Default)]
struct Reader {
    page: Page,
    in_form: bool,
    in_message: bool,
    /// The select that is open: its name, and whether an option is selected.
    select: Option<(String, bool)>,
    /// The textarea that is open.
    textarea: Option<Field>,
}

impl Reader {
    fn text(&mut self, text: &str) {
        if let Some(field) = &mut self.textarea {
            field.value.push_str(&decode(text));
        }
        if self.in_message {
            let words = decode(text);
            for word in words.split_whitespace() {
                if !self.page.message.is_empty() && !self.page.message.ends_with('\n') {
                    self.page.message.push(' ');
                }
                self.page.message.push_str(word);
            }
        }
    }

    fn tag(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "main" => {
                tag.get("data-outcome").clone_into(&mut self.page.outcome);
                tag.get("data-leads-to").clone_into(&mut self.page.leads_to);
                tag.get("data-poll").clone_into(&mut self.page.poll);
            }
            "p" if tag.get("class").split_whitespace().any(|class| class == "message") => {
                if !self.page.message.is_empty() {
                    self.page.message.push('\n');
                }
                self.in_message = true;
            }
            "/p" | "/main" => self.in_message = false,
            "form" => {
                self.in_form = true;
                self.page.forms.push(Form {
                    action: tag.get("action").to_owned(),
                    posts: tag.get("method").eq_ignore_ascii_case("post"),
                    fields: Vec::new(),
                });
            }
            "/form" => self.in_form = false,
            "input" => self.input(tag),
            "button" if !matches!(tag.get("type"), "button" | "reset") => {
                self.field(tag, tag.get("value"), Kind::Button);
            }
            "select" => self.select = Some((tag.get("name").to_owned(), false)),
            "option" => self.option(tag),
            "/select" => self.end_select(),
            "textarea" => {
                let name = tag.get("name").to_owned();
                self.textarea = Some(Field { name, value: String::new(), kind: Kind::Text });
            }
            "/textarea" => {
                if let Some(field) = self.textarea.take() {
                    self.push(field);
                }
            }
            _ => {}
        }
    }

    fn input(&mut self, tag: &Tag) {
        let value = if tag.has("value") { tag.get("value") } else { "on" };
        match tag.get("type").to_ascii_lowercase().as_str() {
            "checkbox" => self.field(tag, value, Kind::Tick { ticked: tag.has("checked") }),
            "radio" => self.field(tag, value, Kind::Choice { chosen: tag.has("checked") }),
            "submit" => self.field(tag, tag.get("value"), Kind::Button),
            "button" | "reset" | "image" | "file" => {}
            _ => self.field(tag, tag.get("value"), Kind::Text),
        }
    }

    fn option(&mut self, tag: &Tag) {
        let Some((name, selected)) = &mut self.select else { return };
        *selected |= tag.has("selected");
        let chosen = tag.has("selected");
        let field = Field {
            name: name.clone(),
            value: tag.get("value").to_owned(),
            kind: Kind::Choice { chosen },
        };
        self.push(field);
    }

    /// A select without a selected option has its first one selected.
    fn end_select(&mut self) {
        let Some((name, selected)) = self.select.take() else { return };
        let Some(form) = self.page.forms.last_mut() else { return };
        if !selected && let Some(first) = form.fields.iter_mut().find(|field| field.name == name) {
            first.kind = Kind::Choice { chosen: true };
        }
    }

    fn field(&mut self, tag: &Tag, value: &str, kind: Kind) {
        let name = tag.get("name").to_owned();
        self.push(Field { name, value: value.to_owned(), kind });
    }

    fn push(&mut self, field: Field) {
        if self.in_form
            && !field.name.is_empty()
            && let Some(form) = self.page.forms.last_mut()
        {
            form.fields.push(field);
        }
    }
}

/// Decodes the character references of a text; one that is none stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after.split_once(';').and_then(|(name, behind)| {
            let number = |text: &str, radix| u32::from_str_radix(text, radix).ok();
            let character = match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                "nbsp" => Some(' '),
                _ => {
                    let digits = name.strip_prefix('#')?;
                    let hex = digits.strip_prefix(['x', 'X']);
                    let number = hex.map_or_else(|| number(digits, 10), |hex| number(hex, 16));
                    number.and_then(char::from_u32)
                }
            };
            character.map(|character| (character, behind))
        });
        if let Some((character, behind)) = reference {
            decoded.push(character);
            rest = behind;
        } else {
            decoded.push('&');
            rest = after;
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests;
