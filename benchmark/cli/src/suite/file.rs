//! Where suites are: a path, or the name of one in the checkout's `suites` folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::exit::Usage;
use crate::library::suggestion;

/// A suite's file, read.
#[derive(Debug)]
pub struct Source {
    /// As the user named it, or below the checkout.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// One of the checkout's suites.
#[derive(Debug)]
pub struct Listed {
    /// What `benchmark run` takes.
    pub name: String,
    /// What it says of itself; `None` where it is no TOML or says nothing.
    pub description: Option<String>,
}

impl Source {
    /// The file's name without `.toml`.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// Reads the suite that `asked` names: a file, else `suites/NAME.toml` of the checkout.
///
/// # Errors
/// [`Usage`] where there is none, with those that there are.
pub fn find(root: &Path, asked: &str) -> Result<Source> {
    let path = Path::new(asked);
    let named = root.join("suites").join(format!("{asked}.toml"));
    let is_name = !asked.ends_with(".toml") && path.components().count() == 1;
    let path = if is_name && !path.is_file() && named.is_file() { &named } else { path };
    let refused = |what: &str| -> Result<Source> {
        let suites = list(root)?;
        let names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
        let near = suggestion(asked.trim_end_matches(".toml"), &names);
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(Usage(format!("suite `{asked}` {what}{near} (suites of this checkout: {known}; or name a .toml file)"))
            .into())
    };
    if path.is_dir() {
        return refused("is a folder");
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Source { path: path.strip_prefix(root).unwrap_or(path).to_owned(), text }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => refused("does not exist"),
        Err(error) => refused(&format!("cannot be read ({error})")),
    }
}

/// The suites of a checkout, by name.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn list(root: &Path) -> Result<Vec<Listed>> {
    let folder = root.join("suites");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut suites = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let path = entry.with_context(|| format!("cannot read `{}`", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            suites.push(Listed { name, description: description(&path) });
        }
    }
    suites.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(suites)
}

fn description(path: &Path) -> Option<String> {
    let file: toml::Table = toml::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    Some(file.get("suite")?.get("description")?.as_str()?.to_owned())
}
