//! A run goes in whole, or not at all, and comes out as it was.

use benchmark::case::{Amount, Arrivals, Case, Rate, RunnerName, case_key, workload_key};
use benchmark::run::{Mark, Reason, Run, summarise};
use benchmark::stats::{decode, decode_bytes};
use benchmark::store::{Error, Selection, Store, StoredCase};
use sqlx::ConnectOptions;
use tempfile::TempDir;

use crate::fixture::{self, START_US};

async fn connection(store: &Store) -> sqlx::SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap()
}

async fn number(connection: &mut sqlx::SqliteConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_run_reads_back_as_it_was_stored() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    let summary = fixture::add(&store, &run).await;

    let cases = store.finished_cases(&Selection::default()).await.unwrap();
    let case = store.read_cases(&cases).await.unwrap().remove(0);
    assert_eq!(case.case(), Ok(run.case.clone()));
    assert_eq!(case.host(), fixture::host());
    let stored = &case.runs[0];
    assert_eq!(store.read_run("run-1").await.unwrap().as_ref(), Some(stored));
    assert_eq!(store.read_run("run-2").await.unwrap(), None);
    assert_eq!(stored.summary, summary.total);
    assert_eq!((stored.run_id.as_str(), stored.trial, stored.seed.as_str()), ("run-1", 1, "11"));
    assert_eq!((stored.started_us, stored.ended_us), (run.started_us, Some(run.ended_us)));
    assert_eq!((&stored.invalid_reasons, &stored.marks), (&run.invalid_reasons, &run.marks));
    assert_eq!(stored.build_sha256.as_deref(), Some(fixture::BUILD_SHA256));
    assert_eq!(stored.audit.unwrap().peak_concurrency, 64);

    let replicas = store.read_replicas(&[stored.key]).await.unwrap();
    let summaries: Vec<_> = replicas.iter().map(|replica| replica.summary.clone()).collect();
    assert_eq!(summaries, summary.replicas);
    assert_eq!(
        replicas.iter().map(|replica| (replica.index, replica.pid)).collect::<Vec<_>>(),
        [(0, Some(77)), (1, Some(78))]
    );
    let histograms = store.read_histograms(&[stored.key]).await.unwrap().remove(0);
    assert_eq!(decode_bytes(&histograms.latency).unwrap(), summary.histograms.latency);
    assert_eq!(decode_bytes(&histograms.failure_latency).unwrap(), summary.histograms.failure_latency);
    assert_eq!(decode_bytes(&histograms.first_byte).unwrap(), summary.histograms.first_byte);
}

#[tokio::test]
async fn reasons_and_marks_are_kept_with_their_figures_and_texts_of_before_stay_texts() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    run.invalid_reasons = vec![Reason::AuditContract { requests: 3 }];
    run.marks = vec![Mark::Throttled { seconds: 1.5 }];
    fixture::add(&store, &run).await;
    let mut db = connection(&store).await;
    assert_eq!(number(&mut db, "SELECT json_extract(invalid_reasons, '$[0].requests') FROM runs").await, 3);
    sqlx::query(
        "UPDATE runs SET invalid_reasons = json_insert(invalid_reasons, '$[#]', 'replica 0 lost: killed'), \
                     marks = '[\"noisy (by 2 %)\", {\"name\":\"of_tomorrow\",\"figure\":1}, \"no_audit\"]'",
    )
    .execute(&mut db)
    .await
    .unwrap();
    store.mark_campaign("campaign-1", &Mark::Noisy { pairs: Vec::new() }).await.unwrap();
    let cases = store.finished_cases(&Selection::default()).await.unwrap();
    let stored = store.read_cases(&cases).await.unwrap().remove(0).runs.remove(0);
    assert_eq!(stored.invalid_reasons, [Reason::AuditContract { requests: 3 }, "replica 0 lost: killed".into()]);
    let marks: Vec<String> = stored.marks.iter().map(Mark::to_string).collect();
    assert_eq!(marks, ["noisy (by 2 %)", r#"{"figure":1,"name":"of_tomorrow"}"#, "no_audit"]);
    sqlx::query("UPDATE runs SET marks = '[]'").execute(&mut db).await.unwrap();
    store.mark_campaign("campaign-1", &Mark::Noisy { pairs: Vec::new() }).await.unwrap();
    store.mark_campaign("campaign-1", &Mark::Noisy { pairs: Vec::new() }).await.unwrap();
    assert_eq!(number(&mut db, "SELECT json_array_length(marks) FROM runs WHERE marks LIKE '[{%'").await, 1);
}

#[tokio::test]
async fn a_case_reads_back_with_every_option() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut cases = vec![fixture::case("reqwest", "0.13.5"), fixture::case("baseline", "1")];
    let other = &mut cases[1];
    (other.inject, other.cpu_limit, other.memory_limit, other.twin) = (Vec::new(), None, None, true);
    (other.target, other.endpoint) = (Some("s3://bucket".to_owned()), Some("http://h:1".to_owned()));
    other.load.amount = Amount::Requests(5_000);
    (other.load.rate, other.load.arrivals) = (Some(Rate::OfCapacity(0.07)), Arrivals::Poisson);
    (other.load.keep_alive, other.load.use_dns_cache) = (false, true);
    for (number, case) in cases.iter().enumerate() {
        let run = fixture::run(&format!("run-{number}"), "campaign-1", "", "");
        fixture::add(&store, &Run { case: case.clone(), ..run }).await;
    }
    let ids = store.finished_cases(&Selection::default()).await.unwrap();
    let stored = store.read_cases(&ids).await.unwrap();
    let read: Vec<Case> = stored.iter().map(|stored| stored.case().unwrap()).collect();
    assert_eq!(read, cases);
    let unknown = StoredCase { test: "dance".to_owned(), ..stored[0].clone() };
    assert_eq!(unknown.case(), Err("unknown test `dance`".to_owned()));
}

