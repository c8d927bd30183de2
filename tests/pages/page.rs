//! Pages that show files, commands and what they print: Markdown, in the form of cram and trycmd. The integration tests run
//! those of the command line, and the cluster tests the walk through the first hour.

use std::fmt::Write as _;

/// A part of a page, in the order of the page.
pub(crate) enum Part<'p> {
    /// A line that stands for itself: prose, or the fence of a block.
    Line(&'p str),
    /// A block that names a file in its first line, and is that file.
    File { name: &'p str, text: String },
    /// A command of a `console` block.
    Command(Command<'p>),
}

/// A command, with what the page says that it prints.
pub(crate) struct Command<'p> {
    /// The lines as the page has them: the first begins with `$ `, each that continues it with `> `.
    shown: Vec<&'p str>,
    printed: Vec<&'p str>,
}

impl Command<'_> {
    /// Returns what the shell is to run.
    pub(crate) fn shell(&self) -> String {
        let lines: Vec<&str> = self.shown.iter().map(|line| &line[2..]).collect();
        lines.join("\n")
    }

    /// Returns the command as a page shows it, with what it prints.
    pub(crate) fn with(&self, code: i32, output: &str) -> String {
        let mut text = String::new();
        for line in &self.shown {
            text.extend([line, "\n"]);
        }
        if code != 0 {
            let _ = writeln!(text, "? {code}");
        }
        // No editor keeps a space at the end of a line.
        for line in output.lines() {
            text.extend([line.trim_end_matches(' '), "\n"]);
        }
        text
    }

    /// Returns the command as its page shows it.
    pub(crate) fn as_is(&self) -> String {
        let lines = self.shown.iter().chain(&self.printed);
        lines.flat_map(|line| [*line, "\n"]).collect()
    }
}

/// Returns the parts of a page.
///
/// # Panics
/// If a block neither has commands nor names a file.
pub(crate) fn parts(page: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        parts.push(Part::Line(line));
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            _ if info == "console" => parts.extend(commands(&block).map(Part::Command)),
            Some((_, name)) => {
                let text = block.join("\n") + "\n";
                parts.push(Part::File { name, text });
            }
            None => panic!("{line}: neither commands nor a file"),
        }
        parts.push(Part::Line("```"));
    }
    parts
}

/// Returns the commands of a block.
fn commands<'p>(block: &[&'p str]) -> impl Iterator<Item = Command<'p>> {
    let mut commands: Vec<Command<'p>> = Vec::new();
    for line in block {
        match commands.last_mut() {
            _ if line.starts_with("$ ") => commands.push(Command {
                shown: vec![line],
                printed: Vec::new(),
            }),
            Some(last) if line.starts_with("> ") && last.printed.is_empty() => {
                last.shown.push(line);
            }
            Some(last) => last.printed.push(line),
            None => panic!("{line}: a block begins with a command"),
        }
    }
    commands.into_iter()
}
