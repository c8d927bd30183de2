//! A pod's hard constraints on its node: its node selector AND one of its affinity terms.

use std::borrow::Cow;

use super::json::{Malformed, Reader};
use super::maps::NodeSelector;
use super::pod::Spec;
use super::requirement::{Operator, Requirement, canonical};

/// The affinity of a pod, of which node affinity alone is read.
#[derive(Debug, Default)]
pub struct Affinity<'a> {
    /// The node affinity.
    pub node_affinity: Option<NodeAffinity<'a>>,
}

impl<'a> Affinity<'a> {
    pub(super) fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut affinity = Self::default();
        json.members(&["nodeAffinity"], |_, value| {
            affinity.node_affinity = Some(NodeAffinity::read(value)?);
            Ok(())
        })?;
        Ok(affinity)
    }
}

/// The node affinity of a pod.
#[derive(Debug, Default)]
pub struct NodeAffinity<'a> {
    /// The terms that are required, which are alternatives (R4.2).
    required: Option<Vec<Term<'a>>>,
    /// What is preferred, unread: only a pool that binds `Preferred` needs to know it.
    pub preferred: Option<&'a str>,
}

impl<'a> NodeAffinity<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
        let mut affinity = Self::default();
        json.members(&[REQUIRED, PREFERRED], |key, value| {
            if key == PREFERRED {
                affinity.preferred = Some(value.span()?);
                return Ok(());
            }
            let mut terms = Vec::new();
            value.members(&["nodeSelectorTerms"], |_, list| {
                terms = list.list_of(Term::read)?;
                Ok(())
            })?;
            affinity.required = Some(terms);
            Ok(())
        })?;
        Ok(affinity)
    }
}

/// One term of a required node affinity. An empty one matches no node (R4.3).
#[derive(Debug, Default)]
pub struct Term<'a> {
    /// The requirements on labels, sorted by canonical key; nothing where the term has no such list.
    expressions: Option<Vec<Expression<'a>>>,
    has_fields: bool,
    names_node: bool,
}

/// A requirement on a label as the pod writes it, but for the order of its values.
#[derive(Debug, Default)]
struct Expression<'a> {
    key: Cow<'a, str>,
    operator: Operator,
    values: Vec<Cow<'a, str>>,
}

impl<'a> Expression<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut expression = Self::default();
        json.members(&["key", "operator", "values"], |key, value| {
            match key {
                "key" => expression.key = value.text()?,
                "operator" => expression.operator = Operator::from(value.text()?.as_ref()),
                _ => expression.values = value.list_of(Reader::text)?,
            }
            Ok(())
        })?;
        // Order has no meaning here, and sorted lists keep hostile ones from costing quadratic time.
        expression.values.sort_unstable();
        Ok(expression)
    }

    fn requirement(&self) -> Requirement<'_, 'a> {
        Requirement {
            key: canonical(&self.key),
            operator: self.operator,
            values: &self.values,
        }
    }
}

impl<'a> Term<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut term = Self::default();
        json.members(&["matchExpressions", "matchFields"], |key, value| {
            if key == "matchExpressions" {
                let mut expressions = value.list_of(Expression::read)?;
                expressions.sort_unstable_by(|a, b| canonical(&a.key).cmp(canonical(&b.key)));
                term.expressions = Some(expressions);
                return Ok(());
            }
            value.items(|field| {
                term.has_fields = true;
                field.members(&["key"], |_, key| {
                    term.names_node |= key.text()?.as_ref() == "metadata.name";
                    Ok(())
                })
            })
        })?;
        Ok(term)
    }

    /// Whether the term has nothing in it, and so matches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_fields && self.expressions().is_empty()
    }

    /// Whether the term pins the pod to a node by its name.
    #[must_use]
    pub fn names_node(&self) -> bool {
        self.names_node
    }

    /// Whether the term has a list of requirements on labels that another can be added to.
    #[must_use]
    pub fn has_expressions(&self) -> bool {
        self.expressions.is_some()
    }

    /// Whether the term is this one requirement and nothing else, whatever the order of its values.
    #[must_use]
    pub fn is_only(&self, key: &str, operator: Operator, values: &[&str]) -> bool {
        let [only] = self.expressions() else {
            return false;
        };
        let listed = only.values.as_slice();
        !self.has_fields
            && only.key.as_ref() == key
            && only.operator == operator
            && listed.len() == values.len()
            && values.iter().all(|value| {
                listed
                    .binary_search_by(|item| item.as_ref().cmp(value))
                    .is_ok()
            })
    }

    fn expressions(&self) -> &[Expression<'a>] {
        self.expressions.as_deref().unwrap_or_default()
    }
}

/// A term of the preferred node affinity.
#[derive(Debug, Default)]
pub struct PreferredTerm<'a> {
    /// How much the term counts, from 1 to 100.
    pub weight: i64,
    /// What nodes had better match.
    pub preference: Term<'a>,
}

