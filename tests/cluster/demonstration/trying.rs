//! The things to try, as they are printed: each does what the guide promises.

use anyhow::ensure;

use super::guide::{self, THINGS};
use super::palette::Palette;
use super::rows::{Reader, Scope};
use super::{stage, table};
use crate::harness::api::Api;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::operator::Operator;

/// The terminal of most people who are in a hurry.
const WIDTH: usize = 80;

pub(crate) async fn things(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    let scene = stage::set(cluster).await?;
    let mut reader = Reader::new(Scope::OptedIn);
    let api = &cluster.api;
    for row in [
        "inflate 3 Running rule everything-else amd64-default spot amd64",
        "ledger 2 Running rule asked-for truemark-amd64 on-demand amd64",
        "thumbnails 2 Running rule everything-else arm64-default spot arm64",
        "report 1 Succeeded rule jobs amd64-batch spot amd64",
        "training 1 Pending left alone: special-resource",
    ] {
        shown(api, &mut reader, row).await?;
    }
    for thing in &THINGS {
        let commands = thing.commands.join("\n");
        let printed = operator.tries(&commands)?;
        let all = format!("{}{}", printed.stdout, printed.stderr);
        ensure!(all.contains(thing.prints), "{commands}\n{all}");
        shown(api, &mut reader, thing.row).await?;
    }
    let [.., audit] = &THINGS;
    let back = audit.commands.join("\n").replace("Audit", "Enforce");
    // Nobody types so fast, but a second restart within a second is an error.
    eventually("the policy is back in Enforce", async || {
        Ok(operator.tries(&back)?.success.then_some(()))
    })
    .await?;
    shown(api, &mut reader, THINGS[1].row).await?;

    // The guide names what there is, and fits.
    let guide = guide::of_own(
        &cluster.kubeconfig(),
        scene.setup.ops_address(),
        Palette::PLAIN,
    );
    let metrics = format!("curl http://{}/metrics", scene.setup.ops_address());
    ensure!(guide.contains(&metrics), "{guide}");
    ensure!(
        scene
            .berth
            .metrics()
            .await?
            .contains("berth_decisions_total")
    );
    let widest = guide.lines().filter(|line| !line.contains("export "));
    for line in widest {
        ensure!(line.chars().count() <= WIDTH, "{line}");
    }
    Ok(())
}

/// Waits until the table has a row, whose cells have one space between them here. No line of it is wider than the terminal.
async fn shown(api: &Api, reader: &mut Reader, row: &str) -> anyhow::Result<()> {
    eventually(row, async || {
        let lines = table::lines(&reader.pods(api).await?, WIDTH, Palette::PLAIN);
        for line in &lines {
            ensure!(line.chars().count() <= WIDTH, "{line}");
        }
        let words = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_there = row.is_empty() || lines.iter().any(|line| words(line) == row);
        Ok(is_there.then_some(()))
    })
    .await
}
