//! Costs, from the prices that Karpenter's own metric says.

mod estimate;
mod exposition;
mod offers;
mod series;
mod vector;

use std::path::{Path, PathBuf};

use super::inventory::Nodes;
use super::report::Prices;
use super::workloads::Row;
use crate::cli::files::text;
use crate::cli::output::clean;
use crate::node::Catalogue;
use estimate::Estimate;
use offers::Offers;

/// The prices of a file.
#[derive(Debug)]
pub(super) struct PriceList {
    file: PathBuf,
    offers: Offers,
}

impl PriceList {
    /// Reads a file: a page of metrics, or an answer of Prometheus' API.
    ///
    /// # Errors
    /// Says what is wrong with the file, without its name.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = text(&file.to_string_lossy()).map_err(|error| error.to_string())?;
        let offers = Offers::read(&text)?;
        Ok(Self {
            file: file.to_owned(),
            offers,
        })
    }

    /// Puts its cost beside every workload. Returns what is said of the prices.
    pub(super) fn apply(&self, rows: &mut [Row], nodes: &Nodes, catalogue: &Catalogue) -> Prices {
        let mut estimate = Estimate::new(&self.offers, nodes, catalogue);
        for row in rows {
            row.workload.cost = estimate.cost(row);
        }
        let unknown = match estimate.unknown {
            0 => String::new(),
            pods => format!(" Pods without a price, which are in neither figure: {pods}."),
        };
        Prices {
            file: clean(self.file.display()),
            offers: self.offers.count(),
            method: format!("{METHOD}{unknown}"),
        }
    }
}

/// The way in which figures come from prices.
const METHOD: &str = "A pod costs the larger of its shares of an instance's CPU and memory, by its requests. Now: of the node \
                      that it is on, by instance type, capacity type and zone. Then, if it moves: from the cheapest to the \
                      dearest instance that its node pools allow and that it fits on, since AWS picks one of them. What \
                      nodes have left over is nobody's.";