impl<'a> PreferredTerm<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut term = Self::default();
        json.members(&["weight", "preference"], |key, value| {
            if key == "weight" {
                term.weight = value.parse()?;
            } else {
                term.preference = Term::read(value)?;
            }
            Ok(())
        })?;
        Ok(term)
    }
}

/// One way to satisfy a pod's hard constraints: its node selector and, where there are any, one term.
#[derive(Debug, Clone, Copy)]
pub struct Alternative<'v, 'a> {
    selector: &'v [(Cow<'a, str>, Cow<'a, str>)],
    expressions: &'v [Expression<'a>],
}

impl<'v, 'a> Alternative<'v, 'a> {
    /// The requirements on one label, given by its canonical key.
    pub fn on(self, key: &str) -> impl Iterator<Item = Requirement<'v, 'a>> + Clone + use<'v, 'a> {
        let selected = run(self.selector, |(listed, _)| canonical(listed), key);
        let required = run(
            self.expressions,
            |expression| canonical(&expression.key),
            key,
        );
        selected
            .iter()
            .map(selected_requirement)
            .chain(required.iter().map(Expression::requirement))
    }

    /// Whether anything is asked of the label.
    #[must_use]
    pub fn constrains(self, key: &str) -> bool {
        self.on(key).next().is_some()
    }

    /// Whether a node with this value of the label may be used, as far as this label goes.
    #[must_use]
    pub fn admits(self, key: &str, value: &str) -> bool {
        self.on(key)
            .all(|requirement| requirement.admits(Some(value)))
    }

    /// The canonical keys of the labels that the term constrains, each once.
    pub fn term_keys(self) -> impl Iterator<Item = &'v str> {
        self.expressions
            .chunk_by(|a, b| canonical(&a.key) == canonical(&b.key))
            .map(|chunk| canonical(&chunk[0].key))
    }

    /// The canonical keys of the labels that the node selector constrains, each once.
    pub fn selector_keys(self) -> impl Iterator<Item = &'v str> {
        self.selector
            .chunk_by(|(a, _), (b, _)| canonical(a) == canonical(b))
            .map(|chunk| canonical(&chunk[0].0))
    }
}

fn selected_requirement<'v, 'a>(
    (key, value): &'v (Cow<'a, str>, Cow<'a, str>),
) -> Requirement<'v, 'a> {
    Requirement {
        key: canonical(key),
        operator: Operator::In,
        values: std::slice::from_ref(value),
    }
}

/// The run of a sorted list whose items have the key.
fn run<'v, T>(sorted: &'v [T], key_of: impl Fn(&T) -> &str, key: &str) -> &'v [T] {
    let start = sorted.partition_point(|item| key_of(item) < key);
    let length = sorted[start..].partition_point(|item| key_of(item) == key);
    &sorted[start..start + length]
}

impl<'a> Spec<'a> {
    fn node_affinity(&self) -> Option<&NodeAffinity<'a>> {
        self.affinity.as_ref()?.node_affinity.as_ref()
    }

    /// The terms of the required node affinity; nothing where the pod has no required node affinity.
    #[must_use]
    pub fn terms(&self) -> Option<&[Term<'a>]> {
        self.node_affinity()?.required.as_deref()
    }

    /// The terms of the preferred node affinity.
    ///
    /// # Errors
    /// When they are no list of such terms.
    pub fn preferred(&self) -> Result<Vec<PreferredTerm<'a>>, Malformed> {
        let preferred = self.node_affinity().and_then(|affinity| affinity.preferred);
        preferred.map_or(Ok(Vec::new()), |list| {
            Reader::new(list).list_of(PreferredTerm::read)
        })
    }

    /// Whether there are terms of preferred node affinity.
    #[must_use]
    pub fn has_preferences(&self) -> bool {
        self.node_affinity()
            .is_some_and(|affinity| affinity.preferred.is_some())
    }

    /// The ways to satisfy the pod's hard constraints: one for each term that is not empty, or just its node selector.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative<'_, 'a>> {
        let terms = self.terms();
        let selector_alone = terms.is_none().then(|| self.selector_alone());
        let terms = terms
            .unwrap_or_default()
            .iter()
            .filter(|term| !term.is_empty());
        selector_alone
            .into_iter()
            .chain(terms.map(|term| self.alternative(term)))
    }

    /// What the node selector asks, and nothing else.
    #[must_use]
    pub fn selector_alone(&self) -> Alternative<'_, 'a> {
        let selector = self.node_selector.as_ref().map(NodeSelector::entries);
        Alternative {
            selector: selector.unwrap_or_default(),
            expressions: &[],
        }
    }

    /// What the node selector and this one term ask.
    #[must_use]
    pub fn alternative<'v>(&'v self, term: &'v Term<'a>) -> Alternative<'v, 'a> {
        Alternative {
            expressions: term.expressions(),
            ..self.selector_alone()
        }
    }
}
