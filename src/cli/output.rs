//! The output of the commands, which may go to a terminal, a file or a reader that goes away.

use std::fmt::Display;
use std::io;

/// Says something on standard error.
pub(super) fn complain(command: &str, message: &str) {
    anstream::eprintln!("berth {command}: {}", clean(message));
}

/// True if a command could print its output, or its reader had seen enough; otherwise says why not.
pub(super) fn printed(command: &str, output: io::Result<()>) -> bool {
    match output {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(command, &format!("standard output: {error}"));
            false
        }
        _ => true,
    }
}

/// Returns a text without control characters: names and messages come from the input, and must not move a cursor.
pub(super) fn clean(text: impl Display) -> String {
    let printable = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    text.to_string().chars().map(printable).collect()
}

/// Writes a value as YAML. Long lines are not folded, so that scripts stay readable and lines comparable.
pub(super) fn yaml(value: &serde_json::Value) -> io::Result<String> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.folded_wrap_chars = usize::MAX;
    serde_saphyr::to_string_with_options(value, options).map_err(io::Error::other)
}
