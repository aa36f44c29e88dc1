//! Building the measured programs: each library by itself, statically, so that the file that runs as a process also runs in an
//! empty container image. Cargo decides what is stale.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use benchmark_protocol::tests::Test;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::catalogue::{Library, folder_of};
use super::language::CommandLine;
use super::provenance::Build;
use crate::exit::Missing;
use crate::machine::Group;

/// Makes the programs of a checkout's libraries in Rust.
#[derive(Debug)]
pub(super) struct Rust {
    root: PathBuf,
    cargo: OsString,
    triple: String,
    compiler: String,
}

impl Rust {
    /// Asks cargo and rustc who they are.
    ///
    /// # Errors
    /// [`Missing`] where there is no cargo.
    pub(super) async fn new(root: &Path) -> Result<Self> {
        // `cargo run` names itself, which spares the look-up and keeps the toolchain.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let missing = || {
            Missing(format!("`{}` is needed to build the tests: install Rust from https://rustup.rs", cargo.display()))
        };
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| sibling(&cargo, "rustc"));
        let version = Command::new(&cargo).arg("--version").output().await.map_err(|_| missing())?;
        if !version.status.success() {
            return Err(missing().into());
        }
        let output = Command::new(&rustc).arg("-vV").current_dir(root).output().await.map_err(|_| missing())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let triple =
            text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not name its host")?;
        let compiler = text.lines().next().unwrap_or_default().to_owned();
        Ok(Self { root: root.to_path_buf(), cargo, triple: triple.to_owned(), compiler })
    }

    /// `rustc --version`.
    pub(super) fn compiler(&self) -> &str {
        &self.compiler
    }

    /// Builds every test of a library.
    ///
    /// # Errors
    /// When it does not compile; the message ends with cargo's own last lines.
    pub(super) async fn build(&self, library: &Library, mut progress: impl FnMut(&str)) -> Result<()> {
        let mut command = Command::new(&self.cargo);
        command
            .args(["build", "--release", "--locked", "--manifest-path"])
            .arg(folder_of(&self.root, &library.name).join("Cargo.toml"))
            .args(["--target", &self.triple, "--target-dir"])
            .arg(self.target_folder())
            .current_dir(&self.root)
            .env("RUSTFLAGS", self.flags())
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Whoever waits for it may be interrupted: its compilers end with it.
        let mut cargo =
            Group::spawn(&mut command).with_context(|| format!("cannot start `{}`", self.cargo.display()))?;
        let stderr = cargo.stderr().context("cargo has no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        let mut tail = std::collections::VecDeque::with_capacity(TAIL_LINES);
        while let Some(line) = lines.next_line().await? {
            progress(line.trim());
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            tail.push_back(line);
        }
        if !cargo.wait().await?.success() {
            let tail = Vec::from(tail).join("\n");
            bail!("cannot build `{}`: cargo says\n{tail}", library.name);
        }
        Ok(())
    }

    /// Where a library's program, of all its tests, is once it is built.
    fn program(&self, library: &Library) -> PathBuf {
        self.target_folder().join(&self.triple).join("release").join(&library.name)
    }

    /// The program alone: it is static, and reads its flags from the environment.
    pub(super) fn command(&self, library: &Library) -> CommandLine {
        CommandLine { program: self.program(library), arguments: Vec::new(), environment: Vec::new() }
    }

    /// The program, under the library's name.
    pub(super) fn files(&self, library: &Library) -> Vec<(String, PathBuf)> {
        vec![(library.name.clone(), self.program(library))]
    }

    /// The facts of a program that was built.
    ///
    /// # Errors
    /// When the program or Cargo.lock cannot be read.
    pub(super) fn record(&self, library: &Library, test: Test) -> Result<Build> {
        Ok(Build {
            library: library.name.clone(),
            library_version: library.version.clone(),
            test,
            sha256: sha256(&self.program(library))?,
            lock_sha256: sha256(&self.lock(library))?,
            compiler: self.compiler.clone(),
            target: format!("{} {}", self.triple, self.flags()).trim().to_owned(),
            features: library.features.clone(),
            parses: library.parses,
        })
    }

    /// What pins its dependencies: a library that is no member of the workspace has a lock of its own.
    fn lock(&self, library: &Library) -> PathBuf {
        let own = folder_of(&self.root, &library.name).join("Cargo.lock");
        if own.is_file() { own } else { self.root.join("Cargo.lock") }
    }

    /// A folder of its own: cargo unifies nothing with the harness, and neither build throws the other's away.
    fn target_folder(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        target.join("libraries")
    }

    /// Static where the system's C library can be linked so.
    fn flags(&self) -> &'static str {
        if self.triple.contains("linux") { "-C target-feature=+crt-static" } else { "" }
    }
}

/// Lines of cargo's output that an error message ends with.
const TAIL_LINES: usize = 30;

fn sibling(cargo: &OsString, name: &str) -> OsString {
    let beside = Path::new(cargo).with_file_name(name);
    if beside.is_file() { beside.into() } else { name.into() }
}

fn sha256(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hasher))
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
