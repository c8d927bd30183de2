//! The borrowed view of a pod: what placement reads of it, and nothing else.
//!
//! The view is lenient, since others wrote the object: `null` is the same as absent, unknown fields are passed over.
//! It refuses what the API server never sends: a field of another type, a key that stands twice in a map (R6.8).

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::object::objects;
use super::requirement::{Operator, Requirement, canonical};
use super::text::Text;
use super::toleration::Toleration;

/// A pod, or the pods that a template will make.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'v, 'a> {
    /// The metadata of the pod or of the template.
    pub metadata: &'v Metadata<'a>,
    /// The pod's spec.
    pub spec: &'v Spec<'a>,
    /// The pod's controller, by group and kind.
    pub controller: Option<Controller<'v>>,
}

/// A controller's API group and kind: never the kind alone, which other groups use too (R1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'v> {
    /// The API group; empty for the core group.
    pub group: &'v str,
    /// The kind.
    pub kind: &'v str,
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

objects!(
    Metadata,
    Spec,
    Template,
    Affinity,
    NodeAffinity,
    Required,
    TermFile,
    Field,
    Expression,
    PreferredTerm,
    Os,
    OwnerReference,
    Container,
    Resources,
);

/// The metadata of a pod, a workload or a pod template.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The object's name; empty while the API server has still to generate it (R1.10).
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// The prefix of the name that will be generated.
    #[serde(borrow, default)]
    pub generate_name: Text<'a>,
    /// The labels.
    #[serde(borrow, default)]
    pub labels: Option<Labels<'a>>,
    /// The annotations' keys.
    #[serde(borrow, default)]
    pub annotations: Option<Keys<'a>>,
    #[serde(borrow, default, rename = "ownerReferences")]
    owners: OwnerReferences<'a>,
    /// Set once the object is being deleted.
    #[serde(default)]
    pub deletion_timestamp: Option<IgnoredAny>,
}

impl Metadata<'_> {
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
            .is_some_and(|annotations| find(&annotations.0, key).is_some())
    }

    /// The one owner that is the object's controller.
    #[must_use]
    pub fn controller(&self) -> Option<Controller<'_>> {
        let OwnerReference {
            api_version, kind, ..
        } = self.owners.0.as_ref()?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Some(Controller { group, kind })
    }
}

/// Labels, sorted by key.
#[derive(Debug, Default)]
pub struct Labels<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Labels<'_> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        find(&self.0, key).map(Text::as_str)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted_map(deserializer, |key| key).map(Self)
    }
}

/// The keys of a map whose values do not matter, sorted.
#[derive(Debug, Default)]
pub struct Keys<'a>(Vec<(Text<'a>, IgnoredAny)>);

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted_map(deserializer, |key| key).map(Self)
    }
}

/// A node selector, sorted by canonical key: an alias stands beside the key it is another name of.
#[derive(Debug, Default)]
pub struct NodeSelector<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for NodeSelector<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted_map(deserializer, canonical).map(Self)
    }
}

/// The spec of a pod, or of a workload that has a pod template.
///
/// One pass reads either, since no field that is read here has another meaning in the other.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The node selector.
    #[serde(borrow, default)]
    pub node_selector: Option<NodeSelector<'a>>,
    /// The affinity.
    #[serde(borrow, default)]
    pub affinity: Option<Affinity<'a>>,
    /// The tolerations, in the author's order.
    #[serde(borrow, default)]
    pub tolerations: Option<Vec<Toleration<'a>>>,
    /// The node that the pod is bound to.
    #[serde(borrow, default)]
    pub node_name: Text<'a>,
    /// The scheduler that is to place the pod.
    #[serde(borrow, default)]
    pub scheduler_name: Text<'a>,
    /// The priority class.
    #[serde(borrow, default)]
    pub priority_class_name: Text<'a>,
    /// The service account.
    #[serde(borrow, default)]
    pub service_account_name: Text<'a>,
    #[serde(borrow, default)]
    os: Option<Os<'a>>,
    #[serde(borrow, default)]
    containers: Containers<'a>,
    #[serde(borrow, default)]
    init_containers: Containers<'a>,
    #[serde(default)]
    resource_claims: Option<Vec<IgnoredAny>>,
    /// The pod template of a Job, Deployment or StatefulSet.
    #[serde(borrow, default)]
    pub template: Option<Box<Template<'a>>>,
    /// The Job template of a `CronJob`.
    #[serde(borrow, default)]
    pub job_template: Option<Box<Template<'a>>>,
}

