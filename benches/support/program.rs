//! The berth that is measured.

/// Returns the path of the berth that the variable `BERTH` names, such as a release's, or else of the one that was built with the
/// benchmark, which no profile laid out.
pub(crate) fn berth() -> String {
    std::env::var("BERTH").unwrap_or_else(|_| env!("CARGO_BIN_EXE_berth").to_owned())
}
