//! The namespaces, each with what becomes of its workloads.

use std::io::{self, Write};

use super::escape::Text;
use super::figures::{cores, count, gib};
use super::tally::Tally;
use crate::cli::audit::grouping::counted;

/// Writes the namespaces by name.
pub(super) fn write(tally: &Tally<'_>, out: &mut impl Write) -> io::Result<()> {
    let namespaces = &tally.namespaces;
    if namespaces.is_empty() {
        return Ok(());
    }
    let opted_in = namespaces.values().filter(|namespace| namespace.opted_in);
    write!(
        out,
        "<section aria-labelledby=namespaces><h2 id=namespaces>Namespaces</h2><details><summary>{}, {} opted in</summary>\
         <div class=\"panel scroll\" tabindex=0 role=region aria-labelledby=namespaces><table class=plain><caption class=unseen>\
         Namespaces</caption><thead><tr><th scope=col>Namespace<th scope=col>Opted in<th scope=col>Workloads<th scope=col>Pods\
         <th scope=col>CPU, cores<th scope=col>Memory, GiB<th scope=col>Pods that move<th scope=col>Blocked workloads\
         <th scope=col>Missed pods</thead><tbody>",
        counted(namespaces.len() as u64, "namespace"),
        count(opted_in.count() as u64),
    )?;
    for (name, namespace) in namespaces {
        write!(
            out,
            "<tr><th scope=row>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}",
            Text(name),
            if namespace.opted_in { "yes" } else { "no" },
            count(namespace.all.workloads),
            count(namespace.all.pods),
            cores(namespace.requests),
            gib(namespace.requests),
            count(namespace.moving),
            count(namespace.blocked),
            count(namespace.missed),
        )?;
    }
    out.write_all(b"</table></div></details></section>")
}
