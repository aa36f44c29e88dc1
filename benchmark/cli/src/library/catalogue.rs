//! The libraries, as data: a folder below `benchmark/tests` for each. The harness knows no other list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Test;
use serde::Deserialize;

use super::language::Language;
use crate::exit::Usage;

/// The library that every campaign's other rows are held against.
pub const BASELINE: &str = "baseline";

/// Where the libraries' folders are in a checkout.
pub(super) const FOLDER: &str = "benchmark/tests";

/// A library that can be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// The folder's name.
    pub name: String,
    /// The crate that is measured.
    pub measured: String,
    /// Its version, which is pinned.
    pub version: String,
    /// What it is written in.
    pub language: Language,
    /// One line on what it is.
    pub summary: String,
    /// The pinned crates that its tests link, with versions and features: `ureq 3.5.1 [no default, rustls]`.
    pub features: String,
    /// The operations it has.
    pub operations: Vec<Operation>,
    /// Whether it reads XML answers (pages of listings, ids of uploads) itself; the SDK does where it does not.
    pub parses: bool,
    /// The tests it can run: those of these operations, but for what it does not support.
    pub tests: Vec<Test>,
    /// Options that it cannot honour, each with the reason.
    pub unsupported: BTreeMap<String, String>,
    /// What it does that others do not against servers that misbehave, by the mode of the conformance run.
    pub conformance: BTreeMap<String, Declared>,
}

/// A difference that is declared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// The verdict that it gets instead.
    pub does: String,
    /// Why, as it reads behind `as`.
    pub why: String,
}

/// `library.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LibraryFile {
    summary: String,
    language: String,
    operations: Vec<String>,
    /// The crate that is measured, where that is not the folder's name.
    #[serde(rename = "crate")]
    measured: Option<String>,
    /// Whether it reads XML answers itself.
    #[serde(default)]
    parses: bool,
    #[serde(default)]
    unsupported: BTreeMap<String, String>,
    #[serde(default)]
    conformance: BTreeMap<String, Declared>,
}

/// The part of `Cargo.toml` that pins the version.
#[derive(Deserialize)]
struct CargoFile {
    package: CargoPackage,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct CargoPackage {
    version: toml::Value,
}

/// The checkout that holds the libraries: `BENCHMARK_ROOT`, else the nearest folder upwards that has them, else where this
/// program was built.
///
/// # Errors
/// When none of them holds a folder `benchmark/tests`.
pub fn root() -> Result<PathBuf> {
    let holds = |path: &Path| path.join(FOLDER).is_dir();
    if let Some(root) = std::env::var_os("BENCHMARK_ROOT").map(PathBuf::from) {
        let text = root.display();
        return if holds(&root) {
            Ok(root)
        } else {
            Err(Usage(format!("BENCHMARK_ROOT `{text}` holds no folder `{FOLDER}`")).into())
        };
    }
    let here = std::env::current_dir().context("the working folder is gone")?;
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf);
    here.ancestors().map(Path::to_path_buf).chain(built).find(|path| holds(path)).ok_or_else(|| {
        anyhow!("no folder `{FOLDER}` here or above: change into a checkout, or name it with BENCHMARK_ROOT")
    })
}

/// Every library of the checkout, the baseline first, the others by name.
///
/// # Errors
/// When a library's files cannot be read; the message names the file.
pub fn catalogue(root: &Path) -> Result<Vec<Library>> {
    let folder = root.join(FOLDER);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut libraries = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read `{}`", folder.display()))?.path();
        if path.join("library.toml").is_file() {
            libraries.push(read(&path)?);
        }
    }
    libraries.sort_by_key(|library| (library.name != BASELINE, library.name.clone()));
    Ok(libraries)
}

/// The folder of a library in a checkout.
pub(super) fn folder_of(root: &Path, name: &str) -> PathBuf {
    root.join(FOLDER).join(name)
}

fn read(folder: &Path) -> Result<Library> {
    let path = folder.join("library.toml");
    let file: LibraryFile = parse(&path)?;
    let Some(language) = Language::named(&file.language) else {
        let known = Language::ALL.map(Language::name).join(", ");
        bail!("`{}`: language `{}` is not known (known: {known})", path.display(), file.language);
    };
    let cargo: CargoFile = parse(&folder.join("Cargo.toml"))?;
    let operations = file.operations.iter().map(|name| {
        let named = name.parse::<Operation>();
        named.map_err(|error| anyhow!("`{}`: {error}", path.display()))
    });
    let operations = operations.collect::<Result<Vec<_>>>()?;
    let runs = |test: &Test| {
        test.operations().iter().all(|operation| operations.contains(operation))
            && !test.needs().iter().any(|need| file.unsupported.contains_key(*need))
    };
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Library {
        measured: file.measured.unwrap_or_else(|| name.clone()),
        name,
        // The baseline inherits the project's own version.
        version: cargo.package.version.as_str().unwrap_or(env!("CARGO_PKG_VERSION")).to_owned(),
        language,
        summary: file.summary,
        features: features(&cargo.dependencies),
        tests: Test::all().filter(runs).collect(),
        operations,
        parses: file.parses,
        unsupported: file.unsupported,
        conformance: file.conformance,
    })
}

/// The dependencies that are pinned to one version: what is measured, and what it is measured with.
fn features(dependencies: &BTreeMap<String, toml::Value>) -> String {
    let pinned = dependencies.iter().filter_map(|(name, dependency)| {
        let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str())?.strip_prefix('=')?;
        let default_off = dependency.get("default-features").and_then(toml::Value::as_bool) == Some(false);
        let enabled = dependency.get("features").and_then(toml::Value::as_array).into_iter().flatten();
        let features: Vec<&str> =
            default_off.then_some("no default").into_iter().chain(enabled.filter_map(toml::Value::as_str)).collect();
        let features = if features.is_empty() { String::new() } else { format!(" [{}]", features.join(", ")) };
        Some(format!("{name} {version}{features}"))
    });
    pinned.collect::<Vec<_>>().join("; ")
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).map_err(|error| anyhow!("`{}`: {error}", path.display()))
}

