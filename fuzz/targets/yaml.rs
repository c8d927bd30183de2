//! Any text as a stream of YAML documents: what is read lies in the text, and is read again from what berth writes.

#![no_main]

use std::ops::Range;

use berth::encoding::yaml::{self, Place, Shape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut line = 1;
    for document in yaml::documents(text) {
        assert!(document.line >= line && text[document.start..].starts_with(document.text));
        line = document.line;
        examine(document.text);
    }
    if let Some(spaced) = yaml::with_spaces_for_tabs(text) {
        assert_eq!(spaced.len(), text.len());
        let _ = yaml::read(&spaced);
    }
});

fn examine(document: &str) {
    if let Some(place) = yaml::place_of(document) {
        examine_place(document, &place, &(0..document.len()));
    }
    // YAML breaks a line at a carriage return, too.
    let lines = document.matches(['\n', '\r']).count() + 1;
    let tree = match yaml::read(document) {
        Ok(tree) => tree,
        Err(error) => {
            assert!((1..=lines).contains(&error.line), "{error:?}");
            assert!(!error.message.is_empty());
            return;
        }
    };
    for repeated in &tree.repeated {
        assert!(
            repeated.first <= repeated.last && repeated.last <= lines,
            "{repeated:?}"
        );
    }
    // The options of `-o yaml`.
    let mut options = serde_saphyr::SerializerOptions::default();
    options.folded_wrap_chars = usize::MAX;
    let written = serde_saphyr::to_string_with_options(&tree.value, options);
    let written = written.expect("a value can be written");
    let again = yaml::parse(&written);
    assert_eq!(again.as_ref(), Ok(&tree.value), "{written:?}");
}

/// The places of what stands inside another lie in its own. A value that is left out may stand behind it, in blank space.
fn examine_place(text: &str, place: &Place, around: &Range<usize>) {
    let part = &place.part;
    assert!(text.get(part.clone()).is_some(), "{part:?}");
    let is_inside = around.start <= part.start && part.end <= around.end;
    assert!(is_inside || part.is_empty(), "{part:?} in {around:?}");
    match &place.shape {
        Shape::Map { entries, .. } => {
            for entry in entries {
                assert!(text.get(entry.key_part.clone()).is_some());
                examine_place(text, &entry.value, part);
            }
        }
        Shape::List { items, .. } => items
            .iter()
            .for_each(|item| examine_place(text, item, part)),
        Shape::Other => {}
    }
}
