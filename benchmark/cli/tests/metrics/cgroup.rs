//! Cgroups of both versions and both drivers.

use std::path::{Path, PathBuf};

use benchmark::machine::{Cgroup, CgroupError, CgroupUsage};

use super::support::testdata;

fn tree(name: &str) -> PathBuf {
    testdata("cgroup").join(name)
}

fn usage_in(name: &str) -> CgroupUsage {
    let text = std::fs::read_to_string(tree(name).join("proc_cgroup")).unwrap();
    Cgroup::of(&tree(name), &text).unwrap().read()
}

#[test]
fn a_throttled_container_of_version_1_is_read_under_cgroupfs() {
    let expected = CgroupUsage {
        cpu_seconds: Some(0.641_383_338),
        memory_bytes: Some(2_199_552),
        throttled_periods: Some(30),
        throttled_seconds: Some(2.380_151_312),
        cpu_quota: Some(0.2),
        memory_limit_bytes: Some(64 << 20),
        oom_kills: Some(0),
    };
    assert_eq!(usage_in("v1_cgroupfs"), expected);
}

#[test]
fn an_unlimited_container_of_version_1_is_read_under_systemd() {
    let expected = CgroupUsage {
        cpu_seconds: Some(12.345_678_901),
        memory_bytes: Some(50 << 20),
        throttled_periods: Some(0),
        throttled_seconds: Some(0.0),
        cpu_quota: None,
        memory_limit_bytes: None,
        oom_kills: Some(1),
    };
    assert_eq!(usage_in("v1_systemd"), expected);
}

#[test]
fn an_unlimited_container_of_version_2_is_read_under_cgroupfs() {
    let expected = CgroupUsage {
        cpu_seconds: Some(0.987_654),
        memory_bytes: Some(4_096_000),
        throttled_periods: Some(0),
        throttled_seconds: Some(0.0),
        cpu_quota: None,
        memory_limit_bytes: None,
        oom_kills: Some(0),
    };
    assert_eq!(usage_in("v2_cgroupfs"), expected);
}

#[test]
fn a_throttled_container_of_version_2_is_read_under_systemd() {
    let expected = CgroupUsage {
        cpu_seconds: Some(4.25),
        memory_bytes: Some(32 << 20),
        throttled_periods: Some(45),
        throttled_seconds: Some(1.75),
        cpu_quota: Some(1.5),
        memory_limit_bytes: Some(256 << 20),
        oom_kills: Some(2),
    };
    assert_eq!(usage_in("v2_systemd"), expected);
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
        Ok(cgroup) => assert!(cgroup.read().cpu_seconds.is_none_or(|seconds| seconds > 0.0)),
        // Within a container, the path may be that of the host.
        Err(error) => assert!(matches!(error, CgroupError::Gone { .. } | CgroupError::NoController { .. }), "{error}"),
    }
}