/// The library of this name.
///
/// # Errors
/// [`Usage`], with the nearest name and all names.
pub fn named<'a>(libraries: &'a [Library], name: &str) -> Result<&'a Library, Usage> {
    libraries.iter().find(|library| library.name == name).ok_or_else(|| {
        let names: Vec<&str> = libraries.iter().map(|library| library.name.as_str()).collect();
        Usage(format!("unknown library `{name}`{} (known libraries: {})", suggestion(name, &names), names.join(", ")))
    })
}

/// The test of this name.
///
/// # Errors
/// [`Usage`], with the nearest name and all names.
pub fn test_named(name: &str) -> Result<Test, Usage> {
    Test::named(name).ok_or_else(|| {
        let names: Vec<&str> = Test::all().map(Test::name).collect();
        Usage(format!("unknown test `{name}`{} (known tests: {})", suggestion(name, &names), known_tests()))
    })
}

fn known_tests() -> String {
    Test::all().map(Test::name).collect::<Vec<_>>().join(", ")
}

/// `: did you mean ...?` where a known name is near.
#[must_use]
pub fn suggestion(name: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, nearest)| format!(": did you mean `{nearest}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn checkout() -> Vec<Library> {
        catalogue(&root().unwrap()).unwrap()
    }

    #[test]
    fn the_baseline_comes_first() {
        assert_eq!(checkout()[0].name, BASELINE);
    }

    #[test]
    fn every_library_pins_the_version_that_it_reports() {
        for library in checkout().iter().filter(|library| library.name != BASELINE) {
            let path = root().unwrap().join("benchmark/tests").join(&library.name).join("Cargo.toml");
            let manifest: toml::Value = parse(&path).unwrap();
            let dependency = &manifest["dependencies"][&library.measured];
            let pinned = dependency.as_str().or_else(|| dependency["version"].as_str()).unwrap();
            assert_eq!(pinned, format!("={}", library.version), "{}", library.name);
        }
    }

    #[test]
    fn features_are_those_of_the_manifest() {
        let libraries = checkout();
        assert_eq!(named(&libraries, "ureq").unwrap().features, "ureq 3.5.1 [no default, rustls]");
        assert_eq!(named(&libraries, "reqwest").unwrap().features, "reqwest 0.13.5");
    }

    #[test]
    fn a_library_runs_the_tests_of_its_operations_but_for_what_it_does_not_support() {
        let libraries = checkout();
        let tests = |name: &str| -> Vec<&str> {
            named(&libraries, name).unwrap().tests.iter().map(|test| test.name()).collect()
        };
        assert!(tests("reqwest").contains(&"call_api") && tests("reqwest").contains(&"fetch_range"));
        assert!(tests("object_store").contains(&"fetch_range") && !tests("object_store").contains(&"call_api"));
    }

    #[test]
    fn who_reads_xml_answers_is_said_of_each_library() {
        let parses: Vec<String> =
            checkout().into_iter().filter(|library| library.parses).map(|library| library.name).collect();
        assert_eq!(parses, ["aws-sdk-s3", "object_store"]);
    }

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        let error = named(&checkout(), "reqwst").unwrap_err().to_string();
        assert!(error.contains("`reqwst`: did you mean `reqwest`?"), "{error}");
        assert!(test_named("fetch_rang").unwrap_err().to_string().contains("`fetch_range`?"));
        assert!(!test_named("zzz").unwrap_err().to_string().contains("did you mean"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn a_library_file_is_read_or_refused_by_its_path(
            which in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            cut in 0_usize..40,
            typed in "[a-z_]{1,8} = (\"[ -~]{0,8}\"|[0-9.e-]{1,6}|\\[.{0,8}\\])|.{0,12}|\n\\[[a-z.\"]{0,8}\\]\n",
        ) {
            let known = checkout();
            let library = &known[which.index(known.len())];
            let folder = root().unwrap().join("benchmark/tests").join(&library.name);
            let mut text: Vec<char> = std::fs::read_to_string(folder.join("library.toml")).unwrap().chars().collect();
            let at = at.index(text.len());
            text.splice(at..(at + cut).min(text.len()), typed.chars());
            let text: String = text.into_iter().collect();

            let copy = tempfile::tempdir().unwrap();
            let place = copy.path().join("benchmark/tests").join(&library.name);
            std::fs::create_dir_all(&place).unwrap();
            std::fs::copy(folder.join("Cargo.toml"), place.join("Cargo.toml")).unwrap();
            std::fs::write(place.join("library.toml"), &text).unwrap();
            match catalogue(copy.path()) {
                Ok(libraries) => {
                    prop_assert_eq!(libraries.len(), 1);
                    prop_assert_eq!(&libraries[0].name, &library.name);
                    // Escapes and several lines are TOML's to resolve.
                    let as_it_is = !text.contains(['\\', '\r']) && !text.contains("\"\"\"");
                    let mut said = libraries[0].unsupported.values().chain([&libraries[0].summary]);
                    prop_assert!(!as_it_is || said.all(|said| text.contains(&**said)), "{}", text);
                }
                Err(error) => {
                    let path = place.join("library.toml").display().to_string();
                    prop_assert!(format!("{error:#}").contains(&path), "{:#}\n{}", error, text);
                }
            }
        }
    }
}
