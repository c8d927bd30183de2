//! The node pools: what is on them now, what may come, and if their limits take it.

use std::io::{self, Write};

use super::escape::Text;
use super::figures::{cores, count, gib};
use crate::cli::audit::report::{NodePoolLoad, Report, Resources};

/// Writes the node pools, those first whose pool's limits do not take what would come.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.node_pools.is_empty() {
        return Ok(());
    }
    let mut loads: Vec<&NodePoolLoad> = report.node_pools.iter().collect();
    loads.sort_by_key(|load| load.fits != Some(false));
    let full = loads.iter().filter(|load| load.fits == Some(false)).count();
    let verdict = match full {
        0 => "No limit that is known is in the way.".to_owned(),
        1 => "The limits of <b>1 node pool</b> do not take what would come.".to_owned(),
        number => format!("The limits of <b>{number} node pools</b> do not take what would come."),
    };
    write!(
        out,
        "<section aria-labelledby=node-pools><h2 id=node-pools>Node pools and their limits</h2><p class=note>{verdict} What \
         comes to a pool with several node pools is counted in each of them: “at most”.</p><div class=\"panel scroll\" \
         tabindex=0 role=region aria-labelledby=node-pools><table class=plain><caption class=unseen>Node pools: now, then at \
         most, and limits</caption><thead><tr><th scope=col>Node pool<th scope=col>Pool<th scope=col>Pods<th scope=col>CPU, \
         cores<th scope=col>CPU limit<th scope=col>Memory, GiB<th scope=col>Memory limit<th scope=col>Takes it</thead><tbody>"
    )?;
    for load in loads {
        row(load, out)?;
    }
    out.write_all(b"</table></div></section>")
}

fn row(load: &NodePoolLoad, out: &mut impl Write) -> io::Result<()> {
    let NodePoolLoad {
        name,
        pool,
        now,
        then_at_most: then,
        limit_cpu_millis,
        limit_memory_bytes,
        fits,
    } = load;
    let (class, takes) = match fits {
        Some(true) => ("stays", "yes"),
        Some(false) => ("blocked", "no"),
        None => ("none", "not known"),
    };
    let limits = Resources {
        cpu_millis: limit_cpu_millis.unwrap_or_default(),
        memory_bytes: limit_memory_bytes.unwrap_or_default(),
    };
    let none = || {
        // Nobody has said what the limits are, if it is not known that they suffice.
        let text = if fits.is_some() { "none" } else { "–" };
        text.to_owned()
    };
    write!(
        out,
        "<tr><th scope=row>{}<td>{}<td>{} → {}<td>{} → {}<td>{}<td>{} → {}<td>{}<td><span class=\"mark {class}\">{takes}</span>",
        Text(name),
        Text(pool.as_deref().unwrap_or("–")),
        count(now.pods),
        count(then.pods),
        cores(now.requests),
        cores(then.requests),
        limit_cpu_millis.map_or_else(none, |_| cores(limits)),
        gib(now.requests),
        gib(then.requests),
        limit_memory_bytes.map_or_else(none, |_| gib(limits)),
    )
}
