//! The cases: each behaviour is a document of `tests/cases/*.yaml`, with its input and its outcome. The findings of the
//! checks are documents of `tests/cases/validation/*.yaml`. `berth test` reads the same files; here an outcome that a case
//! does not name must not occur, and the laws hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use berth::cases::{self, Case, CaseFile, Ground, NAMESPACE, Outcome, Review, Strictness};
use berth::node::{Catalogue, NodePool};
use berth::placement::{Reason, Snapshot};
use berth::validation::Check;
use serde_json::Value;

use crate::harness::repository;
use crate::harness::snapshots;
use crate::harness::verdict;
use crate::model::laws;

/// A case, and where it stands.
struct Placed {
    file: PathBuf,
    place: String,
    header: cases::Header,
    case: Case,
}

/// Reads every case: those of placement, and those of each check.
fn cases() -> Vec<Placed> {
    let mut found = Vec::new();
    for file in repository::files_below("tests/cases") {
        let CaseFile {
            header,
            cases,
            misread,
        } = cases::read(&repository::text_of(&file));
        assert!(misread.is_empty(), "{}: {misread:?}", file.display());
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        found.extend(cases.into_iter().map(|read| Placed {
            file: file.clone(),
            place: format!("{name}:{}", read.line),
            header: header.clone(),
            case: read.case,
        }));
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn every_case_holds() {
    let mut failures = Vec::new();
    for placed in cases() {
        let complaints = placed.complaints();
        let (place, name) = (&placed.place, &placed.case.name);
        failures.extend(
            complaints
                .iter()
                .map(|complaint| format!("{place}: {name}: {complaint}\n")),
        );
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_reason_has_a_case() {
    let cases = cases();
    let expected = cases
        .iter()
        .filter_map(|placed| placed.case.expect.as_ref());
    let shown: BTreeSet<&str> = expected
        .filter_map(|expect| expect.reason.as_deref())
        .collect();
    for reason in Reason::ALL {
        let wanted = *reason != Reason::InternalError;
        assert_eq!(shown.contains(reason.as_str()), wanted, "{reason}");
    }
}

#[test]
fn every_check_finds_something_in_a_case_of_its_own_file() {
    let cases = cases();
    for check in Check::ALL {
        let file = repository::path_of(format!("tests/cases/validation/{check}.yaml"));
        let finds = cases.iter().filter(|placed| placed.file == file);
        let mut validates =
            finds.filter_map(|placed| placed.case.expect.as_ref()?.validate.as_ref());
        let finds =
            validates.any(|validate| validate.findings.iter().any(|name| name == check.as_str()));
        let file = file.display();
        assert!(finds, "{file} has no case in which {check} finds anything");
    }
}

/// Each rule of `docs/rules.md` that a case can show has one.
#[test]
fn every_rule_has_a_case() {
    let tests = (1..=18).chain(21..=24).chain(25..=31).chain([37, 40]);
    let wanted = tests
        .map(|number| format!("T{number}"))
        .chain((1..=7).map(|number| format!("R3.{number}")))
        .chain((9..=11).map(|number| format!("R3.{number}")))
        .chain((1..=12).map(|number| format!("R4.{number}")))
        .chain((1..=7).map(|number| format!("R7.{number}")))
        .chain((9..=12).map(|number| format!("R7.{number}")))
        .chain(["R1.5".to_owned()]);
    let cases = cases();
    let named: BTreeSet<&str> = cases
        .iter()
        .flat_map(|placed| &placed.case.rule)
        .map(String::as_str)
        .collect();
    let missing: Vec<String> = wanted
        .filter(|rule| !named.contains(rule.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_two_cases_share_a_name() {
    let mut seen = BTreeSet::new();
    for Placed { place, case, .. } in cases() {
        assert!(seen.insert(case.name.clone()), "{place}: {}", case.name);
    }
}

impl Placed {
    /// Returns the path of a file that the case names.
    fn beside(&self, file: &str) -> PathBuf {
        self.file.parent().unwrap().join(file)
    }

    fn snapshot(&self) -> Snapshot {
        let Self { header, case, .. } = self;
        let policy = case.policy_file.as_ref().or(header.policy_file.as_ref());
        let policy = policy.map(|file| repository::value_of(self.beside(file)));
        let files = case.node_pool_files.as_ref();
        let files = files.unwrap_or(&header.node_pool_files).iter();
        let mut node_pools: Option<Catalogue> = None;
        for file in files.flat_map(|path| manifests(&self.beside(path))) {
            let objects = repository::values_of(&repository::text_of(file)).into_iter();
            for object in objects.filter(|object| object["kind"] == "NodePool") {
                let node_pool = NodePool::from_object(object).unwrap();
                node_pools
                    .get_or_insert_default()
                    .insert(node_pool)
                    .unwrap();
            }
        }
        let ground = Ground {
            policy: policy.as_ref(),
            node_pools: node_pools.as_ref(),
        };
        let snapshot = ground.snapshot(header, case);
        snapshot.unwrap_or_else(|error| panic!("{}: {}: {error}", self.place, case.name))
    }

    /// Returns the review's body, and the object in it.
    fn review(&self) -> (Vec<u8>, Value) {
        if let Some(file) = &self.case.review_file {
            let text = repository::text_of(self.beside(file));
            let review: Value = serde_json::from_str(&text).unwrap();
            return (text.into_bytes(), review["request"]["object"].clone());
        }
        let (review, object) = Review::of(&self.case);
        (review.body(), object)
    }

    fn complaints(&self) -> Vec<String> {
        let Self { case, .. } = self;
        let snapshot = self.snapshot();
        let (body, object) = self.review();
        let outcome = Outcome::of(&body, &object, &snapshot, case).unwrap();
        let differences = case.differences(&outcome, Strictness::Whole);
        let mut complaints: Vec<String> = differences
            .iter()
            .map(|found| {
                let (path, expected, found) = (&found.path, &found.expected, &found.found);
                format!("{path}:\n  expected {expected:#}\n  found    {found:#}")
            })
            .collect();
        let expect = case.expect.clone().unwrap_or_default();
        if expect.reason.is_none() && expect.validate.is_none() {
            complaints.push("expects nothing: name a reason, or what validate says".to_owned());
        }
        // The answers are held against the protocol, too.
        let mutated = verdict::mutate(&body, &snapshot);
        assert!(mutated.warnings.is_empty(), "{:?}", mutated.warnings);
        let _ = verdict::validate(&body, &snapshot);
        let is_plain = object.is_object() && case.request.is_none() && case.review_file.is_none();
        if is_plain && expect.reason.is_some() {
            complaints.extend(laws::broken(&object, &snapshot));
        }
        complaints
    }
}

/// Returns the manifests that a path names.
fn manifests(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut files = repository::files_below(path);
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    files
}

/// Cases speak of the namespace that reviews come from.
#[test]
fn the_usual_namespace_has_opted_in() {
    let snapshot = snapshots::default_snapshot();
    let labels = snapshot.namespace(NAMESPACE).labels.unwrap();
    assert!(berth::placement::opted_in(labels));
}
