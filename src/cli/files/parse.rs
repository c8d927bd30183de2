//! The value of a document's text.
//!
//! JSON is read as JSON, which is faster than YAML by far: dumps of whole clusters are JSON, and large.

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::error::Category;

use super::unique::Unique;
use crate::encoding::yaml::{self, SyntaxError, Tree};

/// The syntax of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    /// YAML, and JSON in which only YAML's reader finds its way: with a key that stands twice, or very deep.
    Yaml,
}

/// The key of a list's items, which are read one by one.
const ITEMS: &str = "items";

/// Returns the JSON values of a text that holds several, one after another; otherwise the text itself.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    if text.trim_start().starts_with('{') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let mut start = 0;
        while let Some(value) = values.next() {
            if value.is_err() {
                return vec![text];
            }
            pieces.push(&text[start..values.byte_offset()]);
            start = values.byte_offset();
        }
    }
    if pieces.len() > 1 { pieces } else { vec![text] }
}

/// Returns a text with spaces for the tabs that only kubectl reads, if it has any; `None` if it needs none.
pub(super) fn spaced(text: &str) -> Option<String> {
    let has_indenting_tab = || {
        text.lines()
            .any(|line| line.trim_start_matches(' ').starts_with('\t'))
    };
    if has_indenting_tab() && outline(text).is_err() {
        yaml::with_spaces_for_tabs(text)
    } else {
        None
    }
}

/// Reads a document without the items of a list, and finds out its syntax.
///
/// # Errors
/// Returns the first error.
pub(super) fn outline(text: &str) -> Result<(Syntax, Tree), SyntaxError> {
    let json = if text.trim_start().starts_with(['{', '[']) {
        match Unique::read(text, ITEMS, &mut drop) {
            Ok(tree) => return Ok((Syntax::Json, tree)),
            Err(error) => Some(error),
        }
    } else {
        None
    };
    let tree = yaml::read_apart(text, ITEMS, &mut drop).map_err(|error| {
        if is_helm(text, error.line) {
            let message = "this is a template that is not rendered yet, as its {{ shows: render it first, as in \
                           helm template CHART | berth explain -f -";
            return SyntaxError {
                message: message.to_owned(),
                ..error
            };
        }
        // A text that starts as JSON was meant to be JSON.
        let json = json.filter(|_| is_meant_as_json(text));
        json.map_or(error, |json| of_json(&json))
    })?;
    Ok((Syntax::Yaml, tree))
}

/// Reads a document whole. Its syntax is known, so it has been read before.
pub(super) fn whole(text: &str, syntax: Syntax) -> Option<Value> {
    match syntax {
        Syntax::Json => serde_json::from_str(text).ok(),
        Syntax::Yaml => yaml::read(text).ok().map(|tree| tree.value),
    }
}

/// Reads the items of a list, one by one. Its syntax is known, so it has been read before.
pub(super) fn items(text: &str, syntax: Syntax, take: &mut dyn FnMut(Value)) {
    // The first reading has found no error.
    let _ = match syntax {
        Syntax::Json => Unique::read(text, ITEMS, take).is_ok(),
        Syntax::Yaml => yaml::read_apart(text, ITEMS, take).is_ok(),
    };
}

/// True if a text that is no YAML is a chart's template: there are braces where it goes wrong, or Helm's own names in it.
/// Templates of Prometheus and others stand in texts of good YAML.
fn is_helm(text: &str, line: usize) -> bool {
    let mut around = text.lines().skip(line.saturating_sub(2)).take(2);
    around.any(|line| line.contains("{{"))
        || text.contains("{{") && HELM.iter().any(|name| text.contains(name))
}

const HELM: [&str; 4] = [".Values.", ".Release.", ".Chart.", "include \""];

fn is_meant_as_json(text: &str) -> bool {
    let inside = text
        .trim_start()
        .trim_start_matches(['{', '['])
        .trim_start();
    inside.starts_with('"')
}

fn of_json(error: &serde_json::Error) -> SyntaxError {
    let message = if error.classify() == Category::Eof {
        "the JSON ends too early: a bracket or a quote is not closed"
    } else {
        "the JSON goes wrong here: look for a missing comma, colon, quote or bracket"
    };
    SyntaxError {
        line: error.line().max(1),
        column: error.column().max(1),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Syntax, items, outline, spaced, whole};

    fn value(text: &str) -> Value {
        let (syntax, _) = outline(text).unwrap();
        whole(text, syntax).unwrap()
    }

    #[test]
    fn yaml_is_read_as_kubectl_reads_it() {
        let text = "mode: 0644\non: \"yes\"\nflow: {a: [1, 2.5, 1e3]}\nbase: &b {x: 1}\nmore: {<<: *b, y: 2}\n";
        let expected = json!({
            "mode": 420, "true": "yes", "flow": { "a": [1, 2.5, 1000.0] }, "base": { "x": 1 },
            "more": { "x": 1, "true": 2 },
        });
        assert_eq!(value(text), expected);
        let keys: Vec<_> = value("b: 1\na: 2\n")
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(keys, ["b", "a"], "the author's order");
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_counts() {
        for (text, first, last) in [
            ("a: 1\nb: 2\na: 3\n", 1, 3),
            ("{\"b\": 2,\n\"a\": 1,\n\"a\": 3}", 2, 3),
        ] {
            let (syntax, tree) = outline(text).unwrap();
            assert_eq!(whole(text, syntax).unwrap(), json!({ "a": 3, "b": 2 }));
            let found: Vec<_> = tree
                .repeated
                .iter()
                .map(|key| (key.key.as_str(), key.first, key.last))
                .collect();
            assert_eq!(found, [("a", first, last)], "{text}");
        }
    }

    #[test]
    fn json_may_use_tabs_and_yaml_may_use_braces() {
        assert_eq!(value("{\n\t\"a\": [1]\n}"), json!({ "a": [1] }));
        assert_eq!(value("{a: [b]}"), json!({ "a": ["b"] }));
        let error = outline("{\"a\": 1,\n \"b\": [}").unwrap_err();
        assert_eq!(error.line, 2);
        let error = outline("{a: 1,\n b: [}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 5));
        let spaced = spaced("a: {\n\t\"b\": 1,\n\t\"b\": 2\n}").unwrap();
        assert_eq!(value(&spaced), json!({ "a": { "b": 2 } }));
    }

    #[test]
    fn json_that_is_too_deep_for_its_reader_is_read() {
        let text = format!("{}1{}", "{\"a\": ".repeat(300), "}".repeat(300));
        assert_eq!(outline(&text).unwrap().0, Syntax::Yaml);
    }

    #[test]
    fn items_are_handed_out_one_by_one() {
        for text in [
            "items:\n- 1\n- {items: [2]}\nkind: List\n",
            "{\"items\": [1, {\"items\": [2]}], \"kind\": \"List\"}",
        ] {
            let (syntax, tree) = outline(text).unwrap();
            assert_eq!(tree.value, json!({ "items": [], "kind": "List" }), "{text}");
            let mut taken = Vec::new();
            items(text, syntax, &mut |item| taken.push(item));
            assert_eq!(taken, [json!(1), json!({ "items": [2] })], "{text}");
        }
        let (_, tree) = outline("a: {items: [1]}\nitems: {b: 1}\n").unwrap();
        assert_eq!(
            tree.value,
            json!({ "a": { "items": [1] }, "items": { "b": 1 } })
        );
    }
}
