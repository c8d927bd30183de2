//! The columns of a table: how wide each is, and its rows.

use std::array;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::cli::styled::{Line, Span, lines};
use crate::cli::wrap::{parts, width};

/// A cell: texts with a space between.
pub(super) type Cell = Vec<Span>;

/// The columns between two columns of a table.
const GAP: usize = 2;
/// The columns that are not broken further for a screen that is too narrow.
const NARROWEST: usize = 6;
/// The most columns of a cell, on the widest screen and in a pipe. No kind and name of Kubernetes' are longer.
const WIDEST: usize = 320;

/// Returns the width of each column of rows, all of which together take at most so many columns, if there is a limit.
/// Those columns give way whose cells take the fewest lines more for it. None gets narrower than its longest name unless all
/// are as narrow as that, and the same holds for the parts of names.
pub(super) fn widths<const N: usize>(rows: &[&[Cell; N]], limit: Option<usize>) -> [usize; N] {
    let lengths = array::from_fn(|column| Lengths::of(rows, column));
    let widest = limit.unwrap_or(WIDEST).min(WIDEST);
    let mut widths = lengths
        .each_ref()
        .map(|lengths| lengths.longest.min(widest));
    if let Some(limit) = limit {
        let room = limit.saturating_sub(GAP * N.saturating_sub(1));
        let names = lengths.each_ref().map(|lengths| lengths.longest_name);
        give_way(&mut widths, &lengths, &names, room);
        let parts = lengths.each_ref().map(|lengths| lengths.longest_part);
        give_way(&mut widths, &lengths, &parts, room);
        give_way(&mut widths, &lengths, &[NARROWEST; N], room);
    }
    widths
}

/// Narrows columns until all fit into the room, or none is wider than its least: each time where it takes the fewest
/// lines more for each column that it frees.
fn give_way<const N: usize>(
    widths: &mut [usize; N],
    lengths: &[Lengths; N],
    least: &[usize; N],
    room: usize,
) {
    loop {
        let excess = widths.iter().sum::<usize>().saturating_sub(room);
        let ways = (0..N).flat_map(|column| {
            let most = widths[column].saturating_sub(least[column]);
            (1..=most.min(excess)).map(move |freed| (column, freed))
        });
        let cheapest = ways.min_by_key(|(column, freed)| {
            let (width, lengths) = (widths[*column], &lengths[*column]);
            let more = lengths.lines(width - freed) - lengths.lines(width);
            (more * LINE / freed, Reverse(*freed))
        });
        let Some((column, freed)) = cheapest else {
            return;
        };
        widths[column] -= freed;
    }
}

/// The parts of a line in which its cost is reckoned.
const LINE: usize = 1000;

/// The lengths of the cells of a column.
struct Lengths {
    longest: usize,
    /// The length of the longest text that is best not broken: what stands before or behind a `/`, or else a span.
    longest_name: usize,
    /// The length of the longest text that is broken only if nothing else is left.
    longest_part: usize,
    /// The number of cells of each length.
    counts: BTreeMap<usize, usize>,
}

impl Lengths {
    fn of<const N: usize>(rows: &[&[Cell; N]], column: usize) -> Self {
        let (mut counts, mut longest_name, mut longest_part) = (BTreeMap::new(), 0, 0);
        for row in rows {
            let texts: Vec<&str> = row[column].iter().map(|(text, _)| text.as_str()).collect();
            let names = texts.iter().flat_map(|text| text.split_inclusive('/'));
            longest_name = names.map(width).fold(longest_name, usize::max);
            let parts = texts.iter().flat_map(|text| parts(text));
            longest_part = parts.map(width).fold(longest_part, usize::max);
            *counts.entry(width(&texts.join(" "))).or_default() += 1;
        }
        let longest = counts.last_key_value().map_or(0, |(length, _)| *length);
        Self {
            longest,
            longest_name,
            longest_part,
            counts,
        }
    }

    /// Returns about how many lines the cells take in a column of a width.
    fn lines(&self, width: usize) -> usize {
        let counts = self.counts.iter();
        let lines = counts.map(|(length, count)| count * length.div_ceil(width.max(1)));
        lines.sum()
    }
}

/// Returns the lines of a row. A cell that is too long goes on in its column.
pub(super) fn row<const N: usize>(cells: &[Cell; N], widths: &[usize; N]) -> Vec<String> {
    let cells: Vec<Vec<Line>> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| lines(cell, Some(*width)))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let line = |number: usize| {
        let (mut text, mut missing) = (String::new(), 0);
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.get(number).filter(|part| part.columns > 0);
            if let Some(part) = part {
                text.push_str(&" ".repeat(missing));
                text.push_str(&part.text);
                missing = 0;
            }
            missing += width - part.map_or(0, |part| part.columns) + GAP;
        }
        text
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests {
    use anstyle::Style;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{Cell, row, widths};

    fn cell(text: &str) -> Cell {
        vec![(text.to_owned(), Style::new())]
    }

    #[test]
    fn a_column_gives_way_that_takes_the_fewest_lines_for_it() {
        let rows = [
            [
                cell("Deployment/web"),
                [cell("left alone:"), cell("conflict")].concat(),
                cell("default"),
            ],
            [cell("Job/a"), cell(""), cell("batch")],
        ];
        let rows: Vec<_> = rows.iter().collect();
        assert_eq!(widths(&rows, None), [14, 20, 7]);
        let narrow = widths(&rows, Some(36));
        assert_eq!(narrow, [14, 11, 7]);
        assert_eq!(
            row(rows[0], &narrow),
            [
                "Deployment/web  left alone:  default",
                "                conflict"
            ]
        );
        assert_eq!(
            row(rows[1], &narrow),
            ["Job/a                        batch"]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(
            texts in vec(["[a-z/-]{0,20}", "[a-z ]{0,30}", "[a-z-]{0,9}"], 1..6),
            limit in 24_usize..100,
        ) {
            let rows: Vec<[Cell; 3]> = texts.iter().map(|texts| texts.each_ref().map(|text| cell(text))).collect();
            let borrowed: Vec<_> = rows.iter().collect();
            let widths = widths(&borrowed, Some(limit));
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|char| *char != ' ').collect();
                letters.sort_unstable();
                letters
            };
            for (cells, texts) in rows.iter().zip(&texts) {
                let lines = row(cells, &widths);
                prop_assert!(lines.iter().all(|line| line.len() <= limit), "{:?}", lines);
                prop_assert_eq!(letters(&lines.concat()), letters(&texts.concat()));
            }
        }
    }
}