/// A pod template, or a Job template whose spec holds one.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub struct Template<'a> {
    /// The template's metadata, where it has any.
    #[serde(borrow, default)]
    pub metadata: Option<Metadata<'a>>,
    /// The template's spec.
    #[serde(borrow, default)]
    pub spec: Option<Spec<'a>>,
}

/// The affinity of a pod, of which node affinity alone is read.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Affinity<'a> {
    /// The node affinity.
    #[serde(borrow, default)]
    pub node_affinity: Option<NodeAffinity<'a>>,
}

/// The node affinity of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub struct NodeAffinity<'a> {
    /// What nodes must match.
    #[serde(
        borrow,
        default,
        rename = "requiredDuringSchedulingIgnoredDuringExecution"
    )]
    pub required: Option<Required<'a>>,
    /// What nodes had better match, unread: only a pool that binds `Preferred` needs to know it.
    #[serde(
        borrow,
        default,
        rename = "preferredDuringSchedulingIgnoredDuringExecution"
    )]
    pub preferred: Option<&'a RawValue>,
}

/// The required part of a node affinity: its terms are alternatives (R4.2).
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Required<'a> {
    #[serde(borrow, default)]
    node_selector_terms: Option<Vec<Term<'a>>>,
}

/// One term of a required node affinity. An empty one matches no node (R4.3).
#[derive(Debug, Default, Deserialize)]
#[serde(from = "TermFile<'a>", bound(deserialize = "'de: 'a"))]
pub struct Term<'a> {
    /// The requirements on labels, sorted by canonical key; nothing where the term has no such list.
    expressions: Option<Vec<Expression<'a>>>,
    has_fields: bool,
    names_node: bool,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct TermFile<'a> {
    #[serde(borrow, default)]
    match_expressions: Option<Vec<Expression<'a>>>,
    #[serde(borrow, default)]
    match_fields: Option<Vec<Field<'a>>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Field<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
}

/// A requirement on a label as the pod writes it.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
struct Expression<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(default)]
    operator: Operator,
    #[serde(borrow, default)]
    values: Option<Vec<Text<'a>>>,
}

impl<'a> From<TermFile<'a>> for Term<'a> {
    fn from(
        TermFile {
            match_expressions,
            match_fields,
        }: TermFile<'a>,
    ) -> Self {
        let mut expressions = match_expressions;
        // Order has no meaning here, and sorted lists keep hostile ones from costing quadratic time.
        if let Some(expressions) = &mut expressions {
            expressions.sort_unstable_by(|a, b| canonical(&a.key).cmp(canonical(&b.key)));
            for values in expressions
                .iter_mut()
                .filter_map(|expression| expression.values.as_mut())
            {
                values.sort_unstable();
            }
        }
        let fields = match_fields.unwrap_or_default();
        let names_node = fields
            .iter()
            .any(|field| field.key.as_str() == "metadata.name");
        Self {
            expressions,
            has_fields: !fields.is_empty(),
            names_node,
        }
    }
}

impl<'a> Term<'a> {
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
        let listed = only.values.as_deref().unwrap_or_default();
        !self.has_fields
            && only.key.as_str() == key
            && only.operator == operator
            && listed.len() == values.len()
            && values.iter().all(|value| {
                listed
                    .binary_search_by(|item| item.as_str().cmp(value))
                    .is_ok()
            })
    }

    fn expressions(&self) -> &[Expression<'a>] {
        self.expressions.as_deref().unwrap_or_default()
    }
}

