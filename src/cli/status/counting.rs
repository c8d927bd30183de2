//! The pods of split pools: if berth counts them, as its replicas tell.

use super::contents::Contents;
use super::report::{Line, Mark};
use crate::placement::Basis;
use crate::server::last_hour::Window;

/// Returns a line about the replicas that decide on pods of split pools, if there are any.
pub(super) fn line(contents: &Contents) -> Option<Line> {
    let windows = contents.decisions.iter().filter_map(|(_, answer)| {
        let answer = answer.as_ref().ok()?;
        serde_json::from_value::<Window>(answer.clone()).ok()
    });
    let bases: Vec<String> = windows.filter_map(|window| window.split_basis).collect();
    said(&bases)
}

/// Says on which bases the replicas choose the sides, one basis a replica.
fn said(bases: &[String]) -> Option<Line> {
    let of = |basis: Basis| bases.iter().filter(|name| *name == basis.as_str()).count();
    let (counts, lots) = (of(Basis::Counts), of(Basis::Lot));
    let replicas = counts + lots;
    match (counts, lots) {
        (0, 0) => None,
        (_, 0) => {
            let text = format!("split pools: {replicas} of {replicas} replicas count the pods");
            Some(Line::new(Mark::Fine, text))
        }
        _ => {
            let text = format!(
                "split pools: {lots} of {replicas} replicas cannot see pods: lots decide, and the base is not kept"
            );
            Some(Line::new(Mark::Warning, text).with_remedy(
                "let berth list and watch pods: kubectl apply -k deploy/count-pods, or the chart's value countPods",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, said};

    #[test]
    fn lots_need_a_look() {
        let mark = |bases: &[&str]| {
            let bases: Vec<String> = bases.iter().map(|basis| (*basis).to_owned()).collect();
            said(&bases).map(|line| line.mark)
        };
        assert_eq!(mark(&[]), None);
        assert_eq!(mark(&["a-later-one"]), None);
        assert_eq!(mark(&["counts", "counts"]), Some(Mark::Fine));
        assert_eq!(mark(&["counts", "lot"]), Some(Mark::Warning));
        assert_eq!(mark(&["lot"]), Some(Mark::Warning));
    }
}
