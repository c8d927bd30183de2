//! The laws of the YAML reader: JSON is YAML, and no text makes it panic or point outside of the text.

use berth::encoding::yaml::{self, with_spaces_for_tabs};
use proptest::prelude::*;

use crate::model::json::any_json;
use crate::model::runs;

proptest! {
    #![proptest_config(runs::usual())]

    #[test]
    fn json_is_yaml(value in any_json()) {
        let text = value.to_string();
        // The only characters that JSON may write as they are and YAML may not.
        if text.contains(|char: char| char.is_control() || is_no_character(char)) {
            return Ok(());
        }
        prop_assert_eq!(yaml::read(&text).unwrap().value, value);
    }

    #[test]
    fn a_fault_lies_in_the_text(text in "[-:{}\\[\\],#&*!|>'\"%@`?\t\n <~0-2ab\u{feff}\u{85}é]{0,40}") {
        for document in yaml::documents(&text) {
            if let Err(error) = yaml::read(document.text) {
                let lines = document.text.split('\n').count();
                prop_assert!((1..=lines + 1).contains(&error.line), "{:?}: {}", error, error.line);
            }
            if let Some(spaced) = with_spaces_for_tabs(document.text) {
                prop_assert_eq!(spaced.chars().count(), document.text.chars().count());
            }
        }
    }
}

/// True for the code points that Unicode keeps for no character at all.
fn is_no_character(char: char) -> bool {
    u32::from(char) & 0xfffe == 0xfffe
}
