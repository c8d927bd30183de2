//! Examines the input: every object gets the fate that the server would give it.
//!
//! One object is in memory at a time, besides the text of the files.

use std::io;
use std::sync::Arc;

use super::decode::decode;
use super::explanation::Explanation;
use super::live::Facts;
use super::makers::Maker;
use super::report::{Examined, Fate, Summary};
use super::role::Role;
use super::templates::templates;
use crate::cli::files::{Element, Identity, LineSearch, Location, Manifest, ObjectAt};
use crate::encoding::field::{FieldError, FieldPath};
use crate::names::NAME_LABEL;
use crate::placement::{Reason, Snapshot};
use crate::pod::NamespaceLabels;

/// Takes an object that has been examined.
pub(super) type Show<'s, 'p> = &'s mut dyn FnMut(Examined<'_, 'p>) -> io::Result<()>;

/// Adds the namespaces of the input to the snapshot, since they count wherever they stand. One that the API server
/// would refuse does not count.
pub(super) fn add_namespaces(manifests: &[Manifest], snapshot: &mut Snapshot) {
    let namespaces = &mut snapshot.namespaces;
    for manifest in manifests {
        if !manifest.may_hold("Namespace") {
            continue;
        }
        manifest.each(&mut |element| {
            if let Element::Object(object) = element
                && Role::of(&object) == Role::Namespace
                && decode(&object.identity, object.value).is_ok()
            {
                let labels = Arc::new(labels(&object));
                namespaces.insert_mut(object.identity.name.into(), labels);
            }
        });
    }
}

/// Returns the labels of a namespace, and the one that every API server adds.
fn labels(object: &ObjectAt<'_>) -> NamespaceLabels {
    let written = object.value.pointer("/metadata/labels");
    let written = written.and_then(|labels| labels.as_object()).into_iter();
    let written = written
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
    written
        .chain([(NAME_LABEL, object.identity.name)])
        .collect()
}

/// An examination under way.
pub(super) struct Examination<'p> {
    pub(super) snapshot: &'p Snapshot,
    /// The facts about live objects; `None` for manifests.
    pub(super) facts: Option<&'p Facts>,
    /// The summary, which is said at the end.
    pub(super) summary: Summary,
    /// The search for the lines of fields.
    lines: LineSearch,
}

impl<'p> Examination<'p> {
    /// Begins with nothing examined.
    pub(super) fn new(snapshot: &'p Snapshot) -> Self {
        Self {
            snapshot,
            facts: None,
            summary: Summary::default(),
            lines: LineSearch::new(),
        }
    }

    /// Begins with nothing examined of live objects.
    pub(super) fn of_live(snapshot: &'p Snapshot, facts: &'p Facts) -> Self {
        Self {
            facts: Some(facts),
            ..Self::new(snapshot)
        }
    }

    /// Begins anew on the same input.
    pub(super) fn anew(&self) -> Self {
        Self {
            facts: self.facts,
            ..Self::new(self.snapshot)
        }
    }

    /// Examines the objects of a manifest, and shows each.
    pub(super) fn manifest(&mut self, manifest: &Manifest, show: Show<'_, 'p>) -> io::Result<()> {
        self.summary.warnings.extend_from_slice(&manifest.warnings);
        if let Err(error) = &manifest.content {
            let fate = Fate::Unreadable(FieldError::new(error.to_string()));
            return show(self.examined(
                fate,
                &FieldPath::default(),
                Identity::default(),
                None,
                manifest,
            ));
        }
        let mut shown = Ok(());
        manifest.each(&mut |element| {
            if shown.is_ok() {
                shown = self.element(&element, manifest, show);
            }
        });
        shown
    }

    fn element(
        &mut self,
        element: &Element<'_>,
        manifest: &Manifest,
        show: Show<'_, 'p>,
    ) -> io::Result<()> {
        let object = match element {
            Element::Object(object) => object,
            Element::Misfit { identity, error } => {
                let fate = Fate::Unreadable(error.clone());
                return show(self.examined(fate, &FieldPath::default(), *identity, None, manifest));
            }
        };
        for fate in fates(object, self.snapshot) {
            if assumes(object, &fate, self.snapshot) {
                let namespace = object.identity.effective_namespace();
                if !self.summary.assumed.contains(namespace) {
                    self.summary.assumed.insert(namespace.to_owned());
                }
            }
            let value = Some(object.value);
            show(self.examined(fate, &object.path, object.identity, value, manifest))?;
        }
        Ok(())
    }

