//! The rules of the repository that the compiler does not hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::reviews;

/// The modules of the crate, each in its layer. A module may use those of its own layer and of those below.
const LAYERS: [(&str, u8); 13] = [
    ("names", 0),
    ("placement", 0),
    ("definition", 1),
    ("preflight", 1),
    ("validation", 1),
    ("admission", 2),
    ("server", 3),
    ("tls", 3),
    ("watch", 3),
    ("metrics", 3),
    ("logging", 3),
    ("cli", 4),
    ("main", 5),
];

/// The pure core: it decides, and does nothing else.
const CORE: [&str; 4] = ["placement", "validation", "admission", "preflight"];

/// More than this is two files.
const LINES: usize = 600;

fn layer(module: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find_map(|(name, layer)| (*name == module).then_some(*layer))
}

/// The sources, each by its path below `src`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = reviews::repository("src");
    let files = reviews::files_below("src").into_iter();
    files
        .map(|file| {
            let text = reviews::text_of(&file);
            (file.strip_prefix(&root).unwrap().to_owned(), text)
        })
        .collect()
}

/// The module of the crate that a file belongs to: `placement` for `placement.rs` and for all of `placement/`.
fn module(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str();
    let first = first.to_string_lossy();
    first.strip_suffix(".rs").unwrap_or(&first).to_owned()
}

/// A file's code: without comments, and without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("// ").next().unwrap_or_default()))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The modules of the crate that a line of a file names, by `crate::` or by as many `super::` as lead to the root.
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
fn no_module_uses_one_above_it() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let name = module(&file);
        if name == "lib" {
            continue;
        }
        let own = layer(&name).unwrap_or_else(|| panic!("{} is in no layer", file.display()));
        for (number, line) in code(&text) {
            assert!(
                !line.contains("crate::{"),
                "{}:{number}: one path per `use crate::`, so that this test can read it",
                file.display()
            );
            let above =
                named(&file, line).filter(|used| layer(used).is_some_and(|used| used > own));
            wrong.extend(above.map(|used| format!("{}:{number}: {used}", file.display())));
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
    let tests = reviews::files_below("tests").into_iter();
    let tests = tests
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
        .map(|file| {
            let text = reviews::text_of(&file);
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
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--target=all"])
        .args(["--edges=normal,build", "--prefix=none", "--format={p}"])
        .current_dir(reviews::repository(""))
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

#[test]
fn every_test_file_is_a_module() {
    let main = reviews::text_of("tests/it/main.rs");
    let directory = reviews::repository("tests/it");
    for file in reviews::files_below("tests/it") {
        if file.parent() != Some(&directory) || file.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let name = file.file_stem().unwrap().to_string_lossy();
        let listed = main.lines().any(|line| line == format!("mod {name};"));
        assert!(
            listed || name == "main",
            "tests/it/{name}.rs is in no module"
        );
    }
}

#[test]
fn main_is_short() {
    let text = reviews::text_of("src/main.rs");
    assert!(text.lines().count() <= 30);
}

/// A first line that says what the file is.
#[test]
fn every_source_says_what_it_is() {
    for (file, text) in sources() {
        assert!(text.starts_with("//! "), "{}", file.display());
    }
}
