//! The text of a file, in any encoding that kubectl reads.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};

/// The most that one file may hold: more than any cluster's dump, and less than would exhaust a machine.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The reason why a file has no text.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum TextError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// The file holds too much.
    #[error("more than {} MiB: split it, or name a part of it", FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// The file is not UTF-8.
    #[error("is not UTF-8: see byte {0}")]
    NotUtf8(usize),
    /// The file begins as UTF-16 and goes on otherwise.
    #[error("begins as UTF-16 and is none: save it as UTF-8")]
    NotUtf16,
}

/// A file that has been opened.
pub(super) enum Opened {
    /// Its text.
    Text(String),
    /// More than fits into memory: all of it, from the beginning.
    Large(Box<dyn BufRead>),
}

/// Reads the text of a file, or of standard input if the file is `-`.
pub(in crate::cli) fn text(file: &str) -> Result<String, TextError> {
    match open(file)? {
        Opened::Text(text) => Ok(text),
        Opened::Large(_) => Err(TextError::TooLarge),
    }
}

/// Opens a file, or standard input if the file is `-`, and reads its text if that fits into memory.
pub(super) fn open(file: &str) -> Result<Opened, TextError> {
    let mut reader: Box<dyn BufRead> = if file == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file)?))
    };
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Ok(Opened::Large(Box::new(Cursor::new(bytes).chain(reader))));
    }
    decoded(bytes).map(Opened::Text)
}

/// Decodes a text by its byte-order mark, which some editors and shells of Windows write. Without one it is UTF-8.
fn decoded(mut bytes: Vec<u8>) -> Result<String, TextError> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            if bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            String::from_utf8(bytes)
                .map_err(|error| TextError::NotUtf8(error.utf8_error().valid_up_to()))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, TextError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(TextError::NotUtf16);
    }
    char::decode_utf16(pairs.iter().copied().map(unit))
        .collect::<Result<_, _>>()
        .map_err(|_| TextError::NotUtf16)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_byte_order_mark_tells_the_encoding() {
        for (bytes, text) in [
            (&b"a: \xc3\xa9"[..], Some("a: é")),
            (b"\xef\xbb\xbfa: 1", Some("a: 1")),
            (b"\xff\xfea\0:\0 \0\xe9\0", Some("a: é")),
            (b"\xfe\xff\0a\0:\0 \xd8\x3d\xde\x80", Some("a: 🚀")),
            (b"\xfe\xff\0a\0", None),
            (b"\xff\xfe\x3d\xd8a\0", None),
            (b"a: \xff", None),
        ] {
            assert_eq!(decoded(bytes.to_vec()).ok().as_deref(), text, "{bytes:?}");
        }
    }
}
