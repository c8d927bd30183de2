//! `berth explain` on a terminal, which decides about the form and the width of the output.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs `berth explain` on a terminal of a size. Returns the exit code and what the terminal shows, escapes included.
fn on_terminal(
    (rows, columns): (u16, u16),
    arguments: &[&str],
    directory: &Path,
) -> (Option<i32>, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
    command
        .arg("explain")
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(terminal);
    let mut child = command.spawn().unwrap();
    // It holds the terminal open, and so would keep the end from coming.
    drop(command);
    let mut shown = Vec::new();
    // Linux tells the end of a terminal's output by an error.
    let _ = File::from(controller).read_to_end(&mut shown);
    let code = child.wait().unwrap().code();
    (
        code,
        String::from_utf8(shown).unwrap().replace("\r\n", "\n"),
    )
}

/// Writes pods of one namespace to a file. The first asks for a pool that there is none of.
fn write_pods(count: usize, file: &Path) {
    let pod = |number: usize| {
        let pool = if number == 0 { "gpu" } else { "truemark" };
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{number}, namespace: shop, labels: \
             {{placement.truemark.io/pool: {pool}}}}}\nspec: {{}}\n"
        )
    };
    let pods: Vec<_> = (0..count).map(pod).collect();
    fs::write(file, pods.join("---\n")).unwrap();
}

/// Returns the widths of lines without their escapes.
fn widths(shown: &str) -> impl Iterator<Item = usize> {
    shown.lines().map(|line| {
        let parts = line.split('\u{1b}').enumerate();
        let plain = parts.map(|(position, part)| match part.split_once('m') {
            Some((_, text)) if position > 0 => text,
            _ => part,
        });
        plain.map(|text| text.chars().count()).sum()
    })
}

#[test]
fn more_than_a_screenful_is_a_table() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    write_pods(3, &directory.join("few.yaml"));
    write_pods(30, &directory.join("many.yaml"));

    let (code, few) = on_terminal((50, 90), &["few.yaml"], directory);
    assert_eq!(code, Some(2));
    assert!(few.contains("architectures"), "{few}");
    assert!(few.lines().count() <= 48, "{few}");
    let rows = u16::try_from(few.lines().count()).unwrap();
    let (_, again) = on_terminal((rows + 2, 90), &["few.yaml"], directory);
    assert_eq!(again, few);
    let (_, table) = on_terminal((rows + 1, 90), &["few.yaml"], directory);
    assert!(table.contains("KIND/NAME"), "{table}");

    let (code, many) = on_terminal((50, 90), &["many.yaml"], directory);
    assert_eq!(code, Some(2));
    let pods = many.lines().filter(|line| line.starts_with("Pod/"));
    assert_eq!(pods.count(), 30, "{many}");
    assert!(
        many.contains("-o text shows each workload in full"),
        "{many}"
    );
    let (_, text) = on_terminal((50, 90), &["many.yaml", "-o", "text"], directory);
    assert!(!text.contains("KIND/NAME"), "{text}");
    for shown in [few, table, many, text] {
        assert!(shown.contains("\u{1b}[31m"), "no red: {shown}");
        assert!(
            shown.contains("berth explain --code CODE says more"),
            "{shown}"
        );
        assert!(widths(&shown).all(|width| width <= 90), "{shown}");
    }
}

#[test]
fn one_workload_is_text_on_any_screen() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    write_pods(1, &directory.join("one.yaml"));
    let (code, shown) = on_terminal((4, 80), &["one.yaml"], directory);
    assert_eq!(code, Some(2));
    assert!(shown.contains("why"), "{shown}");
    assert!(widths(&shown).all(|width| width <= 80), "{shown}");
}
