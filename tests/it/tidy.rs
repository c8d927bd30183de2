//! The rules of the repository that the compiler does not hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use berth::validation::Check;
use regex::Regex;

use crate::harness::repository;

/// The pure core: it decides, and does nothing else.
const CORE: [&str; 12] = [
    "names",
    "named",
    "encoding",
    "node",
    "pod",
    "policy",
    "placement",
    "validation",
    "admission",
    "definition",
    "preflight",
    "cases",
];

/// The most lines of a file of `src`.
const LINES: usize = 600;

/// The modules of the crate in the order of `lib.rs`, which says that each may use those above it and none below.
fn modules() -> Vec<String> {
    let lib = repository::text_of("src/lib.rs");
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    let declared = declared.map(|name| name.trim_end_matches(';').to_owned());
    declared.chain(["main".to_owned()]).collect()
}

/// Returns the sources, each by its path below `src`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = repository::path_of("src");
    let files = repository::sources_below("src").into_iter();
    files
        .map(|file| {
            let text = repository::text_of(&file);
            (file.strip_prefix(&root).unwrap().to_owned(), text)
        })
        .collect()
}

/// Returns the module of the crate that a file belongs to: `placement` for `placement.rs` and for all of `placement/`.
fn module(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str();
    let first = first.to_string_lossy();
    first.strip_suffix(".rs").unwrap_or(&first).to_owned()
}

