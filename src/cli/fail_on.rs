//! The findings for which a command fails.

use std::process::ExitCode;

use clap::ValueEnum;

use super::exit;

/// The flag `--fail-on`.
#[derive(Debug, clap::Args)]
pub(super) struct FailOn {
    /// The findings that make the exit code 2: deny, warn (denials too), or never
    #[arg(
        long = "fail-on",
        value_enum,
        default_value_t = Level::Deny,
        hide_possible_values = true,
        value_name = "LEVEL"
    )]
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Deny,
    Warn,
    Never,
}

impl FailOn {
    /// Returns the exit code of a command that has read all its input, and the numbers of its findings of each level.
    pub(super) fn exit_code(&self, denied: usize, warned: usize) -> ExitCode {
        let counted = match self.level {
            Level::Deny => denied,
            Level::Warn => denied + warned,
            Level::Never => 0,
        };
        if counted > 0 {
            ExitCode::from(exit::FINDINGS)
        } else {
            ExitCode::SUCCESS
        }
    }
}
