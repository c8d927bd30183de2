//! The tables in Markdown. A column is a size of pods and a number of clients.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::latencies::{Latencies, quantile};
use super::rows::Row;

/// The measurements of a row with one size of pods and one number of clients.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) latencies: Latencies,
    requests: usize,
    /// The times that the API server and the row's own server ran on a core for these requests.
    ran: [Duration; 2],
}

impl Measured {
    /// Adds a round: how long its requests took, how many there were, and what the servers had run before and after.
    pub(super) fn add(&mut self, took: &[Duration], requests: usize, ran: [[Duration; 2]; 2]) {
        self.latencies.add_round(took);
        self.requests += requests;
        let [before, after] = ran;
        for (index, ran) in self.ran.iter_mut().enumerate() {
            *ran += after[index].saturating_sub(before[index]);
        }
    }
}

/// A column.
pub(super) struct Cell {
    /// The size of the pods, in bytes.
    pub(super) size: usize,
    pub(super) clients: usize,
    pub(super) rows: BTreeMap<Row, Measured>,
}

impl Cell {
    pub(super) fn title(&self) -> String {
        let plural = if self.clients == 1 { "" } else { "s" };
        format!("{} KB, {} client{plural}", self.size / 1_000, self.clients)
    }

    fn quantile(&self, row: Row, thousandths: usize) -> Option<f64> {
        let measured = self.rows.get(&row)?;
        Some(measured.latencies.quantile(thousandths))
    }

    /// Returns what a row adds to a quantile, in microseconds.
    fn added(&self, row: Row, thousandths: usize) -> Option<f64> {
        let base = self.quantile(Row::Nobody, thousandths)?;
        Some(self.quantile(row, thousandths)? - base)
    }

    /// Returns what a row adds to the median of each round.
    fn added_by_round(&self, row: Row) -> Option<Vec<f64>> {
        let medians = |row| Some(self.rows.get(&row)?.latencies.medians());
        let pairs = medians(row)?.zip(medians(Row::Nobody)?);
        Some(pairs.map(|(own, base)| own - base).collect())
    }

    /// Writes the ratio of what two rows add to the median, and the quartiles of the rounds.
    fn ratio(&self, row: Row, to: Row) -> Option<String> {
        let all = self.added(row, 500)? / self.added(to, 500)?;
        let pairs = self
            .added_by_round(row)?
            .into_iter()
            .zip(self.added_by_round(to)?);
        let rounds: Vec<f64> = pairs.map(|(own, other)| own / other).collect();
        let [low, high] = [250, 750].map(|of| quantile(rounds.clone(), of));
        Some(format!("**{all:.2}** ({low:.2}–{high:.2})"))
    }
}

/// Writes a table below its title. A cell that is not there is a dash.
fn table(title: &str, columns: &[String], rows: &[(String, Vec<Option<String>>)]) -> String {
    let mut text = format!(
        "{title}:\n\n| | {} |\n|---|{}\n",
        columns.join(" | "),
        "--:|".repeat(columns.len())
    );
    for (title, columns) in rows {
        let columns: Vec<&str> = columns
            .iter()
            .map(|column| column.as_deref().unwrap_or("–"))
            .collect();
        let _ = writeln!(text, "| {title} | {} |", columns.join(" | "));
    }
    text
}

/// Returns the titles of the columns.
fn titles(cells: &[Cell]) -> Vec<String> {
    cells.iter().map(Cell::title).collect()
}

/// Writes the ratios of what rows add, each with the quartiles of the rounds.
pub(super) fn ratios(cells: &[Cell], ratios: &[(Row, Row)]) -> String {
    let rows: Vec<_> = ratios
        .iter()
        .map(|(row, to)| {
            let columns = cells.iter().map(|cell| cell.ratio(*row, *to));
            (
                format!("{} : {}", row.name(), to.name()),
                columns.collect::<Vec<_>>(),
            )
        })
        .collect();
    let title = "Ratios of what is added to the median (quartiles of the rounds)";
    table(title, &titles(cells), &rows)
}

/// Writes what rows add to the median and to the 99th percentile.
pub(super) fn added(cells: &[Cell], rows: &[Row]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let columns = cells.iter().map(|cell| {
                let [half, most] = [500, 990].map(|of| cell.added(*row, of));
                Some(format!("{} ({})", grouped(half?), grouped(most?)))
            });
            (row.title().to_owned(), columns.collect::<Vec<_>>())
        })
        .collect();
    let title = "Added to the median (to the 99th percentile), µs";
    table(title, &titles(cells), &rows)
}

/// Writes how long a request takes about which nobody is asked.
pub(super) fn base(cells: &[Cell]) -> String {
    let columns = cells.iter().map(|cell| {
        let [half, most] = [500, 990].map(|of| cell.quantile(Row::Nobody, of));
        Some(format!("{} ({})", grouped(half?), grouped(most?)))
    });
    let title = "Median (99th percentile) to which that is added, µs";
    let rows = [(Row::Nobody.title().to_owned(), columns.collect::<Vec<_>>())];
    table(title, &titles(cells), &rows)
}

/// Writes the processor time of a request, whatever the number of clients: what a row adds to that of the API server, and
/// that of its own server.
pub(super) fn processor(cells: &[Cell]) -> String {
    let mut sizes: Vec<usize> = cells.iter().map(|cell| cell.size).collect();
    sizes.dedup();
    let of = |row: Row| {
        let columns = sizes.iter().map(|size| {
            let [base, _] = ran(cells, *size, Row::Nobody)?;
            let [api_server, own] = ran(cells, *size, row)?;
            if row == Row::Nobody {
                return Some(grouped(base));
            }
            Some(format!("{} + {}", grouped(api_server - base), grouped(own)))
        });
        (row.title().to_owned(), columns.collect())
    };
    let title = "Processor time of a request (µs): added to the API server's + the webhook's own";
    let titles = sizes.iter().map(|size| format!("{} KB", size / 1_000));
    table(title, &titles.collect::<Vec<_>>(), &Row::ALL.map(of))
}

/// Returns the times that the API server and the row's own server ran for a request of this size, in microseconds.
fn ran(cells: &[Cell], size: usize, row: Row) -> Option<[f64; 2]> {
    let of_size = cells.iter().filter(|cell| cell.size == size);
    let measured: Vec<_> = of_size.filter_map(|cell| cell.rows.get(&row)).collect();
    let requests: usize = measured.iter().map(|measured| measured.requests).sum();
    let requests = f64::from(u32::try_from(requests).ok().filter(|number| *number > 0)?);
    let sum = |index: usize| {
        let ran = measured.iter().map(|measured| measured.ran[index]);
        ran.sum::<Duration>().as_secs_f64() * 1e6 / requests
    };
    Some([sum(0), sum(1)])
}

/// Writes a whole number with a comma before every three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if number < -0.5 {
        text.insert(0, '-');
    }
    text
}
