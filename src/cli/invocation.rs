//! The name by which the program is called: its own, or that of a plugin of kubectl.

use std::ffi::OsStr;
use std::path::Path;

use clap::Command;

/// The name of the file that kubectl runs for `kubectl berth`.
const PLUGIN: &str = "kubectl-berth";

/// The name by which people call the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invocation {
    /// `berth`.
    Program,
    /// `kubectl berth`.
    Plugin,
}

impl Invocation {
    /// Returns the invocation by the program's first argument, which is its path.
    pub(super) fn of(program: Option<&OsStr>) -> Self {
        let stem = program.and_then(|path| Path::new(path).file_stem());
        match stem {
            Some(stem) if stem == PLUGIN => Self::Plugin,
            _ => Self::Program,
        }
    }

    /// Returns the name of the file that runs.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Program => "berth",
            Self::Plugin => PLUGIN,
        }
    }

    /// Returns the grammar of the command line, with this name in its usage and its examples.
    pub(super) fn named(self, grammar: Command) -> Command {
        match self {
            Self::Program => grammar,
            Self::Plugin => in_examples(grammar.bin_name("kubectl berth")),
        }
    }
}

/// Calls the program as a plugin in the examples of all commands.
fn in_examples(command: Command) -> Command {
    let examples = command.get_after_help().map(|help| {
        let lines = help.to_string();
        let lines = lines.lines().map(as_plugin);
        lines.collect::<Vec<_>>().join("\n")
    });
    let command = match examples {
        Some(examples) => command.after_help(examples),
        None => command,
    };
    command.mut_subcommands(in_examples)
}

/// Calls the program as a plugin in a line of an example, which is indented.
fn as_plugin(line: &str) -> String {
    if !line.starts_with("    ") {
        return line.to_owned();
    }
    // A command begins a line, or stands behind one of these.
    let mut named = line.to_owned();
    for before in ["    ", "| ", "&& ", "<("] {
        let own = format!("{before}berth ");
        named = named.replace(&own, &format!("{before}kubectl berth "));
    }
    named
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{Invocation, as_plugin};

    #[test]
    fn the_file_tells_the_invocation() {
        for (path, expected) in [
            ("berth", Invocation::Program),
            ("/usr/bin/berth", Invocation::Program),
            ("/home/a/.krew/bin/kubectl-berth", Invocation::Plugin),
            ("kubectl-berth.exe", Invocation::Plugin),
            ("", Invocation::Program),
        ] {
            assert_eq!(Invocation::of(Some(OsStr::new(path))), expected, "{path}");
        }
        assert_eq!(Invocation::of(None), Invocation::Program);
    }

    #[test]
    fn commands_in_examples_are_those_of_the_plugin() {
        for (line, expected) in [
            ("    berth lint a", "    kubectl berth lint a"),
            ("    x | berth lint -f -", "    x | kubectl berth lint -f -"),
            (
                "    source <(berth completions bash)",
                "    source <(kubectl berth completions bash)",
            ),
            (
                "    helm template berth ./chart | berth check -f -",
                "    helm template berth ./chart | kubectl berth check -f -",
            ),
            ("  berth serve says", "  berth serve says"),
        ] {
            assert_eq!(as_plugin(line), expected);
        }
    }
}
