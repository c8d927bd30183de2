//! The report on the input: every object in it, and its fate.

use std::collections::BTreeSet;

use super::explanation::Explanation;
use crate::cli::files::{Identity, Location, Manifest};
use crate::encoding::field::{FieldError, FieldPath};
use crate::policy::Mode;

/// The report on the whole input.
#[derive(Debug)]
pub(super) struct Report<'a> {
    /// The manifests, in the input's order.
    pub(super) manifests: &'a [Manifest],
    /// Their objects, in the same order.
    pub(super) objects: Vec<Examined<'a>>,
    /// The namespaces that are taken as opted in, since no manifest says otherwise.
    pub(super) assumed: BTreeSet<&'a str>,
    /// The mode of the policy as a whole.
    pub(super) mode: Mode,
}

impl Report<'_> {
    /// True if an object was refused or could not be read.
    pub(super) fn has_refusals(&self) -> bool {
        let mut fates = self.objects.iter().map(|object| &object.fate);
        fates.any(|fate| matches!(fate, Fate::Refused(_)))
    }

    /// Says which namespaces are taken as opted in, if any.
    pub(super) fn assumption(&self) -> Option<String> {
        let names: Vec<&str> = self.assumed.iter().copied().collect();
        let (noun, verb, whose) = match names.len() {
            0 => return None,
            1 => ("namespace", "is", "its Namespace manifest"),
            _ => ("namespaces", "are", "their Namespace manifests"),
        };
        Some(format!(
            "assuming {noun} {} {verb} opted in; add {whose} to the input to check",
            names.join(", ")
        ))
    }
}

/// An object of the input, and its fate.
#[derive(Debug)]
pub(super) struct Examined<'a> {
    /// The position of its manifest.
    pub(super) manifest: usize,
    /// The place of its manifest, or of the field that it is refused for.
    pub(super) location: Location,
    /// The path to it in its manifest.
    pub(super) path: FieldPath,
    /// Its kind and names, as far as they are known.
    pub(super) identity: Identity<'a>,
    pub(super) fate: Fate<'a>,
}

/// The fate of an object.
#[derive(Debug)]
pub(super) enum Fate<'a> {
    /// It makes pods, and berth decides for them.
    Explained(Box<Explanation<'a>>),
    /// It cannot be read, or the API server would refuse it.
    Refused(FieldError),
    /// It has nothing to do with placement.
    Skipped,
}
