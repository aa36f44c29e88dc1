//! `benchmark new`: a library made from another one, in a checkout of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::checkout::Checkout;
use super::support::{assert_interrupted, skip, starts_another, write_script};

/// Whether cargo would build this library with `--locked`.
fn is_locked(checkout: &Checkout, library: &str) -> bool {
    let manifest = checkout.path("benchmark/tests").join(library).join("Cargo.toml");
    let mut command = Command::new("cargo");
    command.args(["tree", "--locked", "--quiet", "--manifest-path"]).arg(manifest).current_dir(checkout.path(""));
    command.stdout(Stdio::null()).status().unwrap().success()
}

/// Every file, with its content.
fn state(checkout: &Checkout) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, files) } else { files.push((path.clone(), fs::read(path).unwrap())) }
        }
    }
    let mut files = Vec::new();
    walk(&checkout.path(""), &mut files);
    files.sort();
    files
}

#[test]
fn a_copy_is_a_library_that_is_locked_and_listed() {
    let checkout = Checkout::new();
    let ended = checkout.run(&["new", "mine", "--from", "reqwest"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    for told in ["edit benchmark/tests/mine/client.rs", "benchmark run-test mine fetch_range --quick"] {
        assert!(ended.stdout.contains(told), "{}", ended.stdout);
    }
    assert!(checkout.text("benchmark/tests/mine/library.toml").contains("crate = \"reqwest\""));
    let manifest = checkout.text("benchmark/tests/mine/Cargo.toml");
    assert!(manifest.contains("name = \"benchmark-test-mine\"") && !manifest.contains("[workspace]"), "{manifest}");
    assert!(checkout.text("benchmark/tests/mine/README.md").starts_with("# mine\n"));
    assert!(is_locked(&checkout, "mine") && is_locked(&checkout, "reqwest"));
    let listed = checkout.run(&["list"]);
    assert!(listed.stdout.contains("mine"), "{listed:?}");
}

#[test]
fn another_version_of_a_crate_stands_beside_it_with_a_lock_of_its_own() {
    let checkout = Checkout::new();
    let before = checkout.text("Cargo.lock");
    let ended = checkout.run(&["new", "reqwest-0-13-4", "--from", "reqwest", "--crate-version", "0.13.4"]);
    if ended.code == 1 && ended.stderr.contains("registry") {
        // Without a way to the registry.
        return skip("a registry of crates that answers");
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    let lock = checkout.text("benchmark/tests/reqwest-0-13-4/Cargo.lock");
    let version_of = |lock: &str, name: &str| -> Vec<String> {
        let packages = lock.split("[[package]]").filter(|package| package.contains(&format!("\nname = \"{name}\"\n")));
        packages.map(|package| package.lines().nth(2).unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(version_of(&lock, "reqwest"), ["version = \"0.13.4\""]);
    for same in ["hyper", "tokio", "rustls"] {
        let known = version_of(&before, same);
        assert!(version_of(&lock, same).iter().all(|version| known.contains(version)), "{same} is another one");
    }
    assert_eq!(checkout.text("Cargo.lock"), before, "the others keep theirs");
    assert!(is_locked(&checkout, "reqwest-0-13-4") && is_locked(&checkout, "reqwest"));
    let listed = checkout.run(&["list"]);
    assert!(listed.stdout.contains("reqwest-0-13-4") && listed.stdout.contains("0.13.4"), "{listed:?}");
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let checkout = Checkout::new();
    let before = state(&checkout);
    for (arguments, code, says) in [
        (&["reqwest", "--from", "hyper"][..], 2, "is there already"),
        (&["Bad Name", "--from", "hyper"], 2, "`Bad Name` is no name of a library"),
        (&["mine", "--from", "reqwst"], 2, "did you mean `reqwest`?"),
        (&["mine", "--from", "reqwest", "--crate-version", "0.13"], 2, "`0.13` is no version of a crate"),
        (&["mine", "--from", "baseline", "--crate-version", "1.0.0"], 2, "`baseline` measures no crate"),
        (&["mine", "--from", "reqwest", "--crate-version", "0.13.999"], 1, "nothing was made"),
    ] {
        let ended = checkout.run(&[&["new"], arguments].concat());
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
        assert!(state(&checkout) == before, "{arguments:?} left something");
    }
}

#[test]
fn an_interrupt_leaves_nothing_behind_and_ends_cargo() {
    let checkout = Checkout::new();
    let scripts = tempfile::tempdir().unwrap();
    let (cargo, started) = (scripts.path().join("cargo"), scripts.path().join("started"));
    write_script(&cargo, &starts_another(&started));
    let before = state(&checkout);
    let mut command = checkout.command(&["new", "mine", "--from", "reqwest"]);
    command.env("CARGO", &cargo);
    assert_interrupted(command, &started, Duration::from_secs(30));
    assert!(state(&checkout) == before);
}
