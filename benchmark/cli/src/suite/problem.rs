//! Everything that is wrong with a file, each problem at its line and column.

use std::collections::BTreeSet;
use std::ops::Range;

use super::file::Source;
use crate::exit::Usage;

/// Problems by where they are, each once.
#[derive(Debug, Default)]
pub(super) struct Problems(BTreeSet<(usize, String)>);

impl Problems {
    /// Adds one at a place of the text, as an offset in bytes.
    pub(super) fn add(&mut self, at: usize, text: impl Into<String>) {
        self.0.insert((at, text.into()));
    }

    /// Whether all is good so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing where all is good.
    ///
    /// # Errors
    /// All problems, a line each: `file:line:column: what`.
    pub(super) fn check(&self, source: &Source) -> Result<(), Usage> {
        if self.0.is_empty() {
            return Ok(());
        }
        let count = if self.0.len() == 1 { "a problem".to_owned() } else { format!("{} problems", self.0.len()) };
        let mut text = format!("{count} in suite `{}`, so nothing was run", source.name());
        for (at, problem) in &self.0 {
            let (line, column) = place(&source.text, *at);
            text.push_str(&format!("\n{}:{line}:{column}: {problem}", source.path.display()));
        }
        Err(Usage(text))
    }
}

/// Line and column of a byte, from 1, in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The text of a value as the file has it, shortened where it is long.
pub(super) fn excerpt(text: &str, span: Range<usize>) -> String {
    let value = text.get(span).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if value.chars().count() <= 60 { value } else { format!("{}...", value.chars().take(57).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_begin_at_one() {
        let text = "a = 1\nnäme = 2\n";
        assert_eq!(place(text, 0), (1, 1));
        assert_eq!(place(text, text.find('2').unwrap()), (2, 8));
        assert_eq!(place(text, text.len()), (3, 1));
    }
}
