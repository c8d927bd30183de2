//! A view through single changes of the cluster.

use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use super::*;
use crate::policy::embedded_node_pools;
use crate::watch::update::read_node_pool;

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
    assert_eq!(news.notices, [Notice::UsableAgain, following]);
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
        let object = json!({"spec": {"template": {"spec": {}}}});
        let entry = (
            name.into(),
            Some(read_node_pool(name, object).map(Arc::new)),
        );
        listed.take(Update::NodePools(Ok(Event::Apply(entry))));
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
