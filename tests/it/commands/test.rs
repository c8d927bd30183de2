//! `berth test`: its report for pipelines is what they read, and what it writes leaves files as they are.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use roxmltree::{Document, Node};
use serde_json::Value;

use crate::harness::{program, repository};

/// The attributes that a report may have, by the element's name. GitLab reads `classname`, `name`, `file`, `time`, and the text
/// of `failure` and `error`; the reporters of GitHub Actions read `line` and `message`, too.
const ATTRIBUTES: [(&str, &[&str]); 5] = [
    (
        "testsuites",
        &["name", "tests", "failures", "errors", "time"],
    ),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped", "time"],
    ),
    ("testcase", &["name", "classname", "file", "line", "time"]),
    ("failure", &["message", "type"]),
    ("error", &["message", "type"]),
];

/// Returns the elements below an element. There is nothing but space between them.
fn children<'d>(node: Node<'d, 'd>) -> Vec<Node<'d, 'd>> {
    for child in node.children().filter(|child| !child.is_element()) {
        assert_eq!(child.text().unwrap_or_default().trim(), "");
    }
    node.children().filter(Node::is_element).collect()
}

/// Asks that an element has its attributes, each of them.
fn has_attributes(node: Node<'_, '_>, name: &str) {
    assert_eq!(node.tag_name().name(), name);
    let (_, wanted) = ATTRIBUTES
        .iter()
        .find(|(element, _)| *element == name)
        .unwrap();
    let found: Vec<&str> = node
        .attributes()
        .map(|attribute| attribute.name())
        .collect();
    assert_eq!(found, *wanted);
    if let Some(time) = node.attribute("time") {
        assert!(time.parse::<f64>().unwrap() >= 0.0);
    }
}

fn number(node: Node<'_, '_>, attribute: &str) -> usize {
    node.attribute(attribute).unwrap().parse().unwrap()
}

/// Reads a report. Returns the name of each test, and the kind and text of what it failed with.
fn read(xml: &str) -> Vec<(String, Option<(String, String)>)> {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let root = document.root_element();
    has_attributes(root, "testsuites");
    let mut tests = Vec::new();
    for suite in children(root) {
        has_attributes(suite, "testsuite");
        let before = tests.len();
        for case in children(suite) {
            has_attributes(case, "testcase");
            assert!(number(case, "line") > 0);
            assert_eq!(case.attribute("file"), suite.attribute("name"));
            let bad = children(case);
            assert!(bad.len() <= 1);
            let bad = bad.first().map(|&bad| {
                let kind = bad.tag_name().name().to_owned();
                has_attributes(bad, &kind);
                assert!(!bad.attribute("message").unwrap().is_empty());
                (kind, bad.text().unwrap().to_owned())
            });
            tests.push((case.attribute("name").unwrap().to_owned(), bad));
        }
        let of = |wanted: &str| {
            let kinds = tests[before..].iter().flat_map(|(_, bad)| bad);
            kinds.filter(|(kind, _)| kind == wanted).count()
        };
        assert_eq!(number(suite, "tests"), tests.len() - before);
        assert_eq!(number(suite, "failures"), of("failure"));
        assert_eq!(number(suite, "errors"), of("error"));
    }
    assert_eq!(number(root, "tests"), tests.len());
    tests
}

