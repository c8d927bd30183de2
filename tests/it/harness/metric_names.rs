//! The names of berth's metrics, in the source and in texts.

use std::collections::BTreeSet;

use super::repository;

/// Returns the names of berth's metrics in a text, without the endings that Prometheus adds.
pub(crate) fn named_in(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("berth_").map(|(start, _)| start);
    starts.map(|start| {
        let rest = &text[start..];
        let end = rest.find(|char: char| !(char.is_ascii_lowercase() || char == '_'));
        let name = &rest[..end.unwrap_or(rest.len())];
        let endings = ["_total", "_bucket", "_sum", "_count", "_info"];
        let base = endings.iter().find_map(|ending| name.strip_suffix(ending));
        base.unwrap_or(name)
    })
}

/// Returns the metrics that are registered. The source names them, since a family without a series is not shown.
pub(crate) fn registered() -> BTreeSet<String> {
    let sources = repository::sources_below("src").into_iter();
    let texts = sources.map(repository::text_of);
    let mut names = BTreeSet::new();
    for text in texts {
        for call in text.split("all.register").skip(1) {
            let Some(name) = call.split('"').nth(1) else {
                continue;
            };
            let unit = call.split_once("Unit::").map(|(_, rest)| rest);
            let unit = unit.and_then(|rest| rest.split(',').next());
            let unit = unit.map(|unit| format!("_{}", unit.to_ascii_lowercase()));
            names.insert(format!("berth_{name}{}", unit.unwrap_or_default()));
        }
    }
    names
}
