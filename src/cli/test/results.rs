//! The results of case files.

use std::ops::Range;
use std::time::Duration;

use crate::cases::{Case, Difference, Misread, Outcome, Strictness};

/// The results of all files.
#[derive(Default)]
pub(super) struct Results {
    pub(super) files: Vec<FileResult>,
}

/// The results of a file.
pub(super) struct FileResult {
    /// The file, as it was named.
    pub(super) name: String,
    /// The cases that could be judged.
    pub(super) cases: Vec<CaseResult>,
    /// The mistakes for which others could not.
    pub(super) misread: Vec<Misread>,
}

/// The result of a case.
pub(super) struct CaseResult {
    /// The line on which the case starts.
    pub(super) line: usize,
    /// The part of the file that is its document.
    pub(super) part: Range<usize>,
    pub(super) case: Case,
    pub(super) outcome: Outcome,
    pub(super) strictness: Strictness,
    pub(super) verdict: Verdict,
    /// The time that berth took for it.
    pub(super) took: Duration,
}

/// The verdict about a case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It holds.
    Passed,
    /// Something is found otherwise.
    Failed(Vec<Difference>),
    /// It expects nothing.
    Empty,
    /// It did not hold, and its file now expects what is found.
    Updated,
}

impl Results {
    /// Returns the cases of all files.
    pub(super) fn cases(&self) -> impl Iterator<Item = &CaseResult> {
        self.files.iter().flat_map(|file| &file.cases)
    }

    /// Returns the number of cases that hold.
    pub(super) fn passed(&self) -> usize {
        self.cases().count() - self.failed() - self.updated()
    }

    /// Returns the number of cases that do not hold.
    pub(super) fn failed(&self) -> usize {
        let failed = self.cases().filter(|case| case.has_failed());
        failed.count()
    }

    /// Returns the number of cases that hold now, since their files have been rewritten.
    pub(super) fn updated(&self) -> usize {
        let updated = self.cases().filter(|case| case.verdict == Verdict::Updated);
        updated.count()
    }

    /// Returns the number of mistakes for which something could not be judged or written.
    pub(super) fn unreadable(&self) -> usize {
        self.files.iter().map(|file| file.misread.len()).sum()
    }
}

impl CaseResult {
    /// True if the case does not hold.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_) | Verdict::Empty)
    }
}
