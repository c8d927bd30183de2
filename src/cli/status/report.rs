//! The report on an installation: sections of lines, each with a mark that says if something is wrong.

use crate::named::named;

named! {
    /// The meaning of a line.
    pub(super) enum Mark {
        /// Something does not work.
        Wrong = "wrong",
        /// Something works, and needs a look.
        Warning = "warning",
        /// All is well.
        Fine = "fine",
        /// A fact, or something that could not be read.
        Note = "note",
    }
}

impl Mark {
    /// True if something has to be done.
    pub(super) fn is_amiss(self) -> bool {
        match self {
            Self::Wrong | Self::Warning => true,
            Self::Fine | Self::Note => false,
        }
    }
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) mark: Mark,
    pub(super) text: String,
    /// The remedy, or what to do to learn more; empty if there is nothing to do.
    pub(super) remedy: String,
}

impl Line {
    pub(super) fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self {
            mark,
            text: text.into(),
            remedy: String::new(),
        }
    }

    pub(super) fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: remedy.into(),
            ..self
        }
    }
}

/// A part of the report, under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) lines: Vec<Line>,
}

/// The report on an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) sections: Vec<Section>,
}

impl Report {
    /// True if nothing is wrong, as far as could be read.
    pub(super) fn is_well(&self) -> bool {
        self.first_amiss().is_none()
    }

    /// Returns the first line that says that something is wrong, with the name of its section.
    pub(super) fn first_amiss(&self) -> Option<(&'static str, &Line)> {
        let lines = self.sections.iter();
        let mut lines =
            lines.flat_map(|section| section.lines.iter().map(|line| (section.name, line)));
        lines.find(|(_, line)| line.mark.is_amiss())
    }
}
