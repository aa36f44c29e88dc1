//! What was measured, so that a stranger could build it again.

use benchmark_protocol::tests::Test;

/// The program that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The library it links.
    pub library: String,
    /// The version of that library.
    pub library_version: String,
    /// The test it is.
    pub test: Test,
    /// SHA-256 of the program, in hex.
    pub sha256: String,
    /// SHA-256 of the Cargo.lock it was built with, in hex.
    pub lock_sha256: String,
    /// `rustc --version`.
    pub compiler: String,
    /// The target triple and its features: `x86_64-unknown-linux-gnu, crt-static`.
    pub target: String,
    /// The pinned crates that the test links, with their versions and features.
    pub features: String,
    /// Whether the library reads XML answers itself.
    pub parses: bool,
}
