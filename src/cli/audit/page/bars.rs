//! Now and then in bars: by pool, by capacity type and by architecture. A chart is a table whose rows have a bar each, so its
//! numbers are there for those who do not see it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::escape::Text;
use super::figures::{cores, count, gib};
use crate::cli::audit::report::{NowThen, Report, Sum};

/// The length of the longest bar, in units of its drawing.
const LONGEST: u128 = 1_000;

/// Writes the three charts.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let sums = &report.sums;
    out.write_all(
        b"<section aria-labelledby=bars><h2 id=bars>Now and then</h2><p class=note>Pods, by where they are \
          <span class=key><i class=now></i>now</span>, and where new ones would be \
          <span class=key><i class=then></i>then</span>. CPU is in cores and memory in GiB, as requested.</p><div class=grid>",
    )?;
    let pools = report.policy.pools.iter().map(|pool| pool.name.as_str());
    chart("By pool", pools, "no pool", &sums.by_pool, out)?;
    let capacity = ["spot", "on-demand", "reserved", "either"].into_iter();
    let by_capacity = &sums.by_capacity_type;
    chart("By capacity type", capacity, "not known", by_capacity, out)?;
    let architectures = ["amd64", "arm64", "either"].into_iter();
    let by_architecture = &sums.by_architecture;
    chart(
        "By architecture",
        architectures,
        "not known",
        by_architecture,
        out,
    )?;
    out.write_all(b"</div></section>")
}

/// Writes a chart. The rows stand in the given order, then those that it does not name, then the one without a name.
fn chart<'n>(
    caption: &str,
    order: impl Iterator<Item = &'n str>,
    nameless: &str,
    sums: &BTreeMap<String, NowThen>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows: Vec<(&str, &NowThen)> = Vec::new();
    for name in order {
        rows.extend(sums.get_key_value(name).map(|(name, sum)| (&**name, sum)));
    }
    let others = sums.iter().map(|(name, sum)| (&**name, sum));
    let (nameless_row, named): (Vec<_>, Vec<_>) = others
        .filter(|(name, _)| !rows.iter().any(|(row, _)| row == name))
        .partition(|(name, _)| name.is_empty());
    rows.extend(named);
    rows.extend(nameless_row);

    let pods = rows
        .iter()
        .flat_map(|(_, sum)| [sum.now.pods, sum.then.pods]);
    let most = pods.max().unwrap_or_default();
    write!(
        out,
        "<div class=panel><table class=bars><caption>{caption}</caption><thead><tr><th scope=col><span class=unseen>Name\
         </span><th scope=col>Pods<th scope=col>CPU\
         <th scope=col>Memory</thead><tbody>"
    )?;
    for (name, sum) in rows {
        let name = if name.is_empty() { nameless } else { name };
        row(name, sum, most, out)?;
    }
    out.write_all(b"</table></div>")
}

fn row(name: &str, sum: &NowThen, most: u64, out: &mut impl Write) -> io::Result<()> {
    let width = |sum: &Sum| {
        let length = u128::from(sum.pods) * LONGEST;
        length.checked_div(most.into()).unwrap_or_default()
    };
    write!(
        out,
        "<tr><th scope=row>{}<svg class=bar aria-hidden=true viewBox=\"0 0 1000 32\" \
         preserveAspectRatio=none><rect class=now y=2 width={} height=12 /><rect class=then y=18 width={} height=12 /></svg>",
        Text(name),
        width(&sum.now),
        width(&sum.then),
    )?;
    let columns = [
        (count(sum.now.pods), count(sum.then.pods)),
        (cores(sum.now.requests), cores(sum.then.requests)),
        (gib(sum.now.requests), gib(sum.then.requests)),
    ];
    for (now, then) in columns {
        write!(
            out,
            "<td><span class=unseen>now </span>{now}<br><span class=unseen>then </span><b>{then}</b>"
        )?;
    }
    Ok(())
}
