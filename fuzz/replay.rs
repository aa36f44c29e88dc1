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
