//! A program that runs by itself on the replicas' CPUs, without a coordinator: another load generator, or a test as its own witness.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::process::Command;
use tokio::time::timeout;

use crate::machine::{CpuSplit, Cpus, Group};

/// Takes from a command the variables of this process that begin so: a test program reads those of its own flags, and one that was
/// forgotten in a shell must not change a run.
pub(super) fn forget(command: &mut Command, prefixes: &[&str]) {
    for (name, _) in std::env::vars_os() {
        if prefixes.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes())) {
            command.env_remove(name);
        }
    }
}

/// Runs a command to its end and returns its standard output.
///
/// # Errors
/// When it does not start, does not end within `limit`, or fails: with its name, and what it said.
pub async fn output_of(mut command: Command, cpus: &CpuSplit, limit: Duration) -> Result<String> {
    let name = command.as_std().get_program().display().to_string();
    forget(&mut command, &["BENCHMARK_"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A child inherits the CPUs of the thread that starts it.
    let own = Cpus::allowed();
    cpus.clients.confine(0)?;
    let started = Group::spawn(&mut command);
    own.confine(0)?;
    let child = started.with_context(|| format!("cannot start `{name}`"))?;
    let output = timeout(limit, child.output())
        .await
        .map_err(|_| anyhow!("`{name}` did not end within {} s", limit.as_secs()))??;
    if !output.status.success() {
        bail!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
