//! The bytes of a block of text that matter to a reader of JSON, as bit masks: bit 0 is the first byte.
//!
//! Both platforms compare sixteen bytes at once, without a feature that some of their processors lack.

use wide::u8x16;

/// The bytes that are compared at once.
pub(super) const LANE: usize = 16;

/// The bytes of a block.
pub(super) const BLOCK: usize = 64;

/// The marks of a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// The brackets and braces that open.
    pub(super) opens: u64,
    /// The brackets and braces that close.
    pub(super) closes: u64,
}

impl Marks {
    /// Returns the marks of a block.
    #[inline]
    pub(super) fn of(block: &[u8; BLOCK]) -> Self {
        let (lanes, _) = block.as_chunks::<LANE>();
        let mut marks = Self {
            quotes: 0,
            backslashes: 0,
            opens: 0,
            closes: 0,
        };
        for lane in lanes.iter().rev() {
            let lane = u8x16::new(*lane);
            // This bit is all that tells a bracket from its brace.
            let folded = lane | u8x16::splat(b'{' ^ b'[');
            for (marks, lane, byte) in [
                (&mut marks.quotes, lane, b'"'),
                (&mut marks.backslashes, lane, b'\\'),
                (&mut marks.opens, folded, b'{'),
                (&mut marks.closes, folded, b'}'),
            ] {
                *marks = *marks << LANE | u64::from(equal(lane, byte).to_bitmask());
            }
        }
        marks
    }
}

/// Returns the position of the first of two bytes in a lane.
#[inline]
pub(super) fn first_of(lane: &[u8; LANE], [one, other]: [u8; 2]) -> Option<usize> {
    let lane = u8x16::new(*lane);
    let found = (equal(lane, one) | equal(lane, other)).to_bitmask();
    (found != 0).then_some(found.trailing_zeros() as usize)
}

/// Returns a lane whose bytes are full where that of the other is this one, and else 0.
fn equal(lane: u8x16, byte: u8) -> u8x16 {
    lane.simd_eq(u8x16::splat(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Generates bytes most of which matter, or differ from those that do in one bit.
    fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
        let byte = prop_oneof![
            prop::sample::select(br#""\{}[] :"#.to_vec()),
            prop::sample::select(vec![0x02, 0x7c, 0xfb, 0xfd, 0xdb, 0xa2, 0x0a]),
            any::<u8>(),
        ];
        prop::collection::vec(byte, N).prop_map(|bytes| *bytes.first_chunk().unwrap())
    }

    proptest! {
        #[test]
        fn marks_are_those_of_a_loop(block in bytes::<BLOCK>()) {
            let marks = |wanted: &[u8]| {
                let places = (0..BLOCK).filter(|at| wanted.contains(&block[*at]));
                places.fold(0, |marks, at| marks | 1_u64 << at)
            };
            let expected = Marks {
                quotes: marks(b"\""),
                backslashes: marks(b"\\"),
                opens: marks(b"{["),
                closes: marks(b"}]"),
            };
            prop_assert_eq!(Marks::of(&block), expected);
        }

        #[test]
        fn the_first_is_that_of_a_loop(piece in bytes::<LANE>()) {
            let expected = piece.iter().position(|byte| b"\"\\".contains(byte));
            prop_assert_eq!(first_of(&piece, *b"\"\\"), expected);
        }
    }
}
