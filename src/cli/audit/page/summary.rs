//! The top of the page: the sentence that says it all, and the key figures.

use std::io::{self, Write};

use super::escape::Text;
use super::figures::{a_month, an_hour, count, percent};
use super::tally::{CHANGES, Tally};
use super::words;
use crate::cli::audit::grouping::counted;
use crate::cli::audit::report::{Change, Report, Sums};

/// Writes the head of the page.
pub(super) fn write(report: &Report, tally: &Tally<'_>, out: &mut impl Write) -> io::Result<()> {
    let policy = &report.policy;
    let origin = match policy.source {
        "flag" => "the policy that a flag names",
        "cluster" => "the cluster’s policy",
        _ => "berth’s default policy",
    };
    write!(
        out,
        "<header><p class=kicker>berth audit<h1>{}</h1><p class=lead>{}<p class=facts>Of <b>{}</b>, under {origin}, in mode <b>{}</b>{}.</header>",
        headline(report, tally),
        caveat(report, tally),
        Text(&report.source),
        Text(&policy.mode),
        if policy.mode == "Audit" {
            ": berth reports its decisions and carries none out"
        } else {
            ""
        },
    )
}

/// Writes the key figures.
pub(super) fn write_figures(
    report: &Report,
    tally: &Tally<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(
        b"<section aria-labelledby=figures><h2 id=figures>Key figures</h2><ul class=cards>",
    )?;
    for change in CHANGES {
        let found = tally.of_change(change);
        let class = words::class(change);
        write!(
            out,
            "<li class={class}><span class=name>{}</span><span class=big>{}</span><span class=small>{}, {}</span><p>{}</p>",
            words::of_change(change),
            count(found.workloads),
            unit(found.workloads, "workload"),
            counted(found.pods, "pod"),
            words::meaning(change),
        )?;
        if found.workloads != 0 {
            let word = words::of_change(change);
            write!(
                out,
                "<button class=show type=button data-change=\"{word}\">Show<span class=unseen> the workloads: {word}</span></button>"
            )?;
        }
        out.write_all(b"</li>")?;
    }
    if report.sums.missed != 0 {
        write!(
            out,
            "<li class=blocked><span class=name>Missed</span><span class=big>{}</span><span class=small>{}</span><p>Their \
             namespace has opted in, and they were created without berth. Restart what makes them.</p><button class=show type=button \
             data-finding=missed>Show<span class=unseen> the workloads: missed</span></button></li>",
            count(report.sums.missed),
            unit(report.sums.missed, "pod"),
        )?;
    }
    out.write_all(b"</ul>")?;
    write_cost(report, out)?;
    out.write_all(b"</section>")
}

fn unit(number: u64, name: &'static str) -> String {
    format!("{name}{}", if number == 1 { "" } else { "s" })
}

/// Returns the sentence: the pods that would move, the share of spot, the workloads that are blocked.
fn headline(report: &Report, tally: &Tally<'_>) -> String {
    let sums = &report.sums;
    let blocked = tally.of_change(Change::Blocked).workloads;
    let blocked = match blocked {
        0 => "nothing is blocked".to_owned(),
        number => format!("{} blocked", counted(number, "workload")),
    };
    if sums.pods == 0 {
        let workloads = counted(sums.workloads, "workload");
        let placed = count(tally.placed);
        return format!("{placed} of {workloads} would be placed; {blocked}");
    }
    let moving = count(tally.moving);
    let pods = counted(sums.pods, "pod");
    let spot = spot(sums).map(|spot| format!("spot share {spot}; "));
    format!(
        "{moving} of {pods} would move; {}{blocked}",
        spot.unwrap_or_default()
    )
}

/// Returns the share of the pods on spot, now and then; `None` if no pod is or may be there.
fn spot(sums: &Sums) -> Option<String> {
    let of = |name: &str| sums.by_capacity_type.get(name).copied().unwrap_or_default();
    let all = sums.by_capacity_type.values();
    let (now, then) = all.fold((0, 0), |(now, then), sum| {
        (now + sum.now.pods, then + sum.then.pods)
    });
    let (spot, either) = (of("spot"), of("either"));
    let most = spot.then.pods + either.then.pods;
    if spot.now.pods + most == 0 {
        return None;
    }
    let (low, high) = (percent(spot.then.pods, then), percent(most, then));
    let range = if low == high {
        format!("{low} %")
    } else {
        format!("{low}–{high} %")
    };
    Some(format!("{} % → {range}", percent(spot.now.pods, now)))
}

