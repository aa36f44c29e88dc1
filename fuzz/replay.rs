//! The committed corpus, replayed by an ordinary test: each crate with targets of the fuzzer includes this file in its tests.

use std::path::Path;

/// A target: its name, and the function behind it.
type WayIn = (&'static str, fn(&[u8]));

/// Puts every file of `fuzz/corpus/<target>` through its target.
pub(crate) fn replay(targets: &[WayIn]) {
    for (name, target) in targets {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let inputs: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        assert!(!inputs.is_empty(), "`{}` is empty", folder.display());
        for input in inputs {
            // Shown where the target panics: which of them it was.
            println!("{}", input.display());
            target(&std::fs::read(&input).unwrap());
        }
    }
}

/// Every target of this crate is a program of the fuzzer, under its own name.
#[test]
fn every_way_in_has_a_program() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (name, _) in super::TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        let program = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("fuzz::{name}(bytes)")), "{name}: {program}");
    }
}
