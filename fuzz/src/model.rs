//! The model of the integration tests, which decides without berth.

#[path = "../../tests/it/model/affinities.rs"]
pub(crate) mod affinities;
#[path = "../../tests/it/model/difference.rs"]
pub(crate) mod difference;
#[path = "../../tests/it/model/exemptions.rs"]
mod exemptions;
#[path = "../../tests/it/model/expected.rs"]
mod expected;
#[path = "../../tests/it/model/instances.rs"]
mod instances;
#[path = "../../tests/it/model/json.rs"]
mod json;
#[path = "../../tests/it/model/karpenter.rs"]
mod karpenter;
#[path = "../../tests/it/model/labels.rs"]
pub(crate) mod labels;
#[path = "../../tests/it/model/laws.rs"]
pub(crate) mod laws;
#[path = "../../tests/it/model/names.rs"]
pub(crate) mod names;
#[path = "../../tests/it/model/node_pools.rs"]
mod node_pools;
#[path = "../../tests/it/model/oracle.rs"]
mod oracle;
#[path = "../../tests/it/model/scheduler.rs"]
mod scheduler;
#[path = "../../tests/it/model/selectors.rs"]
mod selectors;
#[path = "../../tests/it/model/workloads.rs"]
pub(crate) mod workloads;
#[path = "../../tests/it/model/worlds.rs"]
pub(crate) mod worlds;
