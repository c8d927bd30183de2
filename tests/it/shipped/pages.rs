//! The pages of the repository lead somewhere: links, the index, and the numbers of the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::harness::repository;

/// The page that explains the numbers, the one that lists all pages, and the one that lists those of the codes.
const RULES: &str = "docs/rules.md";
const INDEX: &str = "docs/README.md";
const CODES: &str = "docs/codes/README.md";

/// The directories that hold text of the repository's own.
const DIRECTORIES: [&str; 6] = ["benches", "certs", "deploy", "docs", "src", "tests"];

/// Every file of the repository but those of tools, by its path in it.
fn files() -> Vec<PathBuf> {
    let root = repository::path_of("");
    let beside = std::fs::read_dir(&root).unwrap();
    let beside = beside.map(|entry| entry.unwrap().path());
    let beside = beside.filter(|path| path.is_file());
    let below = DIRECTORIES.into_iter().flat_map(repository::files_below);
    let files = beside.chain(below);
    files
        .map(|file| file.strip_prefix(&root).unwrap().to_owned())
        .collect()
}

/// Every page, with its text. A case of the command line may be written as one and is none.
fn pages() -> BTreeMap<PathBuf, String> {
    let files = files().into_iter();
    let pages = files.filter(|file| file.extension().is_some_and(|end| end == "md"));
    let pages = pages.filter(|file| !file.starts_with("tests/commands"));
    pages
        .map(|page| {
            let text = repository::text_of(&page);
            (page, text)
        })
        .collect()
}

/// The lines of a page that are neither in a fenced block nor its fence.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

/// The targets of a page's links that lead to a file of the repository, or to a place in one.
fn links(text: &str) -> Vec<String> {
    let link = Regex::new(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)").unwrap();
    let prose: Vec<&str> = prose(text).collect();
    // A link's text may go over the end of a line, its target does not.
    let links = prose.iter().flat_map(|line| link.captures_iter(line));
    let targets = links.map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

/// The places of a page that a link can name: its headings, as GitHub names them, and its anchors.
fn anchors(text: &str) -> BTreeSet<String> {
    let anchor = Regex::new(r#"<a id="([^"]+)">"#).unwrap();
    let mut found = BTreeSet::new();
    for line in prose(text) {
        found.extend(anchor.captures_iter(line).map(|found| found[1].to_owned()));
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            let kept = heading.trim().to_lowercase();
            let kept = kept.chars().filter_map(|char| match char {
                ' ' => Some('-'),
                '-' | '_' => Some(char),
                _ => char.is_alphanumeric().then_some(char),
            });
            found.insert(kept.collect());
        }
    }
    found
}

/// A path without `.` and `..`, as a link from a page means it.
fn resolved(page: &Path, target: &str) -> PathBuf {
    let mut path = page.parent().unwrap().to_owned();
    for part in Path::new(target) {
        match part.to_str() {
            Some("..") => assert!(path.pop(), "{}: {target}", page.display()),
            Some(".") => {}
            _ => path.push(part),
        }
    }
    path
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        for link in links(text) {
            let (target, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = match target {
                "" => page.clone(),
                target => resolved(page, target),
            };
            let leads = repository::path_of(&target).exists()
                && (place.is_empty()
                    || pages
                        .get(&target)
                        .is_some_and(|text| anchors(text).contains(place)));
            if !leads {
                wrong.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_index_lists_every_page() {
    let listed: BTreeSet<PathBuf> = [INDEX, CODES]
        .map(Path::new)
        .into_iter()
        .flat_map(|index| {
            let links = links(&repository::text_of(index)).into_iter();
            links.map(|link| resolved(index, link.split('#').next().unwrap()))
        })
        .collect();
    let missing: Vec<PathBuf> = pages()
        .into_keys()
        .filter(|page| page != Path::new(INDEX) && page != Path::new("README.md"))
        .filter(|page| !listed.contains(page))
        .collect();
    assert!(missing.is_empty(), "{INDEX} lacks {missing:?}");
    let start = repository::text_of("README.md");
    assert!(links(&start).iter().any(|link| link == INDEX), "{INDEX}");
}

/// The numbers of rules in a text, such as `R4.3`, but not the patterns that make them.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let number = Regex::new(r"\b[RT][0-9]+(\.[0-9]+\b|\.\{|\b)").unwrap();
    let found: Vec<_> = number.find_iter(text).map(|found| found.range()).collect();
    let found = found.into_iter().map(|range| &text[range]);
    found.filter(|number| !number.ends_with('{'))
}

/// The numbers that the page explains, each with what it says of it.
fn rules() -> BTreeMap<String, String> {
    let page = repository::text_of(RULES);
    let mut rules = BTreeMap::new();
    for part in page.split("<a id=\"").skip(1) {
        let (number, rest) = part.split_once("\"></a>").unwrap();
        let text = rest.split("\n\n").next().unwrap();
        let before = rules.insert(number.to_owned(), text.to_owned());
        assert_eq!(before, None, "{number} stands twice");
    }
    rules
}

/// A number leads to its explanation, and every explanation is cited.
#[test]
fn rules_are_explained_and_cited() {
    let endings = [
        "rs", "yaml", "yml", "md", "tpl", "json", "toml", "go", "ts", "tf", "sh",
    ];
    let explained: BTreeSet<String> = rules().into_keys().collect();
    let mut cited = BTreeSet::new();
    for file in files() {
        let end = file.extension().map(|end| end.to_string_lossy());
        let is_text = end.is_none_or(|end| endings.contains(&&*end));
        if !is_text || file == Path::new(RULES) {
            continue;
        }
        for number in numbers(&repository::text_of(&file)) {
            let known = explained.contains(number);
            assert!(known, "{}: {number} is not in {RULES}", file.display());
            cited.insert(number.to_owned());
        }
    }
    let idle: Vec<&String> = explained.difference(&cited).collect();
    assert!(idle.is_empty(), "nothing cites {idle:?}");
}

/// Each rule has the page or file that it comes from, or the rule that it follows from.
#[test]
fn every_rule_has_a_source() {
    let source = Regex::new(r"\(\[.+\].*\)$").unwrap();
    let name = Regex::new(r"\[([^\[\]]+)\]([^(:]|$)").unwrap();
    let page = repository::text_of(RULES);
    for (number, text) in rules() {
        let text: Vec<&str> = text
            .split("\n- ")
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let text = text.join(" ");
        // A whole section is no rule.
        if !text.contains(&format!("**{number}**")) {
            continue;
        }
        assert!(source.is_match(&text), "{number} has no source");
        for name in name.captures_iter(&text) {
            let definition = format!("\n[{}]: https://", &name[1]);
            assert!(page.contains(&definition), "{number}: [{}]", &name[1]);
        }
    }
}
