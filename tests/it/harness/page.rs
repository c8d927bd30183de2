//! The fenced blocks of a page.

/// A fenced block of a page.
pub(crate) struct Block<'p> {
    /// What stands behind the fence that opens it.
    pub(crate) language: &'p str,
    /// Its lines, each with its end.
    pub(crate) text: String,
}

/// Returns the fenced blocks of a part of a page, in order.
pub(crate) fn blocks(part: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in part.lines() {
        match line.strip_prefix("```") {
            Some("") => open = false,
            Some(language) => {
                open = true;
                let text = String::new();
                blocks.push(Block { language, text });
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!open, "a block without an end");
    blocks
}
