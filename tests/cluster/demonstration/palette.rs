//! The colours of the demonstration.

/// The colours of the output, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    is_coloured: bool,
}

impl Palette {
    /// The palette of what is no terminal.
    pub(super) const PLAIN: Self = Self { is_coloured: false };

    /// Returns that of a terminal whose user does not want otherwise, or the plain one.
    pub(super) fn of(is_terminal: bool) -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_coloured = is_terminal && !is_unwanted;
        Self { is_coloured }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_coloured {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
