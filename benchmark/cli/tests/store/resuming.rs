//! Going on with a campaign, up to where its programs would be built: by whom, and on which machine.

use std::path::Path;

use assert_cmd::Command;
use benchmark::campaign::Campaign;
use benchmark::machine::{self, Host, ProcessIdentity};
use benchmark::store::{CampaignStatus, Store};
use tempfile::TempDir;

use crate::fixture;

/// What `run-all --resume last` is refused with.
fn refused(folder: &TempDir) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
    command.current_dir(folder.path()).env_remove("BENCHMARK_DB").env_remove("DATABASE_URL");
    command.env("BENCHMARK_ROOT", root).env("BENCHMARK_RUNNER", "process").env("BENCHMARK_PROMETHEUS", "off");
    let output = command.args(["run-all", "--resume", "last"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

async fn database(folder: &TempDir) -> Store {
    Store::open(&folder.path().join("benchmark.db")).await.unwrap()
}

/// What a campaign, begun on this machine when it was another one, is refused with; with a run that is finished, or without.
async fn refused_on(change: impl FnOnce(&mut Host), finished: bool) -> String {
    let folder = TempDir::new().unwrap();
    let store = database(&folder).await;
    let mut host = machine::host();
    change(&mut host);
    store.begin_campaign(&fixture::campaign(1), &host).await.unwrap();
    if finished {
        fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.0.1")).await;
    }
    store.close().await;
    refused(&folder)
}

#[tokio::test]
async fn a_machine_that_has_changed_is_another_one() {
    for finished in [true, false] {
        let said = refused_on(|host| host.kernel = "2.6.32".to_owned(), finished).await;
        assert!(said.contains("kernel was `2.6.32` and is `"), "{said}");
    }
    let said = refused_on(|host| host.cpus += 1, true).await;
    assert!(said.contains("CPUs was `"), "{said}");
    let said = refused_on(|host| host.governor = Some("ludicrous".to_owned()), true).await;
    assert!(said.contains("governor was `ludicrous` and is `"), "{said}");
    let said =
        refused_on(|host| (host.name, host.memory_bytes) = ("bench-1".to_owned(), 1_000_000_000_000), true).await;
    assert!(said.contains("host was `bench-1` and is `") && said.contains("memory was `1000 GB` and is `"), "{said}");
    // Some MB more or less are the same machine: what is in the way is the version.
    let said = refused_on(|host| host.memory_bytes += 1_000_000, true).await;
    assert!(said.contains("it ran reqwest 0.0.1 fetch_range"), "{said}");
}

/// What a campaign of this harness is refused with; it is as it was afterwards.
async fn refused_of(process: ProcessIdentity) -> String {
    let folder = TempDir::new().unwrap();
    let store = database(&folder).await;
    store.begin_campaign(&Campaign { process, ..fixture::campaign(1) }, &machine::host()).await.unwrap();
    let said = refused(&folder);
    assert_eq!(store.campaigns().await.unwrap()[0].status, CampaignStatus::Running, "{said}");
    said
}

#[tokio::test]
async fn a_campaign_that_runs_is_its_own_harness_s() {
    let said = refused_of(machine::this_process()).await;
    assert!(said.contains(&format!("under way in another process (pid {})", std::process::id())), "{said}");
}

#[tokio::test]
async fn a_campaign_of_a_harness_that_nobody_can_see_from_here_is_left_to_it() {
    let place = Some("pid[4026530000]:builder:0a1b".to_owned());
    let said = refused_of(ProcessIdentity { start_ticks: 1, place, ..machine::this_process() }).await;
    assert!(said.contains("(host `builder`)") && said.contains("`--take-over`"), "{said}");
}
