//! The custom resource `PlacementPolicy` at the API server, which refuses what berth refuses.

use std::process::Command;

use ::berth::definition::Status;
use ::berth::encoding::field::FieldError;
use ::berth::node::Catalogue;
use ::berth::policy::{embedded_node_pools, read_policy_spec, remarks};
use anyhow::{Context, ensure};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use crate::harness::api::{Persist, Reply, path, text};
use crate::harness::cluster::{Cluster, condition};
use crate::harness::{documents, eventually, manifests, repository};

/// The file of the definition.
const FILE: &str = "deploy/charts/berth/crds/placementpolicies.yaml";

/// The policies of `tests/policies` that the API server accepts by itself. berth's webhook refuses all but the last
/// two.
const ONLY_BERTH: [(&str, &[&str]); 6] = [
    (
        "unknown fields are kept, for the webhook to refuse in a line",
        &[
            "an unknown field of a node pool",
            "an unknown field of a requirement",
            "an unknown field of the spec",
            "an unknown field of a pool",
            "an unknown field of the on-demand side",
            "an unknown field of a rule",
            "an unknown field of a match",
            "an unknown check",
        ],
    ),
    (
        "the API server's message could not name the rule",
        &[
            "two rules of one name",
            "a rule into a pool that there is not",
            "a rule that places nowhere",
            "a rule that places twice",
            "a rule by two labels",
            "a rule for an architecture that there is not",
        ],
    ),
    (
        "no expression can ask whether the digits are too many for an integer: it fails where they are",
        &["a bound that is too large"],
    ),
    (
        "no expression within the budget follows a placed pod through all rules",
        &[
            "a rule that takes placed pods, for its poolFromLabel is misspelt",
            "a rule that takes placed pods and leaves them alone",
            "a rule that takes placed pods for a pool that their namespace does not name",
            "a rule that takes placed pods of those that name their pool by another label, and may leave them alone",
            "a rule that loses its own pods",
            "a rule that loses its own pods to another",
            "a rule that takes placed pods by their side of a split",
        ],
    ),
    (
        "it depends on the node pools",
        &[
            "a pool that binds softly to a tainted node pool",
            "a pool whose node pools are told apart by two labels",
            "a pool whose on-demand side binds softly to a tainted node pool",
            "an on-demand side whose node pools are told apart by two labels",
        ],
    ),
    (
        "a null counts as a field that is not there",
        &["an on-demand side that is null"],
    ),
];

/// Installs the definition, as its users do, and waits until policies are served.
pub(super) async fn define(cluster: &Cluster) -> anyhow::Result<Value> {
    let file = repository(FILE).display().to_string();
    // A warning counts as an error: the API server warns of a default that it prunes and of an unknown format.
    let flags = ["--server-side", "--force-conflicts", "--warnings-as-errors"];
    let printed = cluster.kubectl(&[&["apply", "-f", &file], &flags[..]].concat())?;
    ensure!(printed.success, "{printed:?}");
    assert_eq!(printed.stderr, "");
    let stored = established(cluster).await?;
    cluster.api.delete(&path(&shipped()?)).await?;
    Ok(stored)
}

/// Waits until policies are served, and returns the definition.
async fn established(cluster: &Cluster) -> anyhow::Result<Value> {
    let definition = path(&manifests(&repository(FILE))?[0]);
    eventually("the definition is established", async || {
        let stored = cluster.api.get(&definition).await?;
        Ok(stored.filter(|stored| condition(stored, "Established")))
    })
    .await
}

pub(super) fn shipped() -> anyhow::Result<Value> {
    Ok(manifests(&repository("deploy/policy.yaml"))?.remove(0))
}

/// Returns the shipped policy, with some fields of its spec replaced.
pub(super) fn with(overrides: &Value) -> anyhow::Result<Value> {
    let mut policy = shipped()?;
    for (field, value) in overrides.as_object().into_iter().flatten() {
        policy["spec"][field] = value.clone();
    }
    Ok(policy)
}

fn accepted(reply: Reply, what: &str) -> anyhow::Result<Value> {
    reply.ok().with_context(|| what.to_owned())
}

