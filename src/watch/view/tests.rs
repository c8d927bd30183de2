//! A view through single changes of the cluster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use super::*;
use crate::definition;
use crate::policy::{Source, embedded_node_pools, embedded_policy};
use crate::watch::update::{PolicyObject, read_node_pool};

/// Returns the view of a cluster that has listed these node pools, no namespace, and this policy, if any.
fn view(given: Given, node_pools: &Catalogue, spec: Option<Value>) -> View {
    let mut view = View::new(given, None);
    view.take(Update::NodePools(Ok(Event::Init)));
    for node_pool in node_pools.iter() {
        let entry = (
            Arc::clone(node_pool.name()),
            Some(Ok(Arc::new(node_pool.clone()))),
        );
        view.take(Update::NodePools(Ok(Event::InitApply(entry))));
    }
    view.take(Update::NodePools(Ok(Event::InitDone)));
    view.take(Update::Namespaces(Ok(Event::InitDone)));
    view.take(Update::Policies(Ok(Event::InitDone)));
    if let Some(spec) = spec {
        view.take(policy(1, spec));
    }
    view
}

fn policy(generation: i64, spec: Value) -> Update {
    let object = PolicyObject {
        uid: String::new(),
        generation,
        spec,
        status: Value::Null,
    };
    Update::Policies(Ok(Event::Apply((
        definition::NAME.into(),
        Some(Arc::new(object)),
    ))))
}

/// Returns the change to a stored node pool without requirements, with these fields put in its object.
fn node_pool(name: &str, fields: &Value) -> Update {
    let mut object = json!({
        "metadata": {"name": name, "uid": "1"},
        "spec": {"template": {"spec": {}}},
    });
    for (part, value) in fields.as_object().unwrap() {
        for (field, value) in value.as_object().unwrap() {
            object[part][field] = value.clone();
        }
    }
    let object = serde_json::from_str(&object.to_string()).unwrap();
    Update::NodePools(Ok(Event::Apply(read_node_pool(object))))
}

/// Returns the status of a node pool whose condition `Ready` has this state, and whose nodes have this many CPUs.
fn status(ready: &str, cpu: &str) -> Value {
    json!({
        "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-29T00:00:00Z"}],
        "resources": {"cpu": cpu, "nodes": "1"},
        "nodes": 1,
    })
}

/// Returns a policy with one pool, of these node pools and with this binding.
fn spec(node_pools: &[&str], binding: &str) -> Value {
    json!({
        "architectures": {"known": ["amd64", "arm64"], "default": "amd64"},
        "pools": [{"name": "only", "nodePools": node_pools, "binding": binding}],
        "rules": [{"name": "all", "place": {"pool": "only"}}],
    })
}

fn judgement(news: News) -> Judgement {
    news.assessment.unwrap().judgement.unwrap()
}

fn pools(news: &News) -> Vec<&str> {
    let pools = news.snapshot.as_ref().unwrap().policy.pools().iter();
    pools.map(|pool| &*pool.name).collect()
}

#[test]
fn nothing_is_decided_before_everything_is_listed() {
    let mut view = View::new(Given::default(), None);
    assert!(view.news().is_none());
    view.take(Update::NodePools(Ok(Event::InitDone)));
    view.take(Update::Namespaces(Ok(Event::InitDone)));
    assert!(view.news().is_none());
    view.take(Update::Policies(Err(None)));
    assert!(
        view.news().is_none(),
        "an API server that cannot be reached is no answer"
    );
    view.take(Update::Policies(Err(Some(Availability::Absent))));
    let news = view.news().unwrap();
    let assessment = news.assessment.unwrap();
    assert_eq!(assessment.in_force, Some(Source::Embedded));
    assert!(assessment.judgement.is_none());
    assert!(view.news().is_none(), "told once");
}

