//! The answers of the stand-in: elements, lists of them, and failures.

use std::fmt::Display;

/// Returns an element with this content.
pub(super) fn tag(name: &str, content: impl Display) -> String {
    format!("<{name}>{content}</{name}>")
}

/// Returns an element with a text, whatever the text is.
pub(super) fn text(name: &str, text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    tag(name, escaped)
}

/// Returns a list of EC2's: an element of items.
pub(super) fn list(name: &str, items: impl IntoIterator<Item = String>) -> String {
    let items = items.into_iter().map(|item| tag("item", item));
    tag(name, items.collect::<String>())
}

/// A call that fails.
#[derive(Debug)]
pub(super) struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: &str) -> Self {
        Self {
            code,
            message: message.to_owned(),
        }
    }

    fn content(&self) -> String {
        tag("Code", self.code) + &text("Message", &self.message)
    }

    /// Returns the failure as EC2 writes it.
    pub(super) fn of_ec2(&self) -> String {
        let errors = tag("Errors", tag("Error", self.content()));
        tag("Response", errors + &tag("RequestID", "r"))
    }

    /// Returns the failure as IAM writes it.
    pub(super) fn of_iam(&self) -> String {
        tag("ErrorResponse", tag("Error", self.content()))
    }
}
