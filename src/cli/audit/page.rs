//! The report as a page: one file of HTML that needs no network and no server.
//!
//! Everything is there without a script, as headings and tables. The script adds sorting, filters and pages to the table of
//! workloads, and holds no data. Texts of the cluster stand on the page by [`Text`] alone, and a policy in its head lets the
//! browser run that script, use that style, and load nothing.

mod bars;
mod details;
mod escape;
mod figures;
mod flow;
mod namespaces;
mod node_pools;
mod obstacles;
mod summary;
mod tally;
mod words;
mod workloads;

use std::io::{self, BufWriter, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;

use self::escape::Text;
use self::tally::Tally;
use super::report::Report;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The parts of the page by the names of their headings.
const PARTS: [(&str, &str); 7] = [
    ("figures", "Key figures"),
    ("blocks", "What blocks"),
    ("bars", "Now and then"),
    ("flow", "Flow"),
    ("node-pools", "Node pools"),
    ("namespaces", "Namespaces"),
    ("workloads", "Workloads"),
];

/// Writes the page.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let tally = Tally::of(report);
    head(report, &mut out)?;
    summary::write(report, &tally, &mut out)?;
    navigation(report, &mut out)?;
    out.write_all(b"<main id=main>")?;
    summary::write_figures(report, &tally, &mut out)?;
    obstacles::write(report, &mut out)?;
    bars::write(report, &mut out)?;
    flow::write(report, &mut out)?;
    node_pools::write(report, &mut out)?;
    namespaces::write(&tally, &mut out)?;
    obstacles::write_remarks(report, &mut out)?;
    workloads::write(report, &mut out)?;
    writeln!(
        out,
        "</main><footer>berth {}, report version {}. This page is one file and loads nothing.</footer></html>",
        env!("CARGO_PKG_VERSION"),
        report.version,
    )?;
    out.flush()
}

fn head(report: &Report, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta http-equiv=Content-Security-Policy content=\"default-src \
         'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\"><meta name=viewport \
         content=\"width=device-width, initial-scale=1\"><meta name=color-scheme content=\"light dark\"><meta name=referrer \
         content=no-referrer><title>berth audit of {}</title><style>{STYLE}</style><script>{SCRIPT}</script></head><body>\
         <a class=skip href=#workloads>Skip to the workloads</a>",
        digest(STYLE),
        digest(SCRIPT),
        Text(&report.source),
    )
}

/// Writes links to the parts that the page has.
fn navigation(report: &Report, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"<nav class=parts aria-label=Parts><ul>")?;
    for (id, name) in PARTS {
        let is_there = match id {
            "flow" => report.flows.iter().any(|flow| flow.sum.pods != 0),
            "node-pools" => !report.node_pools.is_empty(),
            "namespaces" => !report.workloads.is_empty(),
            _ => true,
        };
        if is_there {
            write!(out, "<li><a href=#{id}>{name}</a>")?;
        }
    }
    out.write_all(b"</ul></nav>")
}

/// Returns the source expression by which a browser knows a text that it may use. The hash is the one of TLS, which is in
/// the program already.
fn digest(text: &str) -> String {
    let suite = TLS13_AES_128_GCM_SHA256.tls13();
    let hash = suite.map(|suite| suite.common.hash_provider.hash(text.as_bytes()));
    let hash = hash.as_ref().map(AsRef::as_ref).unwrap_or_default();
    format!("sha256-{}", STANDARD.encode(hash))
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
