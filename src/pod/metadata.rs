//! The metadata of a pod, a workload or a pod template, as far as placement reads it.

use std::borrow::Cow;
use std::fmt;

use super::labels::{Annotations, Labels};
use crate::encoding::json::{Malformed, Reader, fields};

/// The metadata of a pod, a workload or a pod template.
#[derive(Debug, Default)]
pub struct Metadata<'a> {
    /// The object's name. It is empty if the API server has not generated it yet (R1.10).
    pub name: Cow<'a, str>,
    /// The prefix from which the API server generates a name. It is empty if the author gave none.
    pub generate_name: Cow<'a, str>,
    /// The labels, or `None` if the object has no such field.
    pub labels: Option<Labels<'a>>,
    /// The annotations, or `None` if the object has no such field.
    pub annotations: Option<Annotations<'a>>,
    /// The first owner with `controller: true`.
    controller: Option<OwnerReference<'a>>,
    /// True if the object has a `deletionTimestamp`.
    pub being_deleted: bool,
}

#[derive(Debug, Default)]
struct OwnerReference<'a> {
    api_version: Cow<'a, str>,
    kind: Cow<'a, str>,
    uid: Cow<'a, str>,
    controller: bool,
}

impl<'a> Metadata<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut metadata = Self::default();
        fields!(json, |value| {
            "name" => metadata.name = value.text()?,
            "generateName" => metadata.generate_name = value.text()?,
            "labels" => metadata.labels = Some(Labels::read(value)?),
            "annotations" => metadata.annotations = Some(Annotations::read(value)?),
            "deletionTimestamp" => metadata.being_deleted = !value.span()?.is_empty(),
            "ownerReferences" => value.items(|owner| {
                let owner = OwnerReference::read(owner)?;
                if owner.controller {
                    metadata.controller.get_or_insert(owner);
                }
                Ok(())
            })?,
        })?;
        Ok(metadata)
    }

    /// Returns the value of a label, or `None` if the object lacks the label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.as_ref()?.get(key)
    }

    /// True if the object has an annotation of that key.
    #[must_use]
    pub fn has_annotation(&self, key: &str) -> bool {
        self.annotations
            .as_ref()
            .is_some_and(|annotations| annotations.contains(key))
    }

    /// Returns the value of an annotation, or `None` if the object lacks the annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<Cow<'_, str>> {
        self.annotations.as_ref()?.get(key)
    }

    /// Returns the `uid` of the owner that is the object's controller. `None` if it has no controller.
    #[must_use]
    pub fn controller_uid(&self) -> Option<&str> {
        self.controller.as_ref().map(|owner| &*owner.uid)
    }

    /// Returns the group and kind of the owner that is the object's controller. `None` if it has no controller.
    #[must_use]
    pub fn controller(&self) -> Option<Controller<'_>> {
        let OwnerReference {
            api_version,
            kind,
            uid: _,
            controller: _,
        } = self.controller.as_ref()?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Some(Controller { group, kind })
    }
}

impl<'a> OwnerReference<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut owner = Self::default();
        fields!(json, |value| {
            "apiVersion" => owner.api_version = value.text()?,
            "kind" => owner.kind = value.text()?,
            "uid" => owner.uid = value.text()?,
            "controller" => owner.controller = value.parse()?,
        })?;
        Ok(owner)
    }
}

/// The API group and kind of a controller. The kind alone would not do, since several groups can use the same kind
/// (R1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'a> {
    /// The API group, without the version. It is empty for the core group.
    pub group: &'a str,
    /// The kind, such as `Job`.
    pub kind: &'a str,
}

impl fmt::Display for Controller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, kind } = self;
        if group.is_empty() {
            f.write_str(kind)
        } else {
            write!(f, "{group}/{kind}")
        }
    }
}
