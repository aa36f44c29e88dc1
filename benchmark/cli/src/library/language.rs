//! The languages that libraries are written in. How a library becomes a program and an image is said once a language, in a file of its
//! own: building it, the files of its image, the command line of a replica, its variables, and where it comes from.

use std::path::{Path, PathBuf};

use anyhow::Result;
use benchmark_protocol::tests::Test;

use super::catalogue::Library;
use super::provenance::Build;
use super::rust::Rust;

/// What a library is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust: static programs, built with cargo.
    Rust,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 1] = [Self::Rust];

    /// Its name in library.toml.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
        }
    }

    /// The language of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }
}

/// How a replica that is a process is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program.
    pub program: PathBuf,
    /// What comes before the flags of the test.
    pub arguments: Vec<String>,
    /// Variables beside those of the run.
    pub environment: Vec<(String, String)>,
}

/// Makes the programs of one checkout, each library's with the tools of its language.
#[derive(Debug)]
pub struct Builder {
    rust: Rust,
}

impl Builder {
    /// Asks the tools who they are.
    ///
    /// # Errors
    /// [`crate::exit::Missing`] where there are none.
    pub async fn new(root: &Path) -> Result<Self> {
        Ok(Self { rust: Rust::new(root).await? })
    }

    /// `rustc --version`.
    #[must_use]
    pub fn compiler(&self) -> &str {
        self.rust.compiler()
    }

    /// Builds every test of a library. May be dropped at any time: what it has started ends with it.
    ///
    /// # Errors
    /// When it does not build; the message ends with the tool's own last lines.
    pub async fn build(&self, library: &Library, progress: impl FnMut(&str)) -> Result<()> {
        match library.language {
            Language::Rust => self.rust.build(library, progress).await,
        }
    }

    /// The command line of a replica, once its library is built.
    #[must_use]
    pub fn command(&self, library: &Library) -> CommandLine {
        match library.language {
            Language::Rust => self.rust.command(library),
        }
    }

    /// The files of a library's image, each a (name in the image, file).
    #[must_use]
    pub fn files(&self, library: &Library) -> Vec<(String, PathBuf)> {
        match library.language {
            Language::Rust => self.rust.files(library),
        }
    }

    /// The facts of a program that was built.
    ///
    /// # Errors
    /// When the program, or what pins its dependencies, cannot be read.
    pub fn record(&self, library: &Library, test: Test) -> Result<Build> {
        match library.language {
            Language::Rust => self.rust.record(library, test),
        }
    }
}
