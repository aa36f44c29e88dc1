//! What changes in the files of a library that is copied. Line by line, so that comments and order stay: two folders that are told apart
//! by `diff` are told apart by what matters.

use anyhow::{Result, anyhow};
use toml::Value;

/// Whether a manifest pins this crate to one version.
pub(super) fn pins(manifest: &str, measured: &str) -> bool {
    lines(manifest).any(|(section, line)| section == "[dependencies]" && is_pin(line, measured))
}

/// The manifest of a library under another name: its package and its programs.
pub(super) fn renamed(manifest: &str, old: &str, new: &str) -> String {
    changed(manifest, |section, line| match section {
        "[package]" if line.starts_with("name") => {
            line.replace(&format!("benchmark-test-{old}"), &format!("benchmark-test-{new}"))
        }
        "[package]" if line.starts_with("description") => line.replacen(old, new, 1),
        "[[bin]]" | "[[example]]" if line.starts_with("name") => {
            line.replacen(&format!("\"{old}"), &format!("\"{new}"), 1)
        }
        _ => line.to_owned(),
    })
}

/// The same with the crate that is measured, and the package, at another version.
pub(super) fn pinned(manifest: &str, measured: &str, version: &str) -> String {
    changed(manifest, |section, line| match section {
        "[package]" if line.starts_with("version") => format!("version = \"{version}\""),
        "[dependencies]" if is_pin(line, measured) => {
            let (before, after) = line.split_once("\"=").unwrap_or((line, ""));
            let after = after.split_once('"').map_or("", |(_, after)| after);
            format!("{before}\"={version}\"{after}")
        }
        _ => line.to_owned(),
    })
}

/// The manifest of a package that is a workspace by itself: what it had from the checkout's stands in it, the profiles of builds as well.
///
/// # Errors
/// When the checkout's manifest lacks what it has from there.
pub(super) fn alone(manifest: &str, workspace: &str) -> Result<String> {
    if lines(manifest).any(|(section, _)| section == "[workspace]") {
        return Ok(manifest.to_owned());
    }
    let parsed: Value = toml::from_str(workspace)?;
    let of_workspace = |table: &str, key: &str| -> Result<Value> {
        let found = parsed.get("workspace").and_then(|workspace| workspace.get(table)?.get(key)).cloned();
        found.ok_or_else(|| anyhow!("Cargo.toml has no `{key}` in [workspace.{table}]"))
    };
    let mut text = String::new();
    for (section, line) in lines(manifest) {
        let inherited = line.split_once(".workspace").filter(|(_, rest)| rest.trim_start().starts_with('='));
        match (section, inherited) {
            ("[lints]", _) => continue,
            ("[package]", Some((key, _))) => text.push_str(&format!("{key} = {}", of_workspace("package", key)?)),
            (_, Some((key, _))) => {
                let path = of_workspace("dependencies", key)?.get("path").and_then(Value::as_str).map(str::to_owned);
                let path = path.ok_or_else(|| anyhow!("Cargo.toml has no path of `{key}`"))?;
                text.push_str(&format!("{key} = {{ path = \"../../../{path}\" }}"));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    let resolver = parsed.get("workspace").and_then(|workspace| workspace.get("resolver")).cloned();
    let resolver = resolver.ok_or_else(|| anyhow!("Cargo.toml has no `resolver` in [workspace]"))?;
    let mut text = format!(
        "{}\n\n# Cargo locks one version of a crate among those that are compatible: this one has a lock of its own.\n\
         [workspace]\nresolver = {resolver}\n",
        text.trim_end()
    );
    // Built as the others are.
    let mut before = "";
    for (section, line) in lines(workspace).filter(|(section, _)| section.starts_with("[profile.")) {
        if section != before {
            text.push('\n');
            before = section;
        }
        if !line.is_empty() {
            text.push_str(&format!("{line}\n"));
        }
    }
    Ok(text)
}

/// The checkout's manifest with one more folder that is no member.
///
/// # Errors
/// When it is not laid out as it was.
pub(super) fn excluding(workspace: &str, folder: &str) -> Result<String> {
    const LIST: &str = "exclude = [";
    let members = lines(workspace).find(|(section, line)| *section == "[workspace]" && line.starts_with("members = "));
    let (_, members) = members.ok_or_else(|| anyhow!("Cargo.toml has no `members` in one line of [workspace]"))?;
    let listed = lines(workspace).find(|(section, line)| *section == "[workspace]" && line.starts_with(LIST));
    Ok(match listed {
        Some((_, line)) => workspace.replacen(line, &line.replacen(LIST, &format!("{LIST}\"{folder}\", "), 1), 1),
        None => workspace.replacen(members, &format!("{members}\n{LIST}\"{folder}\"]"), 1),
    })
}

/// library.toml of a copy: it says which crate is measured, as its folder's name no longer does.
pub(super) fn measuring(described: &str, measured: &str) -> String {
    if described.lines().any(|line| line.starts_with("crate")) {
        return described.to_owned();
    }
    changed(described, |_, line| {
        if line.starts_with("language") { format!("{line}\ncrate = \"{measured}\"") } else { line.to_owned() }
    })
}

/// `reqwest = "=0.13.5"`, or `reqwest = { version = "=0.13.5", ... }`.
fn is_pin(line: &str, measured: &str) -> bool {
    line.strip_prefix(measured).is_some_and(|rest| rest.trim_start().starts_with('=') && rest.contains("\"="))
}

/// Each line with the header of the table that it stands in; headers belong to their own.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    text.lines().map(move |line| {
        if line.starts_with('[') {
            section = line.trim_end();
        }
        (section, line)
    })
}