fn report(directory: &Path, file: &str) -> Vec<(String, Option<(String, String)>)> {
    let mut command = program::berth(&["test", "-o", "junit", file]);
    let output = command.current_dir(directory).output().unwrap();
    read(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn pipelines_read_the_report() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let file = "<&'\"> \u{e9}\u{1f680}.yaml";
    let text = r#"
name: "holds ]]> <![CDATA[ & &amp; \u0000 \u001b \ufffe \u2028 🚀"
object: {spec: {}}
expect: {reason: placed}
---
name: "<fails>\n'on two lines'"
object: {metadata: {labels: {placement.truemark.io/pool: "<\"&'>"}}, spec: {}}
expect: {reason: placed, validate: {denied: "<&>]]>"}}
---
name: "expects nothing"
object: {spec: {}}
---
"<&\u0007>": "cannot be read"
"#;
    fs::write(directory.join(file), text).unwrap();
    let tests = report(directory, file);
    let names: Vec<&str> = tests.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "line 13 can be read",
        "holds ]]> <![CDATA[ & &amp; \u{fffd} \u{fffd} \u{fffd} \u{2028} 🚀",
        "<fails>\u{fffd}'on two lines'",
        "expects nothing",
    ];
    assert_eq!(names, expected);
    let kinds: Vec<Option<&str>> = tests
        .iter()
        .map(|(_, bad)| bad.as_ref().map(|(kind, _)| kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [Some("error"), None, Some("failure"), Some("failure")]
    );
    let (_, text) = tests[2].1.as_ref().unwrap();
    assert!(
        text.contains("expect.validate.denied: expected \"<&>]]>\", found"),
        "{text}"
    );
}

/// The report on berth's own cases has each of them.
#[test]
fn berths_own_cases_are_a_report() {
    let tests = report(&repository::path_of(""), "tests/cases");
    assert!(tests.len() > 400);
    assert!(tests.iter().all(|(_, bad)| bad.is_none()));
}

fn update(file: &Path) -> (Option<i32>, String) {
    let output = program::run(&["test", "--update", file.to_str().unwrap()]);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

const STALE: &str = "name: stale\nobject: {spec: {}}\nexpect: {pool: batch}\n";

#[test]
fn an_update_keeps_the_mode_and_follows_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (
        directory.path().join("cases.yaml"),
        directory.path().join("link.yaml"),
    );
    fs::write(&file, STALE).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("cases.yaml", &link).unwrap();
    assert_eq!(update(&link).0, Some(0));
    assert!(link.is_symlink());
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        STALE.replace("batch", "default")
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn an_update_leaves_a_file_that_is_encoded_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cases.yaml");
    let text = format!("\u{feff}{STALE}");
    fs::write(&file, &text).unwrap();
    let (code, printed) = update(&file);
    assert_eq!(code, Some(1));
    assert!(printed.contains("byte-order mark"), "{printed}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

/// Lines that end as on Windows stay so, and so does what stands in them.
#[test]
fn an_update_keeps_the_ends_of_lines() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cases.yaml");
    let text = "# Ours.\nname: stale\nobject: {spec: {}}\nexpect:\n  pool: batch # why\n  nodePools: # which\n  - x\n  mode: Enforce\n";
    fs::write(&file, text.replace('\n', "\r\n")).unwrap();
    assert_eq!(update(&file).0, Some(0));
    let expected = text
        .replace("batch", "default")
        .replace(" # which\n  - x\n", " [amd64-default] # which\n");
    let found = fs::read_to_string(&file).unwrap();
    assert_eq!(found.replace("\r\n", "\n"), expected, "{found:?}");
}

/// The schema that is printed is the one in the repository, and it knows each field that a case of berth's own has.
#[test]
fn the_schema_knows_the_fields_of_berths_own_cases() {
    let printed = program::run(&["test", "--schema"]).stdout;
    let file = "deploy/cases.schema.json";
    let of_repository = repository::text_of(file);
    assert!(
        of_repository.as_bytes() == printed,
        "{file} is not that of the types; make it anew:\n  cargo run -- test --schema > {file}"
    );
    let schema: Value = serde_json::from_str(&of_repository).unwrap();
    let mut judged = 0;
    for path in repository::files_below("tests/cases") {
        for document in repository::values_of(&repository::text_of(&path)) {
            let part = if document["version"].is_null() {
                "else"
            } else {
                "then"
            };
            known(&document, &schema[part], &path.display().to_string());
            judged += 1;
        }
    }
    assert!(judged > 400);
}

/// Asks that a schema, which allows no others, has the fields of a value.
fn known(value: &Value, schema: &Value, place: &str) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    assert_eq!(schema["additionalProperties"], false, "{place}");
    for (field, value) in value.as_object().into_iter().flatten() {
        let schema = properties
            .get(field)
            .unwrap_or_else(|| panic!("{place}: {field}"));
        let some = schema["anyOf"].as_array().and_then(|any| any.first());
        known(value, some.unwrap_or(schema), &format!("{place}: {field}"));
    }
}
