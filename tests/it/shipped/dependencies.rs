//! The dependencies: their sources, licences and duplicates by the rules of `deny.toml`, and the page that explains each.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use crate::harness::repository;

const PAGE: &str = "docs/dependencies.md";
const RULES: &str = "deny.toml";

/// A crate in one version, such as `serde v1.0.229`.
type Crate = String;

/// The crates as Cargo resolves them for what ships.
struct Tree {
    root: Crate,
    below: BTreeMap<Crate, BTreeSet<Crate>>,
    licences: BTreeMap<Crate, String>,
}

/// What is compiled for the binary, and what is compiled for tests as well.
static SHIPPED: LazyLock<Tree> = LazyLock::new(|| Tree::of("normal,build"));
static TESTED: LazyLock<Tree> = LazyLock::new(|| Tree::of("normal,build,dev"));

impl Tree {
    /// Reads the tree of these kinds of dependencies. Each line has its depth, and the children of a crate follow it the
    /// first time alone.
    fn of(edges: &str) -> Self {
        let targets = listed("targets").into_iter();
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--prefix=depth", "--format={p}|{l}"])
            .arg(format!("--edges={edges}"))
            .args(targets.map(|target| format!("--target={target}")))
            .current_dir(repository::path_of(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let (mut below, mut licences) = (BTreeMap::new(), BTreeMap::new());
        let mut above: Vec<Crate> = Vec::new();
        // An empty line stands between the targets' trees.
        for line in text.lines().filter(|line| !line.is_empty()) {
            let name = line.trim_start_matches(|char: char| char.is_ascii_digit());
            let depth: usize = line[..line.len() - name.len()].parse().unwrap();
            let (package, licence) = name.split_once('|').unwrap();
            let words: Vec<&str> = package.split(' ').take(2).collect();
            let package = words.join(" ");
            // A crate that was there before ends with a mark.
            let licence = licence.trim_end_matches(" (*)").to_owned();
            licences.insert(package.clone(), licence);
            above.truncate(depth);
            let children: &mut BTreeMap<Crate, BTreeSet<Crate>> = &mut below;
            children.entry(package.clone()).or_default();
            if let Some(parent) = above.last() {
                let of_parent = children.get_mut(parent).unwrap();
                of_parent.insert(package.clone());
            }
            above.push(package);
        }
        Self {
            root: above.remove(0),
            below,
            licences,
        }
    }

    /// Returns all crates that are reached from one, itself included, with the root's own edge to another left out.
    fn reached(&self, from: &Crate, without: Option<&Crate>) -> BTreeSet<&Crate> {
        let (start, _) = self.below.get_key_value(from).unwrap();
        let (mut left, mut seen) = (vec![start], BTreeSet::new());
        while let Some(one) = left.pop() {
            if seen.insert(one) {
                let below = self.below[one].iter();
                left.extend(below.filter(|next| *one != self.root || Some(*next) != without));
            }
        }
        seen
    }

    /// Returns the crate of this name that the root depends on.
    fn direct(&self, name: &str) -> &Crate {
        let mut direct = self.below[&self.root].iter();
        let found = direct.find(|one| one.split(' ').next() == Some(name));
        found.unwrap_or_else(|| panic!("{name} is in no tree"))
    }

    /// Returns the licence of a direct dependency, and the numbers of crates that it brings, and that it brings alone.
    fn figures(&self, name: &str) -> String {
        let direct = self.direct(name);
        let brings = self.reached(direct, None).len() - 1;
        let all = self.reached(&self.root, None).len();
        let alone = all - self.reached(&self.root, Some(direct)).len();
        format!("{} | {brings} | {alone}", self.licences[direct])
    }
}

/// Returns the texts of a list of the rules, or of the crates in it.
fn listed(list: &str) -> Vec<String> {
    let text = repository::text_of(RULES);
    let (_, rest) = text.split_once(&format!("\n{list} = [")).unwrap();
    let (items, _) = rest.split_once(']').unwrap();
    let item = Regex::new(r#"(?m)(?:^|[\[,])\s*(?:\{ crate = )?"([^"]+)""#).unwrap();
    let items = item.captures_iter(items).map(|found| found[1].to_owned());
    items.collect()
}

/// True if the licences that a text in SPDX's form leaves to choose from include one that the rules allow, and those that
/// it demands together are all allowed.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    // Older crates write a slash for OR. AND binds closer than OR, and parentheses closest.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (is_allowed, rest) = any_of(&words, allowed);
    assert!(rest.is_empty(), "{expression}: {rest:?}");
    is_allowed
}

fn any_of<'w>(words: &'w [&'w str], allowed: &[String]) -> (bool, &'w [&'w str]) {
    let (mut is_allowed, mut rest) = all_of(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, after) = all_of(after, allowed);
        is_allowed |= other;
        rest = after;
    }
    (is_allowed, rest)
}

fn all_of<'w>(words: &'w [&'w str], allowed: &[String]) -> (bool, &'w [&'w str]) {
    let (mut is_allowed, mut rest) = one_of(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, after) = one_of(after, allowed);
        is_allowed &= other;
        rest = after;
    }
    (is_allowed, rest)
}

fn one_of<'w>(words: &'w [&'w str], allowed: &[String]) -> (bool, &'w [&'w str]) {
    let has = |name: &str| allowed.iter().any(|one| one == name);
    match words {
        ["(", inner @ ..] => {
            let (is_allowed, rest) = any_of(inner, allowed);
            assert_eq!(rest.first(), Some(&")"), "{words:?}");
            (is_allowed, &rest[1..])
        }
        [name, "WITH", exception, rest @ ..] => (has(&format!("{name} WITH {exception}")), rest),
        [name, rest @ ..] => (has(name), rest),
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn licences_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0 OR MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND MIT", true),
        ("MIT OR MIT AND GPL-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn every_licence_is_allowed_and_every_allowed_one_is_used() {
    let allowed = listed("allow");
    let unfit: Vec<_> = TESTED
        .licences
        .iter()
        .filter(|(_, licence)| !is_allowed(licence, &allowed))
        .collect();
    assert!(unfit.is_empty(), "{unfit:?}");
    for one in &allowed {
        let mut licences = TESTED.licences.values();
        assert!(licences.any(|licence| licence.contains(one)), "{one}");
    }
}

#[test]
fn every_crate_comes_from_one_registry_with_its_checksum() {
    let registry = listed("allow-registry").remove(0);
    let lock = repository::text_of("Cargo.lock");
    let packages: Vec<&str> = lock.split("[[package]]").skip(1).collect();
    assert!(packages.len() > 100);
    let source = format!("\nsource = \"registry+{registry}\"\nchecksum = \"");
    let others: Vec<&str> = packages
        .into_iter()
        .filter(|package| !package.contains(&source))
        .collect();
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(others[0].starts_with("\nname = \"berth\"\n"), "{others:?}");
}

/// What tests alone have is let pass: it is in no binary.
#[test]
fn no_crate_is_there_twice_but_those_with_a_reason() {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in SHIPPED.below.keys() {
        let (name, version) = one.split_once(" v").unwrap();
        versions.entry(name).or_default().push(version);
    }
    let expected: BTreeSet<String> = listed("skip").into_iter().collect();
    let mut skipped = BTreeSet::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let named = |version: &&str| expected.contains(&format!("{name}@{version}"));
        let (old, new): (Vec<&str>, Vec<&str>) = versions.iter().partition(|one| named(one));
        assert_eq!(new.len(), 1, "{name}: {new:?} beside {old:?}");
        skipped.extend(old.iter().map(|version| format!("{name}@{version}")));
    }
    assert_eq!(skipped, expected, "{RULES} skips what is not there twice");
}

/// The names of a table of `Cargo.toml`, in order.
fn named(table: &str) -> Vec<String> {
    let text = repository::text_of("Cargo.toml");
    let (_, rest) = text.split_once(&format!("\n[{table}]\n")).unwrap();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let names = lines.map(|line| line.split(" = ").next().unwrap().to_owned());
    names.collect()
}

/// Each direct dependency has a row with a reason, its licence, and what it brings.
#[test]
fn the_page_on_dependencies_is_that_of_the_manifest() {
    let page = repository::text_of(PAGE);
    let shipped = named("dependencies");
    let mut tests = named("dev-dependencies");
    // More features of those that ship.
    tests.retain(|name| !shipped.contains(name));
    let row = Regex::new(r"^\| `([^`]+)` \| ([^|]+) \|.*$").unwrap();
    let mut rows = Vec::new();
    let written: Vec<String> = page
        .lines()
        .map(|line| {
            let Some(found) = row.captures(line) else {
                return line.to_owned();
            };
            let name = found[1].to_owned();
            let tree = if shipped.contains(&name) {
                &SHIPPED
            } else {
                &TESTED
            };
            let figures = tree.figures(&name);
            let written = format!("| `{name}` | {} | {figures} |", &found[2]);
            rows.push(name);
            written
        })
        .collect();
    let mut expected = [shipped, tests].concat();
    expected.sort_by_key(|name| rows.iter().position(|row| row == name));
    assert_eq!(rows, expected);
    let written = written.join("\n") + "\n";
    if env::var_os("SNAPSHOTS").is_some_and(|mode| mode == "overwrite") {
        std::fs::write(repository::path_of(PAGE), written).unwrap();
    } else {
        let hint = "to accept it: SNAPSHOTS=overwrite cargo test the_page_on_dependencies";
        assert!(page == written, "{hint}\n{written}");
    }
}
