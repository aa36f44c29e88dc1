//! What is kept of a replica's standard error: its end.

/// How much, in bytes.
const KEPT: usize = 8 << 10;

/// The last part of a stream, however long it is.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// Takes the next piece.
    pub(super) fn extend(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
        if self.0.len() > 2 * KEPT {
            self.0.drain(..self.0.len() - KEPT);
        }
    }

    /// What was kept, as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0[self.0.len().saturating_sub(KEPT)..]).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_stream_is_kept() {
        let mut tail = Tail::default();
        for _ in 0..100 {
            tail.extend(&[b'a'; 1000]);
        }
        tail.extend(b"the end\n");
        assert_eq!(tail.text().len(), KEPT - 1);
        assert!(tail.text().ends_with("athe end"));
    }
}
