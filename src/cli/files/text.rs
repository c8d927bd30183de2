//! The text of a file, in any encoding that kubectl reads.

use std::fs::File;
use std::io::{self, Read};

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

/// Reads the text of a file, or of standard input if the file is `-`.
pub(in crate::cli) fn text(file: &str) -> Result<String, TextError> {
    let mut bytes = Vec::new();
    let limit = FILE_BYTES + 1;
    if file == "-" {
        let stdin = io::stdin().lock();
        stdin.take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > FILE_BYTES {
        return Err(TextError::TooLarge);
    }
    decoded(bytes)
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