    fn examined<'o>(
        &mut self,
        fate: Fate<'p>,
        path: &FieldPath,
        identity: Identity<'o>,
        value: Option<&'o serde_json::Value>,
        manifest: &Manifest,
    ) -> Examined<'o, 'p> {
        let namespace = identity.effective_namespace();
        let facts = self.facts;
        let object = Examined {
            live: facts.and_then(|facts| facts.of(identity.kind, namespace, identity.name)),
            location: self.location(&fate, manifest),
            path: path.clone(),
            identity,
            value,
            fate,
        };
        self.summary.count(&object);
        object
    }

    /// Returns the place of the manifest, or of the field that the object is refused for.
    fn location(&mut self, fate: &Fate<'_>, manifest: &Manifest) -> Location {
        let mut location = manifest.location.clone();
        if let Fate::Unreadable(FieldError { path, .. }) = fate {
            let line = self.lines.line(manifest, path);
            location.line = line.or(location.line);
        }
        location
    }
}

/// Returns the fate of an object: one, unless it has several templates.
pub(in crate::cli) fn fates<'p>(object: &ObjectAt<'_>, snapshot: &'p Snapshot) -> Vec<Fate<'p>> {
    let ObjectAt {
        path,
        identity,
        value,
    } = object;
    if let Err(error) = decode(identity, value) {
        let mut whole = path.clone();
        whole.0.extend(error.path.0);
        return vec![Fate::Unreadable(FieldError {
            path: whole,
            message: error.message,
        })];
    }
    let explanations = match Role::of(object) {
        Role::Placed(kind) => {
            let namespace = identity.effective_namespace();
            vec![Explanation::of(kind, value, namespace, snapshot).unwrap_or_else(malformed)]
        }
        Role::Maker(maker) => of_maker(maker, object, snapshot),
        Role::Left(reason) => vec![Explanation::left_alone(reason, None)],
        Role::UnknownMaker => {
            let detail = Some(UNKNOWN_MAKER.to_owned());
            vec![Explanation::left_alone(Reason::Kind, detail)]
        }
        Role::Namespace | Role::Unconcerned => return vec![Fate::Skipped],
    };
    let explained = |explanation| Fate::Explained(Box::new(explanation));
    explanations.into_iter().map(explained).collect()
}

const UNKNOWN_MAKER: &str = "berth does not change this kind; the pods it creates are placed when they are created, and \
                             berth does not know their controller; to try a rule, explain a Pod with their owner";

/// Explains an object of a kind that the server does not read.
fn of_maker<'p>(
    maker: &Maker,
    object: &ObjectAt<'_>,
    snapshot: &'p Snapshot,
) -> Vec<Explanation<'p>> {
    let namespace = object.identity.effective_namespace();
    let templates = templates(maker, object.value);
    if templates.is_empty() {
        return vec![Explanation::without_template(maker)];
    }
    let explain = |template| {
        Explanation::of_template(maker, object.value, template, namespace, snapshot)
            .unwrap_or_else(malformed)
    };
    templates.into_iter().map(explain).collect()
}

fn malformed<'p>(message: String) -> Explanation<'p> {
    Explanation::left_alone(Reason::Malformed, Some(message))
}

/// True if the fate rests on a namespace that the input says nothing of.
fn assumes(object: &ObjectAt<'_>, fate: &Fate<'_>, snapshot: &Snapshot) -> bool {
    let Fate::Explained(explanation) = fate else {
        return false;
    };
    let is_decided = match Role::of(object) {
        Role::Placed(_) => true,
        Role::Maker(_) => explanation.decision.reason != Reason::Kind,
        Role::Left(_) | Role::UnknownMaker | Role::Namespace | Role::Unconcerned => false,
    };
    let namespace = object.identity.effective_namespace();
    is_decided
        && explanation.decision.reason != Reason::Namespace
        && !snapshot.namespaces.contains_key(namespace)
}
