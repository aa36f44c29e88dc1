//! A library made from another one: its folder under another name, for a crate like it or for another version of the same crate. Either
//! all of it is there afterwards or nothing is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::catalogue::{self, FOLDER, Library, folder_of};
use super::manifest;
use crate::exit::{Missing, Usage};
use crate::machine::Group;

/// A library that was made.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The new one.
    pub library: Library,
    /// What it is a copy of.
    pub from: Library,
    /// Its folder, below the checkout.
    pub folder: String,
}

/// Copies a library of the checkout, pinned to another version of the crate where one is named. May be dropped at any time: what is
/// half-made goes then.
///
/// Cargo locks one version of a crate among those that are compatible: a copy with another version is a workspace of its own, whose
/// lock is the checkout's but for that crate.
///
/// # Errors
/// [`Usage`] for a name that is none or is taken, an unknown library, or a version that is none; else what could not be written, or
/// what cargo says of the new lock.
pub async fn copy(root: &Path, from: &str, name: &str, version: Option<&str>) -> Result<Copied> {
    let libraries = catalogue::catalogue(root)?;
    let from = catalogue::named(&libraries, from)?.clone();
    check_name(root, name)?;
    let source = folder_of(root, &from.name);
    let old_manifest = read(&source.join("Cargo.toml"))?;
    let other = version.filter(|version| *version != from.version);
    if let Some(version) = version {
        check_version(version)?;
        if !manifest::pins(&old_manifest, &from.measured) {
            return Err(Usage(format!(
                "`{}` measures no crate of that name that it pins: leave out --crate-version `{version}`",
                from.name
            ))
            .into());
        }
    }
    let folder = folder_of(root, name);
    let mut made = HalfMade { folder: folder.clone(), files: Vec::new(), whole: false };
    copy_folder(&source, &folder, &|text| text.replace(&format!("\"{}\"", from.name), &format!("\"{name}\"")))?;
    let mut new_manifest = manifest::renamed(&old_manifest, &from.name, name);
    if let Some(version) = other {
        let workspace = read(&root.join("Cargo.toml"))?;
        new_manifest = manifest::pinned(&new_manifest, &from.measured, version);
        new_manifest = manifest::alone(&new_manifest, &workspace)?;
        made.write(&root.join("Cargo.toml"), &manifest::excluding(&workspace, &format!("{FOLDER}/{name}"))?)?;
        if !source.join("Cargo.lock").is_file() {
            fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy `Cargo.lock`")?;
        }
    }
    write(&folder.join("Cargo.toml"), &new_manifest)?;
    if manifest::pins(&old_manifest, &from.measured) {
        let described = read(&source.join("library.toml"))?;
        write(&folder.join("library.toml"), &manifest::measuring(&described, &from.measured))?;
    }
    let readme = folder.join("README.md");
    if readme.is_file() {
        let text = read(&readme)?;
        write(&readme, &text.replacen(&format!("# {}", from.name), &format!("# {name}"), 1))?;
    }
    made.keep(&root.join("Cargo.lock"))?;
    lock(root, &folder, name).await?;
    let libraries = catalogue::catalogue(root)?;
    let library = catalogue::named(&libraries, name)?.clone();
    if version.is_some_and(|version| version != library.version) {
        bail!("`{}` is not laid out as other libraries are: the copy would not measure the version", from.name);
    }
    made.whole = true;
    Ok(Copied { library, from, folder: format!("{FOLDER}/{name}") })
}

/// It becomes a folder, a package, a program, and an image: what all of them take.
fn check_name(root: &Path, name: &str) -> Result<(), Usage> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split(['-', '_']).all(|part| !part.is_empty() && part.chars().all(plain))
        && name.len() <= 50;
    if !good {
        return Err(Usage(format!(
            "`{name}` is no name of a library: write lower-case letters and digits, with single - or _ between them, as `reqwest-0-13-4`"
        )));
    }
    if name == "origin" {
        return Err(Usage("`origin` is the name of our server's image: choose another one".to_owned()));
    }
    let folder = folder_of(root, name);
    if folder.exists() {
        return Err(Usage(format!("`{}` is there already: remove it, or choose another name", folder.display())));
    }
    Ok(())
}