/// The API server accepts the definition and the shipped policy without a warning, and `kubectl explain` explains them.
pub(crate) async fn definition(cluster: &Cluster) -> anyhow::Result<()> {
    let definition = define(cluster).await?;
    assert!(condition(&definition, "NamesAccepted"), "{definition:#}");
    assert!(
        !condition(&definition, "NonStructuralSchema"),
        "{definition:#}"
    );

    let policy = shipped()?;
    let file = repository("deploy/policy.yaml").display().to_string();
    // Each manager applies the same, and none meets a conflict.
    for (mode, manager) in [
        ("--server-side=false", "kubectl-client-side-apply"),
        ("--server-side=true", "kubectl"),
        ("--server-side=true", "pipeline"),
    ] {
        let manager = format!("--field-manager={manager}");
        let flags = [mode, manager.as_str(), "--warnings-as-errors"];
        let printed = cluster.kubectl(&[&["apply", "-f", &file], &flags[..]].concat())?;
        ensure!(printed.success, "{printed:?}");
        let printed = cluster.kubectl(&["diff", mode, "-f", &file])?;
        assert!(printed.success && printed.stdout.is_empty(), "{printed:?}");
    }
    let stored = cluster.api.get(&path(&policy)).await?.unwrap_or_default();
    assert_eq!(stored["metadata"]["generation"], 1);
    assert_eq!(stored["spec"]["rules"], policy["spec"]["rules"]);
    let (read, _) = read_policy_spec(&stored["spec"])?;
    assert_eq!(read.pools().len(), 3);

    let mut other = policy;
    other["metadata"]["name"] = json!("other");
    let reply = cluster.api.judge(&other).await?;
    assert_eq!(
        // Kubernetes 1.34 names the type in place of the value.
        reply.message().replace("value: \"object\": ", "value: "),
        "PlacementPolicy.placement.truemark.io \"other\" is invalid: <nil>: Invalid value: there is one policy, and its \
         name is \"default\""
    );

    let fields = [
        ("pools", vec!["<[]Object>", "nodePools", "-required-"]),
        (
            "pools.binding",
            vec!["<string>", "Required, the default: ", "taint"],
        ),
        (
            "rules.match.controllers",
            vec!["batch/Job", "apps/ReplicaSet"],
        ),
    ];
    for (field, words) in fields {
        let printed = cluster.kubectl(&["explain", &format!("placementpolicy.spec.{field}")])?;
        for word in words.iter().chain(&["DESCRIPTION:"]) {
            assert!(printed.stdout.contains(word), "{word}: {}", printed.stdout);
        }
    }
    Ok(())
}

/// The API server accepts every policy of the cases.
pub(crate) async fn right_policies(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let mut judged = 0;
    for case in manifests(&repository("tests/cases"))? {
        if !case["policy"].is_null() {
            let reply = cluster.api.judge(&with(&case["policy"])?).await?;
            accepted(reply, text(&case, "/name"))?;
            judged += 1;
        }
    }
    assert!(judged > 0);
    Ok(())
}

