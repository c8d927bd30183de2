//! The metadata of a pod, a workload or a pod template.

use std::borrow::Cow;
use std::fmt;

use super::labels::{Keys, Labels};
use crate::encoding::json::{Malformed, Reader, fields};

/// The metadata of a pod, a workload or a pod template.
#[derive(Debug, Default)]
pub struct Metadata<'a> {
    /// The object's name; empty while the API server has still to generate it (R1.10).
    pub name: Cow<'a, str>,
    /// The prefix of the name that will be generated.
    pub generate_name: Cow<'a, str>,
    /// The labels.
    pub labels: Option<Labels<'a>>,
    /// The annotations' keys.
    pub annotations: Option<Keys<'a>>,
    controller: Option<OwnerReference<'a>>,
    /// Whether the object is being deleted.
    pub being_deleted: bool,
}

#[derive(Debug, Default)]
struct OwnerReference<'a> {
    api_version: Cow<'a, str>,
    kind: Cow<'a, str>,
    controller: bool,
}

impl<'a> Metadata<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut metadata = Self::default();
        fields!(json, |value| {
            "name" => metadata.name = value.text()?,
            "generateName" => metadata.generate_name = value.text()?,
            "labels" => metadata.labels = Some(Labels::read(value)?),
            "annotations" => metadata.annotations = Some(Keys::read(value)?),
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

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.as_ref()?.get(key)
    }

    /// Whether there is an annotation of that key.
    #[must_use]
    pub fn has_annotation(&self, key: &str) -> bool {
        self.annotations
            .as_ref()
            .is_some_and(|annotations| annotations.contains(key))
    }

    /// The one owner that is the object's controller.
    #[must_use]
    pub fn controller(&self) -> Option<Controller<'_>> {
        let OwnerReference {
            api_version,
            kind,
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
            "controller" => owner.controller = value.parse()?,
        })?;
        Ok(owner)
    }
}

/// A controller's API group and kind: never the kind alone, which other groups use too (R1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The kind.
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