#[test]
fn the_flags_policy_comes_before_the_clusters_and_that_before_the_embedded_one() {
    let mut embedded = view(Given::default(), &Catalogue::default(), None);
    assert_eq!(
        pools(&embedded.news().unwrap()),
        ["default", "truemark", "batch"]
    );

    let of_cluster = Some(spec(&["a"], "Required"));
    let mut cluster = view(Given::default(), &Catalogue::default(), of_cluster.clone());
    assert_eq!(pools(&cluster.news().unwrap()), ["only"]);

    let given = Given {
        policy: Some(embedded_policy().unwrap()),
        ..Given::default()
    };
    let mut flag = view(given, &Catalogue::default(), of_cluster);
    let news = flag.news().unwrap();
    assert_eq!(pools(&news), ["default", "truemark", "batch"]);
    let assessment = news.assessment.unwrap();
    assert_eq!(assessment.in_force, Some(Source::Flag));
    assert!(
        assessment.judgement.is_none(),
        "berth does not judge a policy that it does not use"
    );
}

#[test]
fn a_policy_that_cannot_be_used_never_replaces_a_good_one() {
    let node_pools = embedded_node_pools().unwrap();
    let mut view = view(
        Given::default(),
        &node_pools,
        Some(spec(&["amd64-batch", "gone"], "Required")),
    );
    assert!(judgement(view.news().unwrap()).result.is_ok());

    view.take(policy(2, json!({"pools": []})));
    let news = view.news().unwrap();
    assert!(matches!(news.notices[..], [Notice::Refused(_)]));
    assert_eq!(pools(&news), ["only"]);
    let second = judgement(news);
    assert_eq!(second.object.generation, 2);
    assert_eq!(second.result.unwrap_err().path.to_string(), "spec");

    // Only the catalogue shows that every node pool of the pool is tainted.
    view.take(policy(3, spec(&["amd64-batch"], "Preferred")));
    let third = judgement(view.news().unwrap());
    assert_eq!(
        third.result.unwrap_err().path.to_string(),
        "spec.pools[0].binding"
    );

    // Without the object, the embedded policy is left.
    view.take(Update::Policies(Ok(Event::Delete((
        definition::NAME.into(),
        None,
    )))));
    let news = view.news().unwrap();
    assert!(matches!(news.notices[..], [Notice::UsableAgain]));
    let assessment = news.assessment.unwrap();
    assert_eq!(assessment.in_force, Some(Source::Embedded));
    assert!(view.refused.is_none() && assessment.judgement.is_none());
}

#[test]
fn a_first_policy_that_cannot_be_used_leaves_nothing_to_decide_by() {
    let mut view = view(Given::default(), &Catalogue::default(), Some(json!({})));
    let news = view.news().unwrap();
    assert!(news.snapshot.is_none());
    assert!(judgement(news).result.is_err());
    view.take(policy(2, spec(&["a"], "Required")));
    let news = view.news().unwrap();
    let following = Notice::Following(Source::Cluster);
    let [again, Notice::Remark(remark), last] = &news.notices[..] else {
        panic!("{:?}", news.notices);
    };
    assert_eq!((again, last), (&Notice::UsableAgain, &following));
    assert_eq!(
        remark.to_string(),
        "spec.pools[0].nodePools: pool \"only\": the cluster has no node pool of it (a), and its pods run wherever they \
         fit; apply its node pools, or name others"
    );
    assert!(news.snapshot.is_some());
}