/// The API server refuses every policy that berth refuses, unless only berth can know its fault.
pub(crate) async fn wrong_policies(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let mut wrong = Vec::new();
    for case in manifests(&repository("tests/policies"))? {
        let name = text(&case, "/name");
        let refusal = match case["text"].as_str().map(|text| (text, documents(text))) {
            // kubectl itself refuses a text that is no object.
            Some((text, Err(_))) => {
                let file = cluster.write("wrong.yaml", text)?;
                let printed = cluster.kubectl(&["create", "--dry-run=server", "-f", &file])?;
                (!printed.success).then_some(printed.stderr)
            }
            Some((_, Ok(mut objects))) => {
                let mut object = objects.remove(0);
                object["metadata"] = json!({"name": "default"});
                refusal(cluster, &object).await?
            }
            None => refusal(cluster, &with(&case["policy"])?).await?,
        };
        let excused = ONLY_BERTH.iter().any(|(_, names)| names.contains(&name));
        if refusal.is_some() == excused {
            wrong.push(format!("{name}: {refusal:?}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Returns the message with which the API server refuses an object.
pub(super) async fn refusal(cluster: &Cluster, object: &Value) -> anyhow::Result<Option<String>> {
    let reply = cluster.api.judge(object).await?;
    Ok((!reply.status.is_success()).then(|| reply.message().to_owned()))
}

/// A policy with as much of everything as the schema allows stays within the API server's budget.
pub(crate) async fn largest_policy(cluster: &Cluster) -> anyhow::Result<()> {
    let definition = define(cluster).await?;
    let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let schema = definition.pointer(schema).context("no schema")?;
    let most = |pointer: &str| {
        let bound = schema.pointer(pointer).and_then(Value::as_u64);
        bound.with_context(|| pointer.to_owned())
    };
    let name = |prefix: &str, number: u64| format!("{prefix}-{number:0>60}");
    let node_pools: Vec<String> = (0..most("/pools/items/properties/nodePools/maxItems")?)
        .map(|number| name("n", number))
        .collect();
    let pools: Vec<Value> = (0..most("/pools/maxItems")?)
        .map(|number| json!({"name": name("p", number), "nodePools": node_pools}))
        .collect();
    let matches = "/rules/items/properties/match/properties";
    let expressions = most(&format!(
        "{matches}/labels/properties/matchExpressions/maxItems"
    ))?;
    let expressions: Vec<Value> = (0..expressions)
        .map(|number| json!({"key": format!("k{number}"), "operator": "In", "values": ["a", "b", "c"]}))
        .collect();
    let labels = most(&format!(
        "{matches}/labels/properties/matchLabels/maxProperties"
    ))?;
    // With longer keys the object would exceed etcd's limit before the budget.
    let labels: Value = (0..labels)
        .map(|number| (format!("{}/k{number}", "a".repeat(80)), json!("")))
        .collect();
    let controllers: Vec<String> = (0..most(&format!("{matches}/controllers/maxItems"))?)
        .map(|number| format!("example.com/Kind{number}"))
        .collect();
    let last = name("p", most("/pools/maxItems")? - 1);
    let rules: Vec<Value> = (0..most("/rules/maxItems")?)
        .map(|number| {
            json!({
                "name": name("r", number),
                "match": {
                    "controllers": controllers,
                    "labels": {"matchExpressions": expressions, "matchLabels": labels},
                    "namespaceLabels": {"matchLabels": labels},
                },
                "place": {"pool": last, "architecture": "arm64"},
            })
        })
        .collect();
    let requirements = most("/catalogue/items/properties/requirements/maxItems")?;
    let requirements: Vec<Value> = (0..requirements)
        .map(|number| json!({"key": format!("k{number}"), "operator": "Gt", "values": ["1"]}))
        .collect();
    let catalogue: Vec<Value> = (0..most("/catalogue/maxItems")?)
        .map(|number| json!({"name": name("n", number), "requirements": requirements}))
        .collect();
    let largest = with(&json!({"pools": pools, "rules": rules, "catalogue": catalogue}))?;
    read_policy_spec(&largest["spec"])?;
    accepted(cluster.api.judge(&largest).await?, "the largest policy")?;

    let mut larger = largest;
    let pool = json!({"name": "one-more", "nodePools": ["a"]});
    larger["spec"]["pools"]
        .as_array_mut()
        .context("pools")?
        .push(pool);
    assert!(read_policy_spec(&larger["spec"]).is_err());
    let refusal = refusal(cluster, &larger).await?.unwrap_or_default();
    assert!(refusal.contains("spec.pools: Too many"), "{refusal}");
    Ok(())
}

/// An older definition that lacks a field keeps it nevertheless, and is upgraded in the ways that the changelog gives.
/// The stored policy stays as it is.
pub(crate) async fn upgrade(cluster: &Cluster) -> anyhow::Result<()> {
    let definition = manifests(&repository(FILE))?.remove(0);
    let mut older = definition.clone();
    let fields = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let fields = older.pointer_mut(fields).and_then(Value::as_object_mut);
    fields.and_then(|fields| fields.remove("validation"));
    ensure!(older != definition, "the definition has no such field");
    let older = cluster.write("older.json", &older.to_string())?;
    let newer = cluster.write("newer.yaml", &printed_definition()?)?;
    let directory = repository("deploy/crd").display().to_string();

    let policy = shipped()?;
    let first = ["apply", "-f", &older];
    let upgrades: [&[&str]; 3] = [
        &["apply", "--server-side", "-f", &newer],
        &["apply", "--server-side", "-k", &directory],
        &["apply", "-k", &directory],
    ];
    for upgrade in upgrades {
        // Each way starts anew, since the owners of the fields depend on how they were applied before.
        cluster.api.delete(&path(&definition)).await?;
        eventually("the definition is gone", async || {
            let stored = cluster.api.get(&path(&definition)).await?;
            Ok(stored.is_none().then_some(()))
        })
        .await?;
        let printed = cluster.kubectl(&first)?;
        ensure!(printed.success, "{printed:?}");
        established(cluster).await?;
        let stored = cluster.api.create(&policy, Persist::Store).await?.ok()?;
        assert_eq!(stored["spec"]["validation"], policy["spec"]["validation"]);

        let printed = cluster.kubectl(upgrade)?;
        ensure!(printed.success, "{printed:?}");
        assert_eq!(printed.stderr, "");
        let after = cluster.api.get(&path(&policy)).await?;
        assert_eq!(after.as_ref(), Some(&stored), "{upgrade:?}");
    }
    Ok(())
}

fn printed_definition() -> anyhow::Result<String> {
    let printed = Command::new(env!("CARGO_BIN_EXE_berth"))
        .arg("crd")
        .output()?;
    ensure!(printed.status.success(), "{printed:?}");
    Ok(String::from_utf8(printed.stdout)?)
}

/// The API server stores a list in the order in which it was last applied.
pub(crate) async fn order(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let mut policy = shipped()?;
    cluster.api.apply(&policy).await?;
    for pointer in [
        "/spec/architectures/known",
        "/spec/pools",
        "/spec/pools/0/nodePools",
        "/spec/rules",
    ] {
        let list = policy.pointer_mut(pointer).and_then(Value::as_array_mut);
        list.context(pointer)?.reverse();
    }
    let stored = cluster.api.apply(&policy).await?;
    for pointer in ["/spec/architectures/known", "/spec/pools/0/nodePools"] {
        assert_eq!(stored.pointer(pointer), policy.pointer(pointer));
    }
    for list in ["pools", "rules"] {
        let names = |object: &Value| -> Vec<String> {
            let items = object["spec"][list].as_array().into_iter().flatten();
            items.map(|item| text(item, "/name").to_owned()).collect()
        };
        assert_eq!(names(&stored), names(&policy));
    }
    Ok(())
}

/// `kubectl get` shows policies that berth has not seen, has accepted, and has refused.
pub(crate) async fn columns(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let policy = shipped()?;
    cluster.api.apply(&policy).await?;
    let shown = |wide: bool| -> anyhow::Result<Vec<Vec<String>>> {
        let mut arguments = vec!["get", "pp"];
        arguments.extend(wide.then_some("-o=wide"));
        let printed = cluster.kubectl(&arguments)?;
        ensure!(printed.success, "{printed:?}");
        let cells = |line: &str| {
            let cells = line.split("  ").map(str::trim);
            cells
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Ok(printed.stdout.lines().map(cells).collect())
    };
    let table = shown(false)?;
    assert_eq!(
        table[0],
        ["NAME", "MODE", "ACCEPTED", "MISSING", "NOT READY", "AGE"]
    );
    assert_eq!(table[1][..2], ["default", "Enforce"]);

    let now: Time = "2026-01-01T00:00:00Z".parse().map(Time)?;
    let (read, _) = read_policy_spec(&policy["spec"])?;
    let (all, none) = (embedded_node_pools()?, Catalogue::default());
    let lacking = remarks(&read, &none)
        .into_iter()
        .map(|remark| remark.message);
    let lacking: Vec<String> = std::iter::once("in force".to_owned())
        .chain(lacking)
        .collect();
    let lacking = lacking.join(". ");
    let refused = FieldError::new("Preferred needs node pools without taints");
    let refused = refused.in_field("binding").in_item(0);
    let refused = refused.in_field("pools").in_field("spec");
    for (outcome, cells, message) in [
        (Ok((&read, &all)), vec!["True"], "in force"),
        (
            Ok((&read, &none)),
            vec![
                "True",
                "amd64-batch, amd64-default, arm64-batch, arm64-default and 2 more",
            ],
            &*lacking,
        ),
        (
            Err(&refused),
            vec!["False"],
            "spec.pools[0].binding: Preferred needs node pools without taints",
        ),
    ] {
        let status = Status::new(outcome, 1, None, &now);
        let path = format!("{}/status", path(&policy));
        let change = json!({"status": status});
        let stored = cluster.api.merge(&path, &change).await?;
        assert_eq!(stored["status"], change["status"]);
        let read: Status = serde_json::from_value(stored["status"].clone())?;
        assert_eq!(read, status);
        let table = shown(true)?;
        assert_eq!(table[1][2..2 + cells.len()], cells);
        assert_eq!(table[1].last().map(String::as_str), Some(message));
    }
    Ok(())
}