/// `1.2.3`, or `1.2.3-rc.1`.
fn check_version(version: &str) -> Result<(), Usage> {
    let (release, before) =
        version.split_once('-').map_or((version, None), |(release, before)| (release, Some(before)));
    let numbers: Vec<&str> = release.split('.').collect();
    let good = numbers.len() == 3
        && numbers.iter().all(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
        && before.is_none_or(|before| {
            !before.is_empty() && before.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        });
    if good {
        return Ok(());
    }
    Err(Usage(format!("`{version}` is no version of a crate: write all of it, as `0.13.4`")))
}

/// What has to go again unless the copy becomes whole.
struct HalfMade {
    folder: PathBuf,
    /// Files of the checkout as they were.
    files: Vec<(PathBuf, Vec<u8>)>,
    whole: bool,
}

impl HalfMade {
    /// Remembers what a file holds now.
    fn keep(&mut self, path: &Path) -> Result<()> {
        let content = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        self.files.push((path.to_path_buf(), content));
        Ok(())
    }

    fn write(&mut self, path: &Path, text: &str) -> Result<()> {
        self.keep(path)?;
        write(path, text)
    }
}

impl Drop for HalfMade {
    fn drop(&mut self) {
        if self.whole {
            return;
        }
        for (path, content) in &self.files {
            if let Err(error) = fs::write(path, content) {
                tracing::warn!("`{}` is not what it was: {error}; `git checkout` it", path.display());
            }
        }
        if let Err(error) = fs::remove_dir_all(&self.folder)
            && self.folder.exists()
        {
            tracing::warn!("`{}` is left: {error}; remove it", self.folder.display());
        }
    }
}

/// Copies a folder, its programs with their texts changed. What cargo makes stays behind.
fn copy_folder(from: &Path, to: &Path, changed: &dyn Fn(&str) -> String) -> Result<()> {
    fs::create_dir(to).with_context(|| format!("cannot make the folder `{}`", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read `{}`", from.display()))?;
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let copy = to.join(&name);
        if path.is_dir() {
            copy_folder(&path, &copy, changed)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            write(&copy, &changed(&read(&path)?))?;
        } else {
            fs::copy(&path, &copy).with_context(|| format!("cannot write `{}`", copy.display()))?;
        }
    }
    Ok(())
}

/// Brings the lock up to date, so that builds with `--locked` work: from what this machine has, else from the registry.
async fn lock(root: &Path, folder: &Path, name: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut said = String::new();
    for more in [&["--offline"][..], &[]] {
        let mut command = Command::new(&cargo);
        command.args(["update", "--workspace", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml")).args(more);
        command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let started = Group::spawn(&mut command).map_err(|_| {
            Missing(format!("`{}` is needed for the new lock: install Rust from https://rustup.rs", cargo.display()))
        });
        let output = started?.output().await.context("cargo was lost from sight")?;
        if output.status.success() {
            return Ok(());
        }
        said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    }
    bail!(
        "cannot lock what `{name}` needs, and nothing was made: `cargo update` says\n{said}\n\
         Is there such a version (`cargo info CRATE` names the newest), and can this machine reach the registry?"
    )
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_folder_a_package_and_an_image_take() {
        let root = catalogue::root().unwrap();
        for good in ["isahc", "reqwest-0-13-4", "a1_b"] {
            assert!(check_name(&root, good).is_ok(), "{good}");
        }
        for bad in ["", "Reqwest", "1st", "a b", "a--b", "-a", "a-", "../a", "a/b", "a.b", "ä", "origin", "reqwest"] {
            let error = check_name(&root, bad).unwrap_err().to_string();
            assert!(error.contains(bad), "{bad}: {error}");
        }
    }

    #[test]
    fn a_version_is_whole() {
        for good in ["0.13.4", "1.0.0-rc.1"] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for bad in ["", "0.13", "=0.13.4", "^1.2.3", "1.2.x", "1.2.3-", "1.2.3\"\n"] {
            assert!(check_version(bad).unwrap_err().to_string().contains(bad), "{bad}");
        }
    }
}
