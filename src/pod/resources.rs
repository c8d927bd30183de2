//! The resources that a pod requests, as kube-scheduler adds them up (R7.15).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::spec::Spec;
use crate::encoding::json::{Malformed, Reader, fields};
use crate::encoding::quantity::thousandths;
use crate::instance::{InstanceType, TypeSet};

/// Amounts of resources by name, in thousandths of their units: of a CPU, of a byte, of a device.
type Amounts<'a> = BTreeMap<Cow<'a, str>, u128>;

/// The bytes of a MiB.
const MIB: u128 = 1 << 20;

/// The resources that a node must have for the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources<'a>(Amounts<'a>);

impl<'a> Spec<'a> {
    /// Returns the resources that the pod requests: those of its containers together, or those of an init container if
    /// it needs more, and the overhead. A pod-level request stands in place of the containers'.
    ///
    /// # Errors
    /// If a list of containers cannot be read.
    pub fn resources(&self) -> Result<Resources<'a>, Malformed> {
        let mut together = Amounts::new();
        let mut at_once = Amounts::new();
        let (mut of_pod, mut overhead) = (Amounts::new(), Amounts::new());
        let (mut containers, mut init_containers) = (Vec::new(), Vec::new());
        if self.json.is_empty() {
            return Ok(Resources::default());
        }
        fields!(Reader::new(self.json), |value| {
            "containers" => containers = value.list_of(Container::read)?,
            "initContainers" => init_containers = value.list_of(Container::read)?,
            "resources" => of_pod = requests(value)?,
            "overhead" => overhead = amounts(value)?,
        })?;
        for container in containers {
            add(&mut together, &container.requests);
        }
        let mut sidecars = Amounts::new();
        for container in init_containers {
            let mut needed = sidecars.clone();
            add(&mut needed, &container.requests);
            raise(&mut at_once, &needed);
            if container.is_sidecar {
                sidecars = needed;
            }
        }
        add(&mut together, &sidecars);
        raise(&mut together, &at_once);
        together.extend(of_pod);
        add(&mut together, &overhead);
        together.retain(|_, amount| *amount > 0);
        Ok(Resources(together))
    }
}

impl Resources<'_> {
    /// True if an instance of the type has room for the pod: by its capacity, of which a node keeps some for itself.
    #[must_use]
    pub fn fit(&self, kind: &InstanceType) -> bool {
        self.0.iter().all(|(name, amount)| has(kind, name, *amount))
    }

    /// Returns the vCPUs that the pod requests, in thousandths.
    #[must_use]
    pub fn cpu(&self) -> u128 {
        self.0.get("cpu").copied().unwrap_or(0)
    }

    /// Returns the memory that the pod requests, in MiB, rounded up.
    #[must_use]
    pub fn memory_mib(&self) -> u128 {
        let memory = self.0.get("memory").copied().unwrap_or(0);
        memory.div_ceil(MIB * 1000)
    }

    /// Returns the memory that the pod requests, in bytes, rounded up.
    #[must_use]
    pub fn memory(&self) -> u128 {
        let memory = self.0.get("memory").copied().unwrap_or(0);
        memory.div_ceil(1000)
    }

    /// Returns the CPU and the memory alone.
    #[must_use]
    pub fn without_devices(mut self) -> Self {
        self.0
            .retain(|name, _| matches!(name.as_ref(), "cpu" | "memory"));
        self
    }

    /// True if the pod requests nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the first resource, by name, that no instance type of these has enough of, apart from CPU and memory.
    #[must_use]
    pub fn lacking(&self, kinds: TypeSet) -> Option<&str> {
        let lacks = |(name, amount): &(&Cow<'_, str>, &u128)| {
            !matches!(name.as_ref(), "cpu" | "memory")
                && !kinds.types().any(|kind| has(kind, name, **amount))
        };
        let (name, _) = self.0.iter().find(lacks)?;
        Some(name)
    }
}

/// True if an instance of the type has the amount of a resource. A resource that its node class decides, such as
/// ephemeral storage, counts as there.
fn has(kind: &InstanceType, resource: &str, amount: u128) -> bool {
    if resource == "vpc.amazonaws.com/pod-eni" {
        return kind.trunking;
    }
    let offered = kind.capacity(resource);
    offered.is_none_or(|offered| amount <= offered)
}

/// A container, as far as its resources go.
#[derive(Debug, Default)]
struct Container<'a> {
    requests: Amounts<'a>,
    /// True for an init container that goes on running.
    is_sidecar: bool,
}

