//! Examines the input: every object gets the fate that the server would give it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::decode::decode;
use super::explanation::Explanation;
use super::report::{Examined, Fate, Report};
use super::role::Role;
use crate::cli::files::{Element, Identity, Location, Manifest, ObjectAt, elements, line_of};
use crate::encoding::field::{FieldError, FieldPath};
use crate::names::NAME_LABEL;
use crate::placement::{Reason, Snapshot};
use crate::pod::NamespaceLabels;

/// The most text that is searched for the lines of fields, since each search reads its manifest anew.
const SEARCHED_BYTES: usize = 16 * 1024 * 1024;

/// Examines every object of the input. Its namespaces count wherever they stand, so they are read first.
pub(super) fn examine<'a>(manifests: &'a [Manifest], snapshot: &'a mut Snapshot) -> Report<'a> {
    let found: Vec<_> = manifests
        .iter()
        .map(|manifest| manifest.value.as_ref().map(elements))
        .collect();
    add_namespaces(found.iter().flatten().flatten(), snapshot);
    let mut examination = Examination {
        snapshot,
        objects: Vec::new(),
        assumed: BTreeSet::new(),
        searchable: SEARCHED_BYTES,
    };
    for (position, (manifest, elements)) in manifests.iter().zip(found).enumerate() {
        match elements {
            Ok(elements) => {
                for element in elements {
                    examination.element(element, manifest, position);
                }
            }
            Err(error) => {
                let fate = Fate::Refused(FieldError::new(error.to_string()));
                let (path, identity) = (FieldPath::default(), Identity::default());
                examination.add(fate, path, identity, manifest, position);
            }
        }
    }
    Report {
        manifests,
        objects: examination.objects,
        assumed: examination.assumed,
        mode: examination.snapshot.policy.mode,
    }
}

/// Adds the namespaces of the input to the snapshot. One that the API server would refuse does not count.
fn add_namespaces<'e>(elements: impl Iterator<Item = &'e Element<'e>>, snapshot: &mut Snapshot) {
    let namespaces = Arc::make_mut(&mut snapshot.namespaces);
    for element in elements {
        if let Element::Object(object) = element
            && Role::of(object) == Role::Namespace
            && decode(&object.identity, object.value).is_ok()
        {
            let labels = Arc::new(labels(object));
            namespaces.insert(object.identity.name.into(), labels);
        }
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
struct Examination<'a> {
    snapshot: &'a Snapshot,
    objects: Vec<Examined<'a>>,
    assumed: BTreeSet<&'a str>,
    /// The text that may still be searched for lines, in bytes.
    searchable: usize,
}

impl<'a> Examination<'a> {
    fn element(&mut self, element: Element<'a>, manifest: &Manifest, position: usize) {
        match element {
            Element::Object(object) => {
                let fate = fate(&object, self.snapshot);
                if assumes(&object, &fate, self.snapshot) {
                    let namespace = object.identity.effective_namespace();
                    self.assumed.insert(namespace);
                }
                self.add(fate, object.path, object.identity, manifest, position);
            }
            Element::Misfit { identity, error } => {
                let (fate, path) = (Fate::Refused(error), FieldPath::default());
                self.add(fate, path, identity, manifest, position);
            }
        }
    }

    fn add(
        &mut self,
        fate: Fate<'a>,
        path: FieldPath,
        identity: Identity<'a>,
        manifest: &Manifest,
        position: usize,
    ) {
        let location = self.location(&fate, manifest);
        self.objects.push(Examined {
            manifest: position,
            location,
            path,
            identity,
            fate,
        });
    }

    /// Returns the place of the manifest, or of the field that the object is refused for.
    fn location(&mut self, fate: &Fate<'_>, manifest: &Manifest) -> Location {
        let mut location = manifest.location.clone();
        if let Fate::Refused(FieldError { path, .. }) = fate
            && manifest.value.is_ok()
            && manifest.text.len() <= self.searchable
        {
            self.searchable -= manifest.text.len();
            if let Some(line) = line_of(&manifest.text, path) {
                location.line = Some(manifest.start + line - 1);
            }
        }
        location
    }
}

fn fate<'a>(object: &ObjectAt<'_>, snapshot: &'a Snapshot) -> Fate<'a> {
    let ObjectAt {
        path,
        identity,
        value,
    } = object;
    if let Err(error) = decode(identity, value) {
        let mut whole = path.clone();
        whole.0.extend(error.path.0);
        let message = error.message;
        return Fate::Refused(FieldError {
            path: whole,
            message,
        });
    }
    let explanation = match Role::of(object) {
        Role::Placed(kind) => {
            let namespace = identity.effective_namespace();
            Explanation::of(kind, value, namespace, snapshot)
                .unwrap_or_else(|message| Explanation::left_alone(Reason::Malformed, Some(message)))
        }
        Role::Left(reason) => Explanation::left_alone(reason, None),
        Role::Namespace | Role::Unconcerned => return Fate::Skipped,
    };
    Fate::Explained(Box::new(explanation))
}

/// True if the fate rests on a namespace that the input says nothing of.
fn assumes(object: &ObjectAt<'_>, fate: &Fate<'_>, snapshot: &Snapshot) -> bool {
    let is_decided = matches!(Role::of(object), Role::Placed(_))
        && matches!(fate, Fate::Explained(explanation) if explanation.decision.reason != Reason::Namespace);
    let namespace = object.identity.effective_namespace();
    is_decided && !snapshot.namespaces.contains_key(namespace)
}
