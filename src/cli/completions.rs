//! `berth completions`: what a shell has to know to complete the command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate};

use super::output::printed;

/// The command, as messages begin.
const COMMAND: &str = "completions";

const EXAMPLES: &str = "\
Examples:
  In this shell, bash:
    source <(berth completions bash)

  In every bash from now on, if bash-completion is installed:
    mkdir -p ~/.local/share/bash-completion/completions
    berth completions bash > ~/.local/share/bash-completion/completions/berth

  In every zsh, in a directory of its $fpath:
    berth completions zsh > ~/.zfunc/_berth

  In every fish:
    berth completions fish > ~/.config/fish/completions/berth.fish";

/// Prints a script by which a shell completes berth's commands and flags
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command. `program` is the name that people type, and `grammar` all that can follow it.
pub(super) fn run(args: &Args, program: &str, mut grammar: Command) -> ExitCode {
    let mut script = Vec::new();
    generate(args.shell, &mut grammar, program, &mut script);
    if printed(COMMAND, io::stdout().lock().write_all(&script)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
