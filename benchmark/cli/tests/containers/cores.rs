//! CPUs and certificates of containers.

use std::collections::BTreeSet;
use std::process::Command;

use super::support::{Containers, assert_valid};
use crate::harness::ca::{LIBRARIES, Signed, verified};
use crate::harness::cores::{masks, two_cpus};
use crate::harness::support::{SHORT, text};

#[test]
fn each_container_has_cpus_of_its_own_before_it_starts() {
    let Some(containers) = Containers::new() else { return };
    let Some((both, single)) = two_cpus() else { return };
    let split = ["--client-cpus", &both, "--origin-cpus", &single[0], "--replicas", "2"];
    for library in ["baseline", "ureq"] {
        let _ = std::fs::remove_file(containers.harness.path("benchmark.db"));
        let ended = containers.run(&[&["run-test", library, "call_api"], &split[..], &SHORT].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let row = containers.row();
        assert_valid(&row);
        assert!(!text(&row, "marks").contains("few_cpus"), "{row}");
        let masks: BTreeSet<String> = masks(&containers.harness).into_iter().collect();
        assert_eq!(masks, BTreeSet::from(single.clone()));
    }
}

#[test]
fn containers_trust_the_authority_that_is_named_without_a_file_of_theirs() {
    let Some(containers) = Containers::new() else { return };
    let addresses = String::from_utf8(Command::new("hostname").arg("-I").output().unwrap().stdout).unwrap();
    let host = addresses.split_whitespace().next().expect("an address that is not the loopback");
    let folder = containers.harness.path("www");
    std::fs::create_dir(&folder).unwrap();
    let Some(nginx) = Signed::start(&folder, host, None) else { return };
    let (target, ca) = (format!("https://{host}:{}/data/file.bin", nginx.port), nginx.ca.display().to_string());
    let arguments = [&["run-all"], &LIBRARIES[..], &["--target", &target], &SHORT].concat();
    let with = containers.run(&[&arguments[..], &["--ca", &ca]].concat());
    assert_eq!(with.code, 0, "{with:?}");
    let rows = containers.rows();
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!((text(&row, "verdict"), text(&row, "runner")), ("valid", "compose"), "{row}");
    }
    std::fs::remove_file(containers.harness.path("benchmark.db")).unwrap();
    let without = containers.run(&arguments);
    assert_eq!(without.code, 3, "{without:?}");
    for row in containers.rows() {
        assert!(text(&row, "invalid_reason").contains("`--ca FILE`"), "{row}");
    }
    assert_eq!(verified(&containers.harness).matches("\"tls\":1").count(), 4);
}