/// Returns the numbered lines of a file's code, without comments and without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("// ").next().unwrap_or_default()))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Returns the modules of the crate that a line of a file names, by `crate::` or by as many `super::` as lead to the
/// root.
fn named<'l>(file: &Path, line: &'l str) -> impl Iterator<Item = &'l str> {
    let above = "super::".repeat(file.components().count());
    let starts: Vec<usize> = ["crate::", &above]
        .iter()
        .flat_map(|root| line.match_indices(*root).map(|(at, root)| at + root.len()))
        .collect();
    starts.into_iter().map(|start| {
        let rest = &line[start..];
        let end = rest.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn no_module_uses_one_below_it() {
    let modules = modules();
    let position = |module: &str| modules.iter().position(|name| name == module);
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let name = module(&file);
        if name == "lib" {
            continue;
        }
        let own = position(&name).unwrap_or_else(|| panic!("{} is not in lib.rs", file.display()));
        for (number, line) in code(&text) {
            assert!(
                !line.contains("crate::{"),
                "{}:{number}: one path per `use crate::`, so that this test can read it",
                file.display()
            );
            let below =
                named(&file, line).filter(|used| position(used).is_some_and(|used| used > own));
            wrong.extend(below.map(|used| format!("{}:{number}: {used}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_decides_and_does_nothing_else() {
    let words = [
        "tokio",
        "async ",
        ".await",
        "std::fs",
        "std::net",
        "std::time",
        "std::env",
        "std::thread",
        "tracing",
        "println!",
        "eprintln!",
        "SystemTime",
        "Instant",
    ];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if !CORE.contains(&module(&file).as_str()) {
            continue;
        }
        for (number, line) in code(&text) {
            let found = words.iter().filter(|word| line.contains(*word));
            wrong.extend(found.map(|word| format!("{}:{number}: {word}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_allowed_or_left_to_do() {
    let words = [
        concat!("#[", "allow"),
        concat!("#![", "allow"),
        concat!("todo", "!("),
        concat!("dbg", "!("),
    ];
    let tests = repository::files_below("tests").into_iter();
    let tests = tests
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
        .map(|file| {
            let text = repository::text_of(&file);
            (file, text)
        });
    for (file, text) in sources().into_iter().chain(tests) {
        for (index, line) in text.lines().enumerate() {
            for word in words {
                assert!(
                    !line.contains(word),
                    "{}:{}: {word}",
                    file.display(),
                    index + 1
                );
            }
        }
    }
}

#[test]
fn no_source_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(file, lines)| format!("{}: {lines}", file.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Two providers in one process fight over the default one, and the loser panics at the first handshake.
#[test]
fn there_is_one_tls_provider() {
    let build = repository::text_of(".ci/build");
    let shipped = Regex::new(r"\btarget=(\S+)").unwrap();
    let shipped = shipped.captures_iter(&build);
    // Not `--target=all`: a crate for a target that nobody builds is on nobody's disk.
    let targets: Vec<String> = shipped
        .map(|found| format!("--target={}", &found[1]))
        .collect();
    assert_eq!(targets.len(), 2, "{targets:?}");

    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges=normal,build", "--prefix=none"])
        .arg("--format={p}")
        .args(targets)
        .current_dir(repository::path_of(""))
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).unwrap();
    let packages: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let providers: Vec<&&str> = ["aws-lc-rs", "ring", "openssl", "native-tls"]
        .iter()
        .filter(|provider| packages.contains(**provider))
        .collect();
    assert_eq!(providers, [&"aws-lc-rs"]);
}

/// Collects the files that a file reaches by `mod`, itself included. Its modules lie in `room`, unless they say where.
fn reach(file: &Path, room: &Path, reached: &mut BTreeSet<PathBuf>) {
    reached.insert(file.canonicalize().unwrap());
    let text = repository::text_of(file);
    let (mut inner, mut path) = (room.to_owned(), None);
    for line in text.lines().map(str::trim) {
        let declared = line.strip_prefix("pub(crate) ").unwrap_or(line);
        let declared = declared.strip_prefix("mod ").unwrap_or_default();
        if let Some(name) = declared.strip_suffix(" {") {
            inner.push(name);
        } else if line == "}" && inner != room {
            inner.pop();
        } else if let Some(rest) = line.strip_prefix("#[path = \"") {
            path = rest.strip_suffix("\"]");
        } else if let Some(name) = declared.strip_suffix(';') {
            if let Some(path) = path.take() {
                let from = if inner == room {
                    file.parent().unwrap()
                } else {
                    &inner
                };
                let module = from.join(path);
                reach(&module, module.parent().unwrap(), reached);
            } else {
                let room = inner.join(name);
                reach(&room.with_extension("rs"), &room, reached);
            }
        }
    }
}

#[test]
fn every_test_file_is_a_module() {
    let mut forgotten = Vec::new();
    for directory in ["tests/it", "tests/cluster"] {
        let directory = repository::path_of(directory).canonicalize().unwrap();
        let mut reached = BTreeSet::new();
        reach(&directory.join("main.rs"), &directory, &mut reached);
        let sources = repository::sources_below(&directory).into_iter();
        forgotten.extend(sources.filter(|file| !reached.contains(file)));
    }
    assert!(forgotten.is_empty(), "in no module: {forgotten:?}");
}

#[test]
fn main_is_short() {
    let text = repository::text_of("src/main.rs");
    assert!(text.lines().count() <= 30);
}

/// The first line of a file says what it is.
#[test]
fn every_source_says_what_it_is() {
    for (file, text) in sources() {
        assert!(text.starts_with("//! "), "{}", file.display());
    }
}

/// Returns the names of the files in a directory, without their endings, in order.
fn stems(directory: &str) -> impl Iterator<Item = String> {
    let files = repository::files_below(directory).into_iter();
    files.map(|file| {
        let stem = file.file_stem().unwrap();
        stem.to_string_lossy().into_owned()
    })
}

/// A check has one name: of its variant, its file, its file of cases and its section of the page.
#[test]
fn a_check_has_one_name() {
    let names: Vec<&str> = Check::ALL.iter().map(|check| check.as_str()).collect();
    let capital = Regex::new("(.)([A-Z])").unwrap();
    for check in Check::ALL {
        let variant = format!("{check:?}");
        let variant = capital.replace_all(&variant, "$1-$2").to_lowercase();
        assert_eq!(variant, check.as_str());
    }

    let page = repository::text_of("docs/validation.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("## `"));
    let headings: Vec<&str> = headings.map(|name| name.trim_end_matches('`')).collect();
    assert_eq!(headings, names);

    let names: BTreeSet<String> = names.into_iter().map(str::to_owned).collect();
    let cases: BTreeSet<String> = stems("tests/cases/validation").collect();
    assert_eq!(cases, names);

    // A file of a check says of which; the others are what the checks share.
    let mut files = BTreeSet::new();
    for stem in stems("src/validation") {
        let text = repository::text_of(format!("src/validation/{stem}.rs"));
        let Some(rest) = text.strip_prefix("//! The check `") else {
            continue;
        };
        let (name, _) = rest.split_once("`: ").unwrap();
        assert_eq!(stem, name.replace('-', "_"));
        files.insert(name.to_owned());
    }
    assert_eq!(files, names);
}

/// One word, or several with hyphens: metric labels, logs, pages and policies all show these names.
#[test]
fn every_name_of_a_closed_set_is_a_word_or_kebab_case() {
    let name = Regex::new(r#"(?m)^\s+\w+ = "(.*)",$"#).unwrap();
    let fits = Regex::new("^([A-Za-z]+|[a-z]+(-[a-z]+)+)$").unwrap();
    let mut sets = 0;
    for (file, text) in sources() {
        for set in text.split("named! {\n").skip(1) {
            let (set, _) = set.split_once("\n}\n").unwrap();
            let names: Vec<&str> = name
                .captures_iter(set)
                .map(|found| found.extract::<1>().1[0])
                .collect();
            assert!(!names.is_empty(), "{}: {set}", file.display());
            for name in names {
                assert!(fits.is_match(name), "{}: {name:?}", file.display());
            }
            sets += 1;
        }
    }
    assert!(sets > 0);
}
