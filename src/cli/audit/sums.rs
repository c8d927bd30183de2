//! The sums of all workloads, now and then.

use std::collections::BTreeMap;

use super::grouping::grouped;
use super::report::{Change, NowThen, Resources, Sum, Sums};
use super::steps::Step;
use super::workloads::Row;

/// Adds up all workloads.
pub(super) fn sums<'r>(rows: &'r [Row], steps: impl Iterator<Item = Step<'r>>) -> Sums {
    let mut sums = Sums::default();
    for row in rows {
        add(&mut sums, row);
    }
    for step in steps {
        let place = |of: fn(&super::report::Place) -> &Option<String>| {
            let value = step.from.and_then(|place| of(place).as_deref());
            value.unwrap_or_default()
        };
        let pool = |pool: Option<&'r str>| pool.unwrap_or_default();
        let namespace = step.row.workload.namespace.as_str();
        for (table, now, then) in [
            (&mut sums.by_pool, pool(step.from_pool), pool(step.to_pool)),
            (
                &mut sums.by_capacity_type,
                place(|place| &place.capacity_type),
                step.to_capacity,
            ),
            (
                &mut sums.by_architecture,
                place(|place| &place.architecture),
                step.to_architecture,
            ),
            (&mut sums.by_namespace, namespace, namespace),
        ] {
            count(table, now, step.now, |sums| &mut sums.now);
            count(table, then, step.then, |sums| &mut sums.then);
        }
    }
    sums
}

/// Adds what a workload says itself.
fn add(sums: &mut Sums, row: &Row) {
    let workload = &row.workload;
    sums.workloads += 1;
    sums.pods += workload.pods;
    if workload.pods > 0 {
        sums.requests = sums.requests.plus(workload.requests);
    }
    let change = workload.change.as_str().to_owned();
    *sums.changes.entry(change).or_default() += 1;
    *sums
        .reasons
        .entry(workload.then.reason.clone())
        .or_default() += 1;
    let is_denied = workload.then.denied;
    sums.denied += u64::from(is_denied);
    sums.warned += u64::from(!is_denied && !workload.findings.is_empty());
    sums.missed += workload.missed;
    if let Some(cost) = workload.cost {
        sums.cost = Some(sums.cost.unwrap_or_default().plus(cost));
    }
}

fn count(
    table: &mut BTreeMap<String, NowThen>,
    key: &str,
    sum: Sum,
    of: fn(&mut NowThen) -> &mut Sum,
) {
    if sum == Sum::default() {
        return;
    }
    let entry = match table.get_mut(key) {
        Some(entry) => entry,
        None => table.entry(key.to_owned()).or_default(),
    };
    let known = of(entry);
    *known = known.plus(sum);
}

impl Change {
    /// Returns the change as JSON has it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Moves => "moves",
            Self::Stays => "stays",
            Self::LeftAlone => "left-alone",
            Self::Blocked => "blocked",
            Self::NoPods => "no-pods",
        }
    }
}

/// Returns the requests of a sum in words: `55.2 vCPU, 210 GiB`.
pub(super) fn amount(requests: Resources) -> String {
    let Resources {
        cpu_millis,
        memory_bytes,
    } = requests;
    // A tenth is the least that counts.
    let tenths = cpu_millis.div_ceil(100);
    let gib = u128::from(memory_bytes) * 10;
    let gib = gib.div_ceil(1 << 30);
    format!("{} vCPU, {} GiB", decimal(tenths.into()), decimal(gib))
}

/// Returns a number of tenths; large ones and whole ones without a point.
pub(super) fn decimal(tenths: u128) -> String {
    if tenths >= 1000 || tenths.is_multiple_of(10) {
        grouped(&((tenths + 5) / 10).to_string())
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::{Resources, amount};

    #[test]
    fn amounts_are_short() {
        for (cpu_millis, memory_bytes, text) in [
            (0, 0, "0 vCPU, 0 GiB"),
            (55_200, 210 << 30, "55.2 vCPU, 210 GiB"),
            (1, 1, "0.1 vCPU, 0.1 GiB"),
            (12_340_600, 99 << 30, "12,341 vCPU, 99 GiB"),
            (99_900, 1536 << 20, "99.9 vCPU, 1.5 GiB"),
        ] {
            let requests = Resources {
                cpu_millis,
                memory_bytes,
            };
            assert_eq!(amount(requests), text);
        }
    }
}
