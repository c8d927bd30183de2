//! The check `contradiction`: selectors that no node of any kind can satisfy (R7.4).

use super::wording::term;
use crate::encoding::wording::clipped;
use crate::forecast::Revision;
use crate::label::{Asked, Requirement};
use crate::pod::{Alternative, Spec, Term};

/// The most requirements on one label among which berth looks for two that clash.
const COMPARED: usize = 16;

/// Reports selectors that no node can satisfy: by a label of the node selector, or by one label in every term.
pub(super) fn contradiction(revision: &Revision<'_>) -> Vec<String> {
    let spec = revision.pod().spec;
    let alone = spec.selector_alone();
    if let Some(key) = alone.selector_keys().find(|key| !can_be_met(alone, key)) {
        return clash(revision, "spec.nodeSelector", alone, key);
    }
    let Some(terms) = spec.terms() else {
        return Vec::new();
    };
    if terms.iter().all(Term::is_empty) {
        return vec![
            format!(
                "{}: an empty term matches no node",
                revision.field(&term(0))
            ),
            "say in it what the nodes must have, or remove the affinity".to_owned(),
        ];
    }
    let Some((position, key)) = first_clash(spec, terms) else {
        return Vec::new();
    };
    let mut lines = clash(
        revision,
        &term(position),
        spec.alternative(&terms[position]),
        key,
    );
    if alone.constrains(key) {
        lines.push(format!("see {}", revision.selection_field(key)));
    }
    let others = terms.iter().filter(|term| !term.is_empty()).count() - 1;
    if others > 0 {
        lines.push(format!("its other terms ({others}) cannot be met either"));
    }
    lines
}

/// Returns the position of the first term that is not empty, and the label in it that no node can satisfy. `None` if a
/// node can satisfy one of the terms.
fn first_clash<'a>(spec: &'a Spec<'_>, terms: &'a [Term<'_>]) -> Option<(usize, &'a str)> {
    let mut first = None;
    for (position, term) in terms.iter().enumerate() {
        if term.is_empty() {
            continue;
        }
        let alternative = spec.alternative(term);
        let key = alternative
            .term_keys()
            .find(|key| !can_be_met(alternative, key))?;
        first.get_or_insert((position, key));
    }
    first
}

/// True if some node can satisfy all that the alternative asks of the label.
fn can_be_met(alternative: Alternative<'_>, key: &str) -> bool {
    Asked::new(alternative.on(key)).can_be_met()
}

/// Returns the lines that name the field, the requirements that clash, and the remedy.
fn clash(
    revision: &Revision<'_>,
    field: &str,
    alternative: Alternative<'_>,
    key: &str,
) -> Vec<String> {
    let all: Vec<Requirement<'_>> = alternative.on(key).take(COMPARED).collect();
    let clashes = |together: &[Requirement<'_>]| !Asked::new(together.iter().copied()).can_be_met();
    let single = all.iter().find(|one| clashes(&[**one]));
    let mut pairs = all
        .iter()
        .enumerate()
        .flat_map(|(index, one)| all[..index].iter().map(move |other| [*other, *one]));
    let named: Vec<Requirement<'_>> = match single {
        Some(single) => vec![*single],
        None => pairs.find(|pair| clashes(pair)).map_or_else(
            || all.iter().copied().take(4).collect(),
            |pair| pair.to_vec(),
        ),
    };
    let named: Vec<String> = named.iter().map(ToString::to_string).collect();
    let field = revision.field(field);
    let key = clipped(key);
    let remedy = match named.len() {
        1 => "correct it",
        _ => "correct or remove one of them",
    };
    vec![
        format!("{field}: no node has {key} {}", named.join(" and ")),
        remedy.to_owned(),
    ]
}