#[test]
fn live_node_pools_replace_the_static_ones_but_for_the_external() {
    let mut spec = spec(&["a"], "Required");
    spec["catalogue"] = json!([{"name": "static"}, {"name": "reserved", "external": true}]);
    let names = |news: News| -> Vec<String> {
        let catalogue = news.snapshot.unwrap().catalogue;
        catalogue
            .iter()
            .map(|node_pool| node_pool.name().to_string())
            .collect()
    };
    let given = Given {
        node_pools: embedded_node_pools().unwrap(),
        ..Given::default()
    };
    let mut listed = view(given.clone(), &Catalogue::default(), Some(spec.clone()));
    assert_eq!(names(listed.news().unwrap()), ["reserved"]);
    for name in ["reserved", "live"] {
        listed.take(node_pool(name, &json!({})));
    }
    let catalogue = listed.news().unwrap().snapshot.unwrap().catalogue;
    let external = |name: &str| catalogue.get(name).map(NodePool::is_external);
    assert_eq!(external("live"), Some(false));
    assert_eq!(external("reserved"), Some(true));

    let of = |availability| {
        let mut view = View::new(Given::default(), None);
        view.take(Update::NodePools(Err(Some(availability))));
        view.take(Update::Namespaces(Ok(Event::InitDone)));
        view
    };
    let mut absent = of(Availability::Absent);
    absent.take(Update::Policies(Ok(Event::InitDone)));
    assert!(names(absent.news().unwrap()).is_empty(), "it has none");
    absent.take(policy(1, spec));
    assert_eq!(names(absent.news().unwrap()), ["reserved", "static"]);

    // A node pool that berth may not see can exist.
    let mut forbidden = of(Availability::Forbidden);
    forbidden.take(Update::Policies(Ok(Event::InitDone)));
    assert_eq!(names(forbidden.news().unwrap()).len(), 6);
}

#[test]
fn a_namespace_changes_nothing_but_itself() {
    let mut view = view(Given::default(), &embedded_node_pools().unwrap(), None);
    let before = view.news().unwrap().snapshot.unwrap();
    let labels = NamespaceLabels::from_iter([("team", "red")]);
    let entry = ("red".into(), Some(Arc::new(labels.clone())));
    view.take(Update::Namespaces(Ok(Event::Apply(entry))));
    let after = view.news().unwrap().snapshot.unwrap();
    assert_eq!(after.namespace("red").labels, Some(&labels));
    assert_eq!(before.namespace("red").labels, None);
    assert!(Arc::ptr_eq(&before.catalogue, &after.catalogue));
    assert!(Arc::ptr_eq(&before.policy, &after.policy));
}

/// The states of the node pools that the policy names, as far as they have changed.
fn changes(news: &News) -> Vec<(&str, Option<State>, Option<State>)> {
    let changes = news.states.iter();
    changes
        .map(|change| (&*change.node_pool, change.before, change.now))
        .collect()
}

#[test]
fn the_states_of_the_policys_node_pools_are_told_when_they_change() {
    use State::{Absent, Deleting, Full, Ready, Static, Unready};
    let policy_spec = spec(&["a", "b"], "Required");
    let mut view = view(Given::default(), &Catalogue::default(), Some(policy_spec));
    let first = view.news().unwrap();
    assert_eq!(
        changes(&first),
        [("a", None, Some(Absent)), ("b", None, Some(Absent))]
    );
    let mut before = Absent;
    for (fields, now) in [
        (json!({}), Unready),
        (json!({"status": status("True", "0")}), Ready),
        (json!({"status": status("Unknown", "0")}), Unready),
        (
            json!({"spec": {"replicas": 2}, "status": status("True", "0")}),
            Static,
        ),
        (
            json!({"spec": {"limits": {"cpu": 4}}, "status": status("True", "4")}),
            Full,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "2026-11-29T00:00:00Z"}}),
            Deleting,
        ),
    ] {
        view.take(node_pool("a", &fields));
        let news = view.news().unwrap();
        assert_eq!(changes(&news), [("a", Some(before), Some(now))]);
        before = now;
    }
    // One that the policy does not name is no news of a state.
    view.take(node_pool("c", &json!({})));
    assert_eq!(changes(&view.news().unwrap()), []);
    view.take(policy(2, spec(&["c"], "Required")));
    assert_eq!(
        changes(&view.news().unwrap()),
        [
            ("a", Some(Deleting), None),
            ("b", Some(Absent), None),
            ("c", None, Some(Unready)),
        ]
    );
}

/// Karpenter writes the status of a NodePool with every node that comes or goes.
#[test]
fn nodes_that_come_and_go_are_no_news_while_the_state_stays() {
    let mut view = view(
        Given::default(),
        &Catalogue::default(),
        Some(spec(&["a"], "Required")),
    );
    let with_cpus = |cpu: &str| {
        let limits = json!({"cpu": 10});
        node_pool(
            "a",
            &json!({"spec": {"limits": limits}, "status": status("True", cpu)}),
        )
    };
    view.take(with_cpus("0"));
    assert!(view.news().unwrap().snapshot.is_some());
    for cpu in ["2", "4", "9", "0"] {
        view.take(with_cpus(cpu));
        assert!(view.news().is_none(), "{cpu} CPUs are used");
    }
    view.take(with_cpus("10"));
    assert_eq!(
        changes(&view.news().unwrap()),
        [("a", Some(State::Ready), Some(State::Full))]
    );
}