fn changed(text: &str, change: impl Fn(&str, &str) -> String) -> String {
    lines(text).map(|(section, line)| change(section, line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"[package]
name = "benchmark-test-reqwest"
description = "The tests of reqwest"
# The version of the library that is measured.
version = "0.13.5"
edition.workspace = true

[[bin]]
name = "reqwest"
path = "client.rs"

[dependencies]
benchmark-sdk.workspace = true
reqwest-middleware = "=0.13.5"
reqwest = { version = "=0.13.5", features = ["json"] }

[lints]
workspace = true
"#;

    const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["benchmark/tests/*"]

[workspace.package]
edition = "2024"

[workspace.dependencies]
benchmark-sdk = { path = "benchmark/sdk" }

[profile.release]
debug = "line-tables-only"
"#;

    #[test]
    fn a_copy_at_another_version_differs_in_its_name_its_pin_and_where_it_is_locked() {
        assert!(pins(MANIFEST, "reqwest") && !pins(MANIFEST, "hyper") && !pins(MANIFEST, "benchmark-sdk"));
        let copy = pinned(&renamed(MANIFEST, "reqwest", "older"), "reqwest", "0.13.4");
        let copy = alone(&copy, WORKSPACE).unwrap();
        let expected = r#"[package]
name = "benchmark-test-older"
description = "The tests of older"
# The version of the library that is measured.
version = "0.13.4"
edition = "2024"

[[bin]]
name = "older"
path = "client.rs"

[dependencies]
benchmark-sdk = { path = "../../../benchmark/sdk" }
reqwest-middleware = "=0.13.5"
reqwest = { version = "=0.13.4", features = ["json"] }

# Cargo locks one version of a crate among those that are compatible: this one has a lock of its own.
[workspace]
resolver = "3"

[profile.release]
debug = "line-tables-only"
"#;
        assert_eq!(copy, expected);
        assert_eq!(alone(&copy, WORKSPACE).unwrap(), copy, "a copy of a copy");
    }

    #[test]
    fn the_workspace_leaves_out_one_folder_after_another() {
        let one = excluding(WORKSPACE, "benchmark/tests/a").unwrap();
        assert!(one.contains("members = [\"benchmark/tests/*\"]\nexclude = [\"benchmark/tests/a\"]\n"), "{one}");
        let two = excluding(&one, "benchmark/tests/b").unwrap();
        assert!(two.contains("exclude = [\"benchmark/tests/b\", \"benchmark/tests/a\"]\n"), "{two}");
    }

    #[test]
    fn a_copy_says_which_crate_it_measures() {
        let described = "summary = \"s\"\nlanguage = \"rust\"\n\n[unsupported]\n";
        let copy = measuring(described, "reqwest");
        assert_eq!(copy, "summary = \"s\"\nlanguage = \"rust\"\ncrate = \"reqwest\"\n\n[unsupported]\n");
        assert_eq!(measuring(&copy, "other"), copy);
    }
}