impl<'a> Container<'a> {
    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut container = Self::default();
        fields!(json, |value| {
            "resources" => container.requests = requests(value)?,
            "restartPolicy" => container.is_sidecar = value.text()?.as_ref() == "Always",
        })?;
        Ok(container)
    }
}

/// Reads what `resources` request. A limit without a request counts as one, as the API server fills it in.
fn requests<'a>(json: &mut Reader<'a>) -> Result<Amounts<'a>, Malformed> {
    let (mut requested, mut limits) = (Amounts::new(), Amounts::new());
    fields!(json, |value| {
        "requests" => requested = amounts(value)?,
        "limits" => limits = amounts(value)?,
    })?;
    limits.extend(requested);
    Ok(limits)
}

fn amounts<'a>(json: &mut Reader<'a>) -> Result<Amounts<'a>, Malformed> {
    let mut amounts = Amounts::new();
    json.entries(|name, amount| {
        let text = amount.span()?;
        // A text that is no quantity counts for nothing: the API server refuses it (R5.22).
        if let Some(amount) = thousandths(text.trim_matches('"')) {
            amounts.insert(name, amount);
        }
        Ok(())
    })?;
    Ok(amounts)
}

/// Adds the amounts of `more` to those of `sum`.
fn add<'a>(sum: &mut Amounts<'a>, more: &Amounts<'a>) {
    for (name, amount) in more {
        let known = sum.entry(name.clone()).or_default();
        *known = known.saturating_add(*amount);
    }
}

/// Raises the amounts of `most` to those of `other`.
fn raise<'a>(most: &mut Amounts<'a>, other: &Amounts<'a>) {
    for (name, amount) in other {
        let known = most.entry(name.clone()).or_default();
        *known = (*known).max(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::{Amounts, MIB, Resources};
    use crate::encoding::json::Reader;
    use crate::pod::Template;

    fn cpu_and_memory(spec: &str) -> (u128, u128) {
        let text = format!("{{\"spec\": {spec}}}");
        let template = Template::read(&mut Reader::new(&text)).unwrap();
        let spec = template.spec.unwrap();
        let resources = spec.resources().unwrap();
        assert_eq!(resources.memory().div_ceil(MIB), resources.memory_mib());
        assert_eq!(resources.is_empty(), resources == Resources::default());
        (resources.cpu(), resources.memory_mib())
    }

    #[test]
    fn cpu_and_memory_are_no_devices() {
        let of = |names: &[&'static str]| {
            let amounts = names.iter().map(|name| ((*name).into(), 1000));
            Resources(amounts.collect::<Amounts<'_>>())
        };
        let all = of(&["cpu", "ephemeral-storage", "memory", "nvidia.com/gpu"]);
        assert_eq!(all.without_devices(), of(&["cpu", "memory"]));
    }

    #[test]
    fn requests_are_added_up_as_the_scheduler_does() {
        for (spec, expected) in [
            ("{}", (0, 0)),
            (
                r#"{"containers": [{"resources": {"requests": {"cpu": "500m"}}}, {"resources": {"limits": {"cpu": 2, "memory": "1Gi"}}}]}"#,
                (2500, 1024),
            ),
            // An init container runs before the containers, so that the larger of the two counts.
            (
                r#"{"containers": [{"resources": {"requests": {"cpu": 1}}}], "initContainers": [{"resources": {"requests": {"cpu": 3}}}]}"#,
                (3000, 0),
            ),
            // A sidecar runs beside the containers, and beside the init containers after it.
            (
                r#"{"containers": [{"resources": {"requests": {"cpu": 1}}}], "initContainers": [
                    {"restartPolicy": "Always", "resources": {"requests": {"cpu": 2}}}, {"resources": {"requests": {"cpu": "1500m"}}}]}"#,
                (3500, 0),
            ),
            (
                r#"{"containers": [{"resources": {"requests": {"cpu": 1}}}], "overhead": {"cpu": "250m", "memory": "1Mi"}}"#,
                (1250, 1),
            ),
            (
                r#"{"containers": [{"resources": {"requests": {"cpu": 1}}}], "resources": {"requests": {"cpu": 4}}}"#,
                (4000, 0),
            ),
            (
                r#"{"containers": [{"resources": {"requests": {"cpu": "much"}}}]}"#,
                (0, 0),
            ),
        ] {
            assert_eq!(cpu_and_memory(spec), expected, "{spec}");
        }
    }
}
