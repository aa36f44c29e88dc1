//! Headers and their values: where the one goes, and the other does not.

use std::fs;

use assert_cmd::Command;
use benchmark::case::{Case, Header, case_key};
use benchmark::store::{Selection, Store};
use tempfile::TempDir;

use crate::fixture;

const SECRET: &str = "s3cr3t=abc, def";

fn header(text: &str) -> Header {
    Header::read(text).unwrap()
}

fn benchmark(folder: &TempDir, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
    command.current_dir(folder.path()).env_remove("BENCHMARK_DB").env_remove("DATABASE_URL").args(arguments);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn a_header_goes_to_servers_that_are_not_ours_alone() {
    let folder = TempDir::new().unwrap();
    let given = format!("X-Api-Key: {SECRET}");
    let target = ["--target", "http://127.0.0.1:1/a/b", "--header"];
    for (arguments, says) in [
        (
            &["run-all", "--header", &given][..],
            "`--header 'x-api-key: ***'` is sent to a server that is not ours: it goes with --target",
        ),
        (&[&["run-all"], &target[..], &[&format!("host: {SECRET}")]].concat(), "header `host` is the harness's"),
        (
            &[&["run-all"], &target[..], &[&given, "--header", "x-api-key: b"]].concat(),
            "header `x-api-key` is given twice",
        ),
        (&[&["run-all"], &target[..], &[SECRET]].concat(), "malformed header `s3cr3t ***`"),
        (
            &[
                &["run-test", "hyper", "fetch_range"],
                &target[..],
                &[&format!("authorization: {SECRET}"), "--param", "signed=true"],
            ]
            .concat(),
            "header `authorization` does not go with signed requests",
        ),
    ] {
        let (code, said) = benchmark(&folder, arguments);
        assert_eq!((code, said.contains(says)), (2, true), "{arguments:?}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
    assert!(!folder.path().join("benchmark.db").exists());
}

#[test]
fn a_suite_has_headers_as_an_axis_and_shows_no_value() {
    let folder = TempDir::new().unwrap();
    let suite = |axis: &str| {
        let text = format!(
            "[suite]\ntrials = 1\n[[matrix]]\nlibrary = \"hyper\"\ntest = \"fetch_range\"\ntarget = \"http://h:1/a/b\"\nheader = {axis}\n"
        );
        fs::write(folder.path().join("my.toml"), text).unwrap();
        benchmark(&folder, &["run", "my.toml", "--dry-run", "--runner", "process"])
    };
    let (code, plan) = suite(&format!("[\"none\", \"x-a: {SECRET}\", [\"x-a: other\", \"x-b: {SECRET}\"]]"));
    assert_eq!(code, 0, "{plan}");
    assert!(
        plan.contains("3 cases") && plan.contains("x-a: ***") && plan.contains("x-b: ***") && !plan.contains(SECRET),
        "{plan}"
    );
    for (axis, says) in [
        (format!("\"host: {SECRET}\""), "7:10: header `host` is the harness's"),
        (format!("[[\"x: {SECRET}\", \"x: {SECRET}\"]]"), "header `x` is given twice"),
        (format!("[\"x: {SECRET}\", \"x: {SECRET}\"]"), "`***` is in the list of `header` already"),
        ("8".to_owned(), "`***` is a whole number: `header` takes a header in quotes"),
    ] {
        let (code, said) = suite(&axis);
        assert_eq!((code, said.contains(says)), (2, true), "{axis}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[tokio::test]
async fn the_database_has_names_and_tells_values_apart() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let with = |values: &[&str]| {
        let headers = values.iter().map(|text| header(text)).collect();
        Case { headers, target: Some("http://h:1/a/b".to_owned()), ..fixture::case("hyper", "1.12") }
    };
    let secret = format!("x-api-key: {SECRET}");
    let cases = [with(&[]), with(&[&secret]), with(&["x-api-key: other"]), with(&[&secret, "accept: a"])];
    for (index, case) in cases.iter().enumerate() {
        let mut run = fixture::run(&format!("run-{index}"), "campaign-1", "hyper", "1.12");
        run.case = case.clone();
        fixture::add(&store, &run).await;
    }
    let ids = store.finished_cases(&Selection::default()).await.unwrap();
    let read = store.read_cases(&ids).await.unwrap();
    let headers: Vec<Option<String>> = read.iter().map(|case| case.settings.text("header")).collect();
    assert_eq!(
        headers,
        cases.map(|case| (!case.headers.is_empty()).then(|| case
            .headers
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")))
    );
    assert!(headers[1].as_ref().unwrap().starts_with("x-api-key: *** ("));
    let path = store.path().to_owned();
    store.close().await;
    let bytes = fs::read(path).unwrap();
    assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
}

#[test]
fn cases_whose_values_differ_are_not_equal() {
    let with = |value: &str| Case { headers: vec![header(&format!("x: {value}"))], ..fixture::case("hyper", "1") };
    assert_eq!(case_key(&with("a")), case_key(&with("a")));
    assert_ne!(case_key(&with("a")), case_key(&with("b")));
    assert_ne!(case_key(&with("a")), case_key(&fixture::case("hyper", "1")));
}

#[tokio::test]
async fn a_campaign_goes_on_with_its_headers_given_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("benchmark.db");
    let store = Store::open(&path).await.unwrap();
    let mut campaign = fixture::campaign(1);
    let arguments =
        ["run-test", "hyper", "fetch_range", "--target", "http://127.0.0.1:1/a/b", "--header", "x-api-key: ***"];
    campaign.arguments = arguments.map(str::to_owned).to_vec();
    store.begin_campaign(&campaign, &fixture::host()).await.unwrap();
    store.end_campaign("campaign-1", benchmark::store::CampaignStatus::Interrupted, 1).await.unwrap();
    store.close().await;
    for (given, says) in [
        (
            &[][..],
            "campaign campaign-1 sends `x-api-key`, and values of headers are not kept: `benchmark run-all --resume campaign-1 --header 'x-api-key: VALUE'`",
        ),
        (&["--header", "y: 1"], "campaign campaign-1 sends `x-api-key`"),
        (&["--header", "x-api-key: 1", "--header", "y: 1"], "campaign campaign-1 has no header `y`"),
        (&["--header", "x-api-key: ***"], "`***` stands for a value that is not kept"),
    ] {
        let (code, said) = benchmark(&folder, &[&["run-all", "--resume", "last"], given].concat());
        assert_eq!((code, said.contains(says)), (2, true), "{given:?}: {said}");
    }
}
