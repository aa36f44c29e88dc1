//! Cgroups of both versions and both drivers.

use std::path::{Path, PathBuf};

use benchmark::machine::{Cgroup, CgroupError};

use super::support::testdata;

fn tree(name: &str) -> PathBuf {
    testdata("cgroup").join(name)
}

fn throttled_in(name: &str) -> Option<f64> {
    let text = std::fs::read_to_string(tree(name).join("proc_cgroup")).unwrap();
    Cgroup::of(&tree(name), &text).unwrap().throttled_seconds()
}

#[test]
fn the_time_at_the_limit_is_read_in_both_versions_and_under_both_drivers() {
    assert_eq!(throttled_in("v1_cgroupfs"), Some(2.380_151_312));
    assert_eq!(throttled_in("v1_systemd"), Some(0.0));
    assert_eq!(throttled_in("v2_cgroupfs"), Some(0.0));
    assert_eq!(throttled_in("v2_systemd"), Some(1.75));
}

#[test]
fn a_container_that_has_ended_is_told_from_a_text_without_cgroup() {
    let gone = Cgroup::of(&tree("v2_systemd"), "0::/docker/gone\n").unwrap_err();
    assert!(matches!(&gone, CgroupError::Gone { path } if path.ends_with("docker/gone")), "{gone}");
    let nothing = Cgroup::of(&tree("v2_systemd"), "1:name=systemd:/\n").unwrap_err();
    assert!(matches!(nothing, CgroupError::NoController { .. }), "{nothing}");
}

#[test]
fn the_cgroup_of_this_process_is_readable() {
    let text = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    match Cgroup::of(Path::new("/sys/fs/cgroup"), &text) {
        Ok(cgroup) => assert!(cgroup.throttled_seconds().is_none_or(|seconds| seconds >= 0.0)),
        // Within a container, the path may be that of the host.
        Err(error) => assert!(matches!(error, CgroupError::Gone { .. } | CgroupError::NoController { .. }), "{error}"),
    }
}