#[tokio::test]
async fn the_runs_of_a_trial_are_those_of_its_case_and_campaign() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    store.begin_campaign(&fixture::campaign(2), &fixture::host()).await.unwrap();
    for (run_id, campaign, library, trial) in [
        ("a", "campaign-1", "hyper", 2),
        ("b", "campaign-1", "hyper", 0),
        ("c", "campaign-1", "hyper", 2),
        ("d", "campaign-1", "reqwest", 2),
        ("e", "campaign-2", "hyper", 2),
    ] {
        fixture::add(&store, &Run { trial, ..fixture::run(run_id, campaign, library, "1") }).await;
    }
    fixture::begin(&store, &Run { trial: 2, ..fixture::run("f", "campaign-1", "hyper", "1") }).await;
    let key = case_key(&fixture::case("hyper", "1"));
    let runs = async |trial| {
        let runs = store.runs_of_trial("campaign-1", &key, trial).await.unwrap();
        runs.into_iter().map(|run| run.run_id).collect::<Vec<_>>()
    };
    assert_eq!((runs(2).await, runs(0).await, runs(1).await), (vec!["a".into(), "c".into()], vec!["b".into()], vec![]));
}

#[tokio::test]
async fn raw_data_is_kept_beside_the_summary() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    fixture::add(&store, &run).await;
    let mut db = connection(&store).await;
    let tick: (String, i64, i64, i64, String, i64, i64, i64, Option<i64>) = sqlx::query_as(
        "SELECT phase, elapsed_ns, attempts, successes, failures, received_bytes, ticks.cpu_user_us, rss_bytes, \
             network_sent_bytes \
         FROM ticks JOIN replicas ON replicas.id = replica_id WHERE replica_index = 1 AND number = 4",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    let expected = ("drain", 100_000_000, 101, 100, r#"{"reset":1}"#, 1_100_000, 1_688_000, 65_000_000, Some(8));
    assert_eq!((tick.0.as_str(), tick.1, tick.2, tick.3, tick.4.as_str(), tick.5, tick.6, tick.7, tick.8), expected);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM ticks").await, 9);
    assert_eq!(
        number(&mut db, "SELECT json_extract(resources, '$.drained.cpu_user_us') FROM replicas").await,
        2_399_999
    );
    assert_eq!(number(&mut db, "SELECT json_extract(warm_up, '$.failures.connect') FROM replicas").await, 1);
    assert_eq!(number(&mut db, "SELECT injected_errors FROM audits").await, 500);
    let drawn: Vec<u8> = sqlx::query_scalar("SELECT delays_drawn FROM audits").fetch_one(&mut db).await.unwrap();
    assert_eq!(decode_bytes(&drawn), decode(&fixture::histogram(&[(3_840, 20_000_000)])));
    let latency: Vec<u8> = sqlx::query_scalar("SELECT latency FROM replica_histograms ORDER BY replica_id")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(decode_bytes(&latency).unwrap().unwrap().len(), 1_190);
}

#[tokio::test]
async fn long_runs_keep_every_tick() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    let tick = run.replicas[0].ticks[0];
    for replica in &mut run.replicas {
        replica.ticks = vec![tick; 1_203];
    }
    fixture::add(&store, &run).await;
    let mut db = connection(&store).await;
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM ticks").await, 2_406);
    assert_eq!(number(&mut db, "SELECT MAX(number) FROM ticks").await, 1_202);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_the_run_running() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    fixture::begin(&store, &run).await;
    let summary = summarise(&run).unwrap();
    // The harness gives up at one await after another: whatever it had sent by then, a run is there whole or not at all.
    let mut db = connection(&store).await;
    let mut dropped_while_running = 0;
    for awaits in 1.. {
        let mut finish = Box::pin(store.finish_run(&run, &summary));
        let mut left = awaits;
        std::future::poll_fn(|context| {
            left -= 1;
            let ended = left == 0 || finish.as_mut().poll(context).is_ready();
            if ended { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        drop(finish);
        // The roll-back is queued behind what was under way; this statement is queued behind both.
        store.campaigns().await.unwrap();
        let rows = "SELECT (SELECT COUNT(*) FROM replicas) + (SELECT COUNT(*) FROM ticks) + \
                        (SELECT COUNT(*) FROM run_histograms) + (SELECT COUNT(*) FROM audits)";
        let rows = number(&mut db, rows).await;
        if number(&mut db, "SELECT COUNT(*) FROM runs WHERE status = 'finished'").await == 1 {
            assert_eq!(rows, 2 + 9 + 1 + 1);
            break;
        }
        assert_eq!(rows, 0, "dropped at await {awaits}");
        assert!(store.finished_cases(&Selection::default()).await.unwrap().is_empty());
        dropped_while_running += 1;
    }
    assert!(dropped_while_running >= 3, "{dropped_while_running}");
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_the_run_running() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    fixture::begin(&store, &run).await;
    let second = run.replicas[1].clone();
    run.replicas.push(second); // the same index twice
    let error = store.finish_run(&run, &summarise(&run).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Other { .. }), "{error:?}");
    let mut db = connection(&store).await;
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM runs WHERE status = 'running' AND valid IS NULL").await, 1);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM replicas").await, 0);
}

