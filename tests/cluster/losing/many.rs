//! Very many namespaces, changed at once.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::dials::{namespace, patch_of};
use super::extent::amounts;
use super::row;
use super::scene::Scene;
use crate::harness::berth::Berth;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::scene::pod;

/// The requests that are made at once.
const CLIENTS: usize = 32;

/// The state of a namespace: the pool that it names, or none if it has not opted in.
type State = Option<&'static str>;

/// Returns the state of the namespace of that number, before the change or after it. All change: some opt in, some out, and
/// the others name another pool.
fn state(number: usize, has_changed: bool) -> State {
    match (number % 3, has_changed) {
        (0, false) | (1, true) => Some("p1"),
        (0, true) | (1, false) => None,
        (_, false) => Some("p2"),
        (_, true) => Some("p3"),
    }
}

fn name(number: usize) -> String {
    format!("many-{number}")
}

/// Stores the states of all namespaces, as fast as the API server takes them.
async fn store(cluster: &Cluster, namespaces: usize, has_changed: bool) -> anyhow::Result<()> {
    stream::iter(0..namespaces)
        .map(async |number| {
            let object = match state(number, has_changed) {
                Some(pool) => namespace(&name(number), pool),
                None => json!({
                    "apiVersion": "v1", "kind": "Namespace",
                    "metadata": {"name": name(number), "labels": {}},
                }),
            };
            cluster.api.apply(&object).await
        })
        .buffer_unordered(CLIENTS)
        .try_for_each(async |_| Ok(()))
        .await
}

/// True if berth answers for a pod of the namespace of that number by this state of it.
async fn is_by(berth: &Berth, number: usize, state: State) -> anyhow::Result<bool> {
    let pod = pod(&name(number), "one");
    let patch = patch_of(&berth.mutate(&pod).await?.ok()?)?;
    Ok(match state {
        Some(pool) => patch.contains(&format!(" pool={pool} ")),
        None => patch.is_empty(),
    })
}

/// Returns the namespaces for which berth does not answer by their states.
async fn wrong(berth: &Berth, namespaces: usize, has_changed: bool) -> anyhow::Result<Vec<usize>> {
    let answers: Vec<(usize, bool)> = stream::iter(0..namespaces)
        .map(async |number| {
            let is_right = is_by(berth, number, state(number, has_changed)).await?;
            anyhow::Ok((number, is_right))
        })
        .buffer_unordered(CLIENTS)
        .try_collect()
        .await?;
    let wrong = answers.into_iter().filter(|(_, is_right)| !is_right);
    Ok(wrong.map(|(number, _)| number).collect())
}

/// Returns how long it takes until berth answers by the states of the namespaces that were stored last.
async fn caught_up(
    berth: &Berth,
    namespaces: usize,
    has_changed: bool,
) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    for number in namespaces - 2 * CLIENTS..namespaces {
        eventually(&format!("{} is known", name(number)), async || {
            let is_right = is_by(berth, number, state(number, has_changed)).await?;
            Ok(is_right.then_some(()))
        })
        .await?;
    }
    Ok(begin.elapsed())
}

/// Asks for one namespace after another for as long as something lasts. Each answer is by one of the states that berth can
/// know. Returns what that gives, and the number of questions.
async fn asked_during<T>(
    berth: &Berth,
    namespaces: usize,
    known: &[bool],
    lasting: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(T, usize)> {
    let asked = Cell::new(0);
    let asking = async {
        for number in (0..namespaces).cycle() {
            let mut is_right = false;
            for has_changed in known {
                is_right |= is_by(berth, number, state(number, *has_changed)).await?;
                asked.set(asked.get() + 1);
            }
            ensure!(
                is_right,
                "{}: the answer is by none of its states",
                name(number)
            );
        }
        Ok(())
    };
    tokio::select! {
        outcome = lasting => Ok((outcome?, asked.get())),
        outcome = asking => bail!("the questions ended: {outcome:?}"),
    }
}

/// All namespaces change at once, first while berth sees it, then while it is cut off.
pub(crate) async fn many(cluster: &Cluster) -> anyhow::Result<()> {
    let namespaces = amounts()?.namespaces;
    store(cluster, namespaces, false).await?;
    let Scene { berth, gate, .. } = &Scene::new(cluster).await?;
    ensure!(
        wrong(berth, namespaces, false).await?.is_empty(),
        "at first"
    );
    for is_seen in [true, false] {
        // Without a view of the cluster, only the states before the change are right.
        let known = if is_seen {
            vec![false, true]
        } else {
            vec![true]
        };
        if !is_seen {
            gate.close();
        }
        let begin = Instant::now();
        let changing = store(cluster, namespaces, is_seen);
        let ((), asked) = asked_during(berth, namespaces, &known, changing).await?;
        let took = begin.elapsed();
        gate.open();
        let after = caught_up(berth, namespaces, is_seen).await?;
        let wrong = wrong(berth, namespaces, is_seen).await?;
        ensure!(
            wrong.is_empty(),
            "{} are wrong, {} first",
            wrong.len(),
            wrong[0]
        );
        let what = format!(
            "{namespaces} namespaces changed in {:.0} s{}",
            took.as_secs_f32(),
            if is_seen { "" } else { ", unseen by berth" }
        );
        let memory = row::mebibytes(berth.resident()?);
        row::print(&what, asked + namespaces, after, &memory);
    }
    Ok(())
}
