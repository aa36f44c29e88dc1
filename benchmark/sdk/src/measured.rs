//! What is measured.

/// Which program this is; made by [`crate::program!`].
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The measured library.
    pub library: &'static str,
    /// Its version.
    pub version: &'static str,
}