/// Returns the change to a namespace with this label of berth's.
fn labelled(name: &str, key: &str, value: &str) -> Update {
    let key = format!("placement.truemark.io/{key}");
    let labels = NamespaceLabels::from_iter([(key, value)]);
    Update::Namespaces(Ok(Event::Apply((name.into(), Some(Arc::new(labels))))))
}

#[test]
fn a_misspelt_label_of_a_namespace_is_told_once_and_stays_in_the_status() {
    let all = embedded_node_pools().unwrap();
    let mut view = view(
        Given::default(),
        &all,
        Some(spec(&["amd64-default"], "Required")),
    );
    view.take(labelled("shop", "injection", "true"));
    view.take(labelled("kube-system", "injection", "true"));
    view.take(labelled("fine", "injection", "enabled"));
    let told = |news: &News| -> Vec<String> {
        let notices = news.notices.iter();
        let told = notices.filter_map(|notice| match notice {
            Notice::Misspelt(name, fault) => Some(format!("{name}: {}", fault.message)),
            _ => None,
        });
        told.collect()
    };
    let text =
        "shop: placement.truemark.io/injection=true does not opt in; write injection=enabled";
    let news = view.news().unwrap();
    assert_eq!(told(&news), [text]);
    assert_eq!(judgement(news).misspelt.size(), 1);

    view.take(labelled("data", "arch", "amd64"));
    let news = view.news().unwrap();
    assert_eq!(told(&news), [""; 0]);
    assert!(news.assessment.is_none(), "nothing to write");
    assert!(news.misspelt.is_none(), "they are the same");

    view.take(labelled("shop", "injection", "enabled"));
    assert_eq!(judgement(view.news().unwrap()).misspelt.size(), 0);
}

/// A metric that nobody has set would not be there, and no alert on it could say that all is well.
#[test]
fn the_first_news_says_that_no_namespace_is_misspelt() {
    let mut view = view(Given::default(), &embedded_node_pools().unwrap(), None);
    let news = view.news().unwrap();
    assert_eq!(news.misspelt.map(|misspelt| misspelt.size()), Some(0));
}

#[test]
fn a_thousand_misspelt_namespaces_do_not_fill_the_log() {
    let mut view = view(Given::default(), &Catalogue::default(), None);
    for number in 0..1000 {
        view.take(labelled(&format!("n{number}"), "arch", "graviton"));
    }
    let notices = view.news().unwrap().notices;
    assert!(notices.contains(&Notice::MoreMisspelt(980)), "{notices:?}");
    assert!(notices.len() < 30);
}

/// Its nodes are there until they are drained, but no pod is sent to it.
#[test]
fn a_node_pool_that_is_being_deleted_stays_known_and_counts_as_missing() {
    let mut view = view(
        Given::default(),
        &Catalogue::default(),
        Some(spec(&["a"], "Preferred")),
    );
    let deleting = json!({
        "metadata": {"deletionTimestamp": "2026-11-29T00:00:00Z"},
        "spec": {"template": {"spec": {"taints": [{"key": "only", "effect": "NoSchedule"}]}}},
    });
    view.take(node_pool("a", &deleting));
    let result = judgement(view.news().unwrap()).result;
    let snapshot = result.expect("its taint does not count any more");
    assert_eq!(snapshot.catalogue.state("a"), State::Deleting);
    let accepted = Ok((&*snapshot.policy, &*snapshot.catalogue));
    let time = Time(Timestamp::UNIX_EPOCH);
    let said = definition::Status::new(accepted, 1, None, &time);
    assert_eq!((&*said.missing, &*said.not_ready), ("a", ""));
}