/// Returns what a reader has to know of the sentence.
fn caveat(report: &Report, tally: &Tally<'_>) -> String {
    let mut text = if report.sums.pods == 0 {
        "There are no pods to compare with: this is what would become of new ones.".to_owned()
    } else {
        "No pod moves before it is created anew, by a rollout or a restart.".to_owned()
    };
    let warned = match tally.warned {
        0 => String::new(),
        1 => " 1 workload gets a warning that blocks nothing.".to_owned(),
        number => format!(
            " {} workloads get warnings that block nothing.",
            count(number)
        ),
    };
    let waiting = match tally.waiting {
        0 => String::new(),
        1 => " 1 pod waits for a node now.".to_owned(),
        number => format!(" {} pods wait for a node now.", count(number)),
    };
    let assumed = if tally.assumed == 0 {
        ""
    } else {
        " Namespaces that have not opted in are judged as if they had."
    };
    text.extend([&*warned, &*waiting, assumed]);
    text
}

/// Writes what it costs, now and then, and how that is known.
fn write_cost(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let (Some(prices), Some(cost)) = (&report.prices, &report.sums.cost) else {
        return Ok(());
    };
    let most = [cost.now_high, cost.then_high, cost.now_low, cost.then_low];
    let most = most.into_iter().fold(0.0, f64::max);
    out.write_all(
        b"<div class=panel><table class=bars><caption>Cost, in US dollars</caption><thead><tr><th scope=col><span class=unseen>When\
          </span><th scope=col>An hour<th scope=col>A month\
          </thead><tbody>",
    )?;
    let ends = [
        ("Now", "now", cost.now_low, cost.now_high),
        ("Then", "then", cost.then_low, cost.then_high),
    ];
    for (name, class, low, high) in ends {
        let at = |amount: f64| {
            if most > 0.0 {
                amount / most * 1000.0
            } else {
                0.0
            }
        };
        let (start, width) = (at(low), (at(high) - at(low)).max(6.0));
        write!(
            out,
            "<tr><th scope=row>{name}<svg class=bar aria-hidden=true viewBox=\"0 0 1006 32\" \
             preserveAspectRatio=none><rect class=rail y=18 width=1006 height=12 /><rect class={class} x={start:.1} y=18 \
             width={width:.1} height=12 /></svg><td>{}<td>{}",
            an_hour(low, high),
            a_month(low, high),
        )?;
    }
    write!(
        out,
        "</table><p class=note>{} From {} in {}. A month has 730 hours.</div>",
        Text(&prices.method),
        counted(prices.offers, "offer"),
        Text(&prices.file),
    )
}

#[cfg(test)]
mod tests {
    use super::headline;
    use crate::cli::audit::page::samples;
    use crate::cli::audit::page::tally::Tally;
    use crate::cli::audit::report::{Change, Report};

    fn headline_of(report: &Report) -> String {
        headline(report, &Tally::of(report))
    }

    #[test]
    fn the_headline_says_it_all() {
        let mut report = samples::small();
        assert_eq!(
            headline_of(&report),
            "171 of 309 pods would move; spot share 13 % → 53–63 %; 3 workloads blocked"
        );
        // Half of a workload is where it would go already.
        report.workloads[2].now[0].place.node_pool = Some("amd64-default".to_owned());
        report.sums.by_capacity_type.clear();
        for workload in &mut report.workloads {
            if workload.change == Change::Blocked {
                workload.change = Change::LeftAlone;
            }
        }
        assert_eq!(
            headline_of(&report),
            "159 of 309 pods would move; nothing is blocked"
        );
    }

    #[test]
    fn without_pods_the_headline_is_of_workloads() {
        let mut workloads = samples::small().workloads;
        for workload in &mut workloads {
            workload.pods = 0;
            workload.now.clear();
        }
        assert_eq!(
            headline_of(&samples::report(workloads)),
            "10 of 15 workloads would be placed; 3 workloads blocked"
        );
    }
}