#[tokio::test]
async fn a_run_ends_once() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    let summary = summarise(&run).unwrap();
    let error = store.finish_run(&run, &summary).await.unwrap_err();
    assert!(error.to_string().contains("run `run-1` is not running"), "{error}");
    fixture::add(&store, &run).await;
    assert!(matches!(store.finish_run(&run, &summary).await, Err(Error::NotRunning { .. })));
    assert!(matches!(store.interrupt_run("run-1", START_US).await, Err(Error::NotRunning { .. })));
}

#[tokio::test]
async fn keys_are_equal_for_equal_cases_only() {
    let case = fixture::case("reqwest", "0.13.5");
    assert_eq!(case_key(&case), case_key(&fixture::case("reqwest", "0.13.5")));
    let different: [fn(&mut Case); 18] = [
        |case| case.library = "hyper".to_owned(),
        |case| case.library_version = "0.13.6".to_owned(),
        |case| case.test = benchmark_protocol::tests::Test::named("call_api").unwrap(),
        |case| case.params = Default::default(),
        |case| case.inject.truncate(1),
        |case| case.replicas = 3,
        |case| case.runner = RunnerName::Compose,
        |case| case.target = Some("http://localhost".to_owned()),
        |case| case.endpoint = Some("http://localhost".to_owned()),
        |case| case.load.concurrency = 1,
        |case| case.load.amount = Amount::Requests(2_500_000),
        |case| case.load.warm_up *= 2,
        |case| case.load.drain *= 2,
        |case| case.load.pool_size = 1,
        |case| case.load.keep_alive = false,
        |case| case.load.keep_alive_timeout *= 2,
        |case| case.load.use_dns_cache = true,
        |case| case.load.timeout *= 2,
    ];
    let mut keys = vec![case_key(&case)];
    for change in different {
        let mut other = case.clone();
        change(&mut other);
        keys.push(case_key(&other));
    }
    let mut threads = case.clone();
    threads.load.threads = 2;
    keys.push(case_key(&threads));
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all);

    assert_eq!(workload_key(&case), workload_key(&fixture::case("baseline", "0.1.0")));
    assert_ne!(workload_key(&case), workload_key(&threads));
}