/// A term of the preferred node affinity.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
pub struct PreferredTerm<'a> {
    /// How much the term counts, from 1 to 100.
    #[serde(default)]
    pub weight: i64,
    /// What nodes had better match.
    #[serde(borrow, default)]
    pub preference: Term<'a>,
}

/// One way to satisfy a pod's hard constraints: its node selector and, where there are any, one term.
#[derive(Debug, Clone, Copy)]
pub struct Alternative<'v, 'a> {
    selector: &'v [(Text<'a>, Text<'a>)],
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

impl<'a> Expression<'a> {
    fn requirement(&self) -> Requirement<'_, 'a> {
        Requirement {
            key: canonical(&self.key),
            operator: self.operator,
            values: self.values.as_deref().unwrap_or_default(),
        }
    }
}

fn selected_requirement<'v, 'a>((key, value): &'v (Text<'a>, Text<'a>)) -> Requirement<'v, 'a> {
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
    /// The terms of the required node affinity; nothing where the pod has no required node affinity.
    #[must_use]
    pub fn terms(&self) -> Option<&[Term<'a>]> {
        let required = self
            .affinity
            .as_ref()?
            .node_affinity
            .as_ref()?
            .required
            .as_ref()?;
        Some(required.node_selector_terms.as_deref().unwrap_or_default())
    }

    /// The terms of the preferred node affinity.
    ///
    /// # Errors
    /// When they are no list of such terms.
    pub fn preferred(&self) -> Result<Vec<PreferredTerm<'a>>, serde_json::Error> {
        let node_affinity = self
            .affinity
            .as_ref()
            .and_then(|affinity| affinity.node_affinity.as_ref());
        node_affinity
            .and_then(|affinity| affinity.preferred)
            .map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()))
    }

    /// The ways to satisfy the pod's hard constraints: one for each term that is not empty, or just its node selector.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative<'_, 'a>> {
        let terms = self.terms();
        let selector_alone = terms.is_none().then(|| self.selector_alone());
        let with_terms = terms
            .unwrap_or_default()
            .iter()
            .filter(|term| !term.is_empty())
            .map(|term| self.alternative(term));
        selector_alone.into_iter().chain(with_terms)
    }

    /// What the node selector asks, and nothing else.
    #[must_use]
    pub fn selector_alone(&self) -> Alternative<'_, 'a> {
        let selector = self
            .node_selector
            .as_ref()
            .map(|selector| selector.0.as_slice())
            .unwrap_or_default();
        Alternative {
            selector,
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

    /// The tolerations; none is the same as an empty list.
    #[must_use]
    pub fn tolerations(&self) -> &[Toleration<'a>] {
        self.tolerations.as_deref().unwrap_or_default()
    }

    /// The operating system that the pod itself names; empty when it names none.
    #[must_use]
    pub fn os(&self) -> &str {
        self.os.as_ref().map_or("", |os| os.name.as_str())
    }

    /// The first extended resource that a container requests, such as `nvidia.com/gpu`, or a claim to a device.
    #[must_use]
    pub fn special_resource(&self) -> Option<&str> {
        let claims = self
            .resource_claims
            .as_ref()
            .is_some_and(|claims| !claims.is_empty())
            .then_some("resourceClaims");
        self.containers
            .0
            .as_deref()
            .or(self.init_containers.0.as_deref())
            .or(claims)
    }
}

#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
struct Os<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

/// Of a list of owner references, the one that is marked as the controller.
#[derive(Debug, Default)]
struct OwnerReferences<'a>(Option<OwnerReference<'a>>);

#[derive(Debug, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct OwnerReference<'a> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(default)]
    controller: Option<bool>,
}

impl<'de: 'a, 'a> Deserialize<'de> for OwnerReferences<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_controller = |owner: &OwnerReference<'de>| owner.controller == Some(true);
        first(deserializer, |owner| is_controller(&owner).then_some(owner)).map(Self)
    }
}

