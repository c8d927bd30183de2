//! `berth man`: the man pages, which the release makes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Command;
use clap_mangen::Man;

use super::output::complain;

/// The command, as messages begin.
const COMMAND: &str = "man";

const EXAMPLES: &str = "\
Examples:
  Write the pages where man finds them:
    berth man ~/.local/share/man/man1
    man berth-lint";

/// Writes a man page for each command into a directory, which it makes if it is not there
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Runs the command. `grammar` is all that can follow the name of the program.
pub(super) fn run(args: &Args, grammar: Command) -> ExitCode {
    let directory = &args.directory;
    let mut grammar = grammar.disable_help_subcommand(true);
    grammar.build();
    let written = fs::create_dir_all(directory).and_then(|()| write(&grammar, directory));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(COMMAND, &format!("{}: {error}", directory.display()));
            ExitCode::FAILURE
        }
    }
}

/// Writes the pages of a command and of those below it.
fn write(command: &Command, directory: &Path) -> io::Result<()> {
    let shown = command.get_subcommands();
    for below in shown.filter(|below| !below.is_hide_set()) {
        write(below, directory)?;
    }
    let page = Man::new(command.clone())
        .source(concat!("berth ", env!("CARGO_PKG_VERSION")))
        .manual("berth");
    let mut text = Vec::new();
    page.render(&mut text)?;
    let text = with_headings(&String::from_utf8_lossy(&text));
    fs::write(directory.join(page.get_filename()), text)
}

/// Returns a page in which examples and exit codes have headings of their own, and keep their lines.
fn with_headings(page: &str) -> String {
    page.replacen("\n.SH EXTRA\nExamples:\n", "\n.SH EXAMPLES\n.nf\n", 1)
        .replacen("\nExit codes:\n", "\n.SH EXIT CODES\n.nf\n", 1)
        .replacen("\nExit codes: ", "\n.SH EXIT CODES\n.nf\n", 1)
        .replacen("\n.SH VERSION\n", "\n.fi\n.SH VERSION\n", 1)
}
