//! Case files that are brought up to date: what is found is expected, and everything else is as it was.

use std::sync::LazyLock;

use berth::cases::{self, Case, CaseAt, Outcome, Review, Strictness, rewritten};
use berth::encoding::yaml;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::harness::repository;
use crate::harness::snapshots::default_snapshot;
use crate::model::runs;

/// The documents of all cases, each with its case.
static DOCUMENTS: LazyLock<Vec<(String, Case)>> = LazyLock::new(documents);

fn documents() -> Vec<(String, Case)> {
    let files = repository::files_below("tests/cases");
    let documents = files.into_iter().flat_map(|file| {
        let text = repository::text_of(file);
        let read = cases::read(&text);
        let of_text = |at: CaseAt| (text[at.part].to_owned(), at.case);
        read.cases.into_iter().map(of_text).collect::<Vec<_>>()
    });
    documents.collect()
}

/// Returns an outcome that is none of any case's.
fn another_outcome() -> Outcome {
    let text = "one: \"two\" # three\n\t- 'four' \\ é";
    let patch = json!([{"op": "add", "path": "/metadata", "value": {"labels": {text: text, "yes": "no", "": "1"}}}]);
    Outcome {
        reason: "internal-error".to_owned(),
        rule: Some("on".to_owned()),
        pool: Some("1e3".to_owned()),
        capacity: Some("spot"),
        node_pools: vec!["~".to_owned(), text.to_owned()],
        architectures: Vec::new(),
        mode: "Audit".to_owned(),
        detail: Some(text.to_owned()),
        patch: patch.as_array().unwrap().clone(),
        object: json!({}),
        patched: json!({"spec": [text, null, 1], "metadata": {"labels": {"a": {}}}}),
        denied: Some(text.to_owned()),
        warnings: vec![text.to_owned(); 3],
        findings: vec!["not-placed".to_owned()],
    }
}

/// Returns the lines of a document that do not belong to what it expects.
fn outside(document: &str) -> Vec<&str> {
    let mut inside = false;
    let kept = document.lines().filter(|line| {
        if !line.starts_with([' ', '-']) && !line.is_empty() {
            inside = line.starts_with("expect:");
        }
        !inside
    });
    kept.collect()
}

/// Returns the comments of a document.
fn comments(document: &str) -> Vec<&str> {
    let lines = document.lines().map(str::trim_start);
    lines.filter(|line| line.starts_with('#')).collect()
}

#[test]
fn every_case_can_be_brought_up_to_date() {
    let another = another_outcome();
    for (document, case) in &*DOCUMENTS {
        let name = &case.name;
        for strictness in [Strictness::Named, Strictness::Whole] {
            let text = rewritten(document, case, &another, strictness);
            let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
            let text = text.unwrap_or_else(|| panic!("{name}: nothing changes"));
            assert_eq!(outside(&text), outside(document), "{name}");
            assert_eq!(comments(&text), comments(document), "{name}");
            let again: Case = yaml::parse_as(&text).unwrap();
            assert_eq!(
                again.differences(&another, strictness),
                [],
                "{name}: {text}"
            );
            assert_eq!(
                rewritten(&text, &again, &another, strictness),
                Ok(None),
                "{name}"
            );
        }
    }
}

/// A case without expectations gets those that its outcome meets, held to all or to some.
#[test]
fn an_empty_case_gets_its_whole_outcome() {
    let snapshot = default_snapshot();
    for (_, case) in &*DOCUMENTS {
        let mut case = case.clone();
        let (review, object) = Review::of(&case);
        if case.review_file.is_some() || case.object_text.is_some() {
            continue;
        }
        let outcome = Outcome::of(&review.body(), &object, &snapshot, &case).unwrap();
        case.expect = None;
        for strictness in [Strictness::Named, Strictness::Whole] {
            for document in [
                "name: a\nobject: 1\n",
                "# b\nname: a\nexpect:\n# c\n",
                "{name: a, expect: {}}",
                "{\"name\": \"a\"}",
            ] {
                let text = rewritten(document, &case, &outcome, strictness)
                    .unwrap()
                    .unwrap();
                let again: Value = yaml::parse(&text).unwrap();
                assert_eq!(again["expect"], outcome.expectation(strictness), "{text}");
                assert_eq!(comments(&text), comments(document), "{text}");
            }
        }
    }
}

proptest! {
    #![proptest_config(runs::seldom())]

    /// A case file may be anything. What is read of it can be rewritten, or is left alone.
    #[test]
    fn a_mutilated_file_is_read_or_refused(
        place in any::<Index>(),
        (start, end) in any::<(Index, Index)>(),
        insertion in "[-{}\\[\\]&*!|>'\"#:, \n\ta?é]{0,3}",
    ) {
        let (document, _) = place.get(&DOCUMENTS);
        let mut places: Vec<usize> = document.char_indices().map(|(at, _)| at).collect();
        places.push(document.len());
        let (start, end) = (start.index(places.len()), end.index(places.len()));
        let end = end.clamp(start, start + 5).min(places.len() - 1);
        let mut text = document.clone();
        text.replace_range(places[start]..places[end], &insertion);
        let read = cases::read(&text);
        for misread in &read.misread {
            prop_assert!(misread.line >= 1 && misread.line <= text.lines().count().max(1) + 1, "{misread:?}");
        }
        let another = another_outcome();
        for CaseAt { case, part, .. } in read.cases {
            if let Ok(Some(text)) = rewritten(&text[part], &case, &another, Strictness::Named) {
                let again: Case = yaml::parse_as(&text).unwrap();
                prop_assert_eq!(again.differences(&another, Strictness::Named), []);
            }
        }
    }
}
