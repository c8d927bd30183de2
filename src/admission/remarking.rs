//! The warnings about objects that are no workloads. The API server sends each as a header, in ASCII (R5.4).

/// The most warnings that a person reads.
const WARNINGS: usize = 8;
/// The longest warning that fits a terminal of 80 columns after `Warning: `.
const FITTING: usize = 71;
/// The longest warning that the API server shows whole, in characters.
const LONGEST: usize = 120;

/// Returns each text as warnings that fit a terminal. The first names berth, and the others are indented.
pub(super) fn warnings(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    let mut more = 0;
    for text in texts {
        let lines = wrapped(&format!("berth: {text}"));
        // The last warning counts what is left out.
        if warnings.len() + lines.len() < WARNINGS {
            warnings.extend(lines);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        warnings.push(format!("berth: ...and {more} more"));
    }
    warnings
}

/// Breaks a text at spaces. A word that is too long for a line has one of its own.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let word: String = word.chars().map(ascii).take(LONGEST - 2).collect();
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.len() + 1 + word.len() <= FITTING => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines
}

fn ascii(char: char) -> char {
    if char.is_ascii_graphic() { char } else { '?' }
}