/// Of a list of containers, the first extended resource that one of them requests.
#[derive(Debug, Default)]
struct Containers<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Containers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        first(deserializer, |container: Container<'de>| {
            let Resources { requests, limits } = container.resources?;
            requests.0.or(limits.0)
        })
        .map(Self)
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Container<'a> {
    #[serde(borrow, default)]
    resources: Option<Resources<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Resources<'a> {
    #[serde(borrow, default)]
    requests: ExtendedResource<'a>,
    #[serde(borrow, default)]
    limits: ExtendedResource<'a>,
}

/// Of a map of quantities, the first extended resource of which there is more than nothing.
#[derive(Default)]
struct ExtendedResource<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for ExtendedResource<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ResourcesVisitor;

        impl<'de> Visitor<'de> for ResourcesVisitor {
            type Value = ExtendedResource<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of quantities")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = None;
                while let Some((name, Amount(some))) = map.next_entry::<Text<'de>, Amount>()? {
                    if some && found.is_none() && is_extended(&name) {
                        found = Some(name);
                    }
                }
                Ok(ExtendedResource(found))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(ExtendedResource(None))
            }
        }

        deserializer.deserialize_any(ResourcesVisitor)
    }
}

/// Kubernetes' rule: an extended resource has a domain, and not Kubernetes' own.
fn is_extended(resource: &str) -> bool {
    resource.contains('/')
        && !resource.contains("kubernetes.io/")
        && !resource.starts_with("requests.")
}

/// Whether a quantity is more than a plain zero; it is not read any further (R5.22).
struct Amount(bool);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;

        impl Visitor<'_> for AmountVisitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount(text != "0"))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount(number != 0))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount(number != 0))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount(number != 0.0))
            }

            fn visit_unit<E: Error>(self) -> Result<Amount, E> {
                Ok(Amount(false))
            }
        }

        deserializer.deserialize_any(AmountVisitor)
    }
}

fn find<'m, V>(sorted: &'m [(Text<'_>, V)], key: &str) -> Option<&'m V> {
    let found = sorted
        .binary_search_by(|(listed, _)| listed.as_str().cmp(key))
        .ok()?;
    Some(&sorted[found].1)
}

/// Enough for most maps of a pod, so that growing costs nothing.
const USUAL_ENTRIES: usize = 8;

/// Reads a map into a list ordered by what `order` makes of its keys; refuses a key that stands twice.
fn sorted_map<'de, D, V>(
    deserializer: D,
    order: fn(&str) -> &str,
) -> Result<Vec<(Text<'de>, V)>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct MapVisitor<V>(fn(&str) -> &str, PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
        type Value = Vec<(Text<'de>, V)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let Self(order, _) = self;
            let mut entries = Vec::with_capacity(USUAL_ENTRIES);
            while let Some(entry) = map.next_entry::<Text<'de>, V>()? {
                entries.push(entry);
            }
            entries
                .sort_unstable_by(|(a, _), (b, _)| order(a).cmp(order(b)).then_with(|| a.cmp(b)));
            if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(A::Error::custom("a key stands twice"));
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(MapVisitor(order, PhantomData))
}

/// Reads a list, or `null`, and keeps the first thing that is picked out of an item: nothing else is stored.
fn first<'de, D, T, P, F>(deserializer: D, pick: F) -> Result<Option<P>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    F: Fn(T) -> Option<P>,
{
    struct FirstVisitor<T, F>(F, PhantomData<T>);

    impl<'de, T: Deserialize<'de>, P, F: Fn(T) -> Option<P>> Visitor<'de> for FirstVisitor<T, F> {
        type Value = Option<P>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(item) = items.next_element::<T>()? {
                if found.is_none() {
                    found = (self.0)(item);
                }
            }
            Ok(found)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(FirstVisitor(pick, PhantomData))
}
