//! Which variables reach a test program, and which the harness itself heeds.

use std::collections::BTreeSet;
use std::fs;

use assert_cmd::Command;
use benchmark::case::OPTIONS;
use benchmark::library::root;
use tempfile::TempDir;

/// What a replica is told beside its options.
const OF_A_RUN: [&str; 5] =
    ["BENCHMARK_COORDINATOR", "BENCHMARK_TOKEN", "BENCHMARK_RUN_ID", "BENCHMARK_TEST", "BENCHMARK_ORIGIN"];

/// What is said by the file itself, or by whoever starts containers by hand.
const OF_THE_FILE: [&str; 2] = ["BENCHMARK_OWN_NETWORK", "BENCHMARK_SEED"];

/// What the harness itself heeds, `BENCHMARK_LOG` and where its files are included.
const HEEDED: [&str; 5] =
    ["BENCHMARK_RUNNER", "BENCHMARK_PROMETHEUS", "BENCHMARK_DB", "BENCHMARK_LOG", "BENCHMARK_ROOT"];

/// The variables of options that a test program gets.
fn variables() -> BTreeSet<String> {
    OPTIONS.iter().filter_map(|option| option.variable()).collect()
}

#[test]
fn the_compose_file_hands_on_what_a_test_program_gets_and_nothing_else() {
    let file = fs::read_to_string(root().unwrap().join("docker-compose.yaml")).unwrap();
    let (_, service) = file.split_once("  benchmark-runner:").unwrap();
    let (_, block) = service.split_once("    environment:\n").unwrap();
    let lines = block.lines().map_while(|line| line.strip_prefix("      ")).map(str::trim);
    let names = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split(':').next());
    let listed: BTreeSet<String> = names.filter(|name| !name.starts_with("AWS_")).map(str::to_owned).collect();
    let wanted: BTreeSet<String> =
        variables().into_iter().chain(OF_A_RUN.into_iter().chain(OF_THE_FILE).map(str::to_owned)).collect();
    let missing: Vec<_> = wanted.difference(&listed).collect();
    let superfluous: Vec<_> = listed.difference(&wanted).collect();
    assert!(
        missing.is_empty() && superfluous.is_empty(),
        "docker-compose.yaml: missing {missing:?}, superfluous {superfluous:?}"
    );
}

#[test]
fn every_test_program_knows_the_variables_that_it_gets() {
    let sdk = fs::read_to_string(root().unwrap().join("benchmark/sdk/src/options.rs")).unwrap();
    for name in variables() {
        assert!(sdk.contains(&format!("env = \"{name}\"")), "the SDK has no option with the variable {name}");
    }
}

#[test]
fn a_forgotten_variable_changes_nothing_of_a_plan() {
    let folder = TempDir::new().unwrap();
    let suite = folder.path().join("all.toml");
    fs::write(&suite, "[suite]\ntrials = 2\n[[matrix]]\n").unwrap();
    let dry_run = |environment: &[(String, String)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
        command.current_dir(folder.path()).args(["run", "all.toml", "--dry-run"]);
        for name in HEEDED.into_iter().filter(|name| *name != "BENCHMARK_ROOT") {
            command.env_remove(name);
        }
        let output = command.envs(environment.iter().cloned()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = dry_run(&[]);
    let every = OPTIONS.iter().map(|option| format!("BENCHMARK_{}", option.name.to_uppercase()));
    let forgotten = every.filter(|name| !HEEDED.contains(&name.as_str()));
    let forgotten: Vec<_> =
        forgotten.flat_map(|name| ["7", "soup"].map(|value| (name.clone(), value.to_owned()))).collect();
    assert!(forgotten.iter().any(|(name, _)| name == "BENCHMARK_RATE"));
    for variable in forgotten.chunks(2) {
        assert_eq!(dry_run(&variable[..1]), plain, "{variable:?}");
        assert_eq!(dry_run(&variable[1..]), plain, "{variable:?}");
    }
    assert!(dry_run(&[("BENCHMARK_RUNNER".to_owned(), "process".to_owned())]).contains("runner process"));
}

#[test]
fn what_is_heeded_is_in_the_table() {
    let heeded: Vec<&str> = OPTIONS.iter().filter_map(|option| option.heeded).collect();
    assert_eq!(heeded, ["BENCHMARK_RUNNER", "BENCHMARK_PROMETHEUS"]);
}
