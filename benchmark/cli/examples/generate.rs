//! Fills a database with a campaign of invented runs through the store's own API, and times `get-results` on it: what
//! reading costs once a database has grown. Raw data is as big as real one, its numbers mean nothing.
//!
//! ```text
//! cargo run --release -p benchmark --example generate -- fill big.db --runs 10000 --replicas 10 --ticks 10 --trials 1
//! /usr/bin/time -v target/*/release/examples/generate read big.db out.csv
//! ```

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use benchmark::campaign::Campaign;
use benchmark::case::{Amount, Arrivals, Case, Load, RunnerName};
use benchmark::library::Build;
use benchmark::machine::{Host, ProcessIdentity};
use benchmark::metrics::Span;
use benchmark::results::{Filter, Format, Output, write};
use benchmark::run::{Replica, Run, summarise};
use benchmark::store::{CampaignStatus, NewRun, Store};
use benchmark_protocol::content::split_mix;
use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::{Edges, Histogram, Phase, ReplicaResult, Tick};
use benchmark_protocol::operation::ByOperation;
use benchmark_protocol::origin::Audit;
use benchmark_protocol::parameter::Values;
use benchmark_protocol::resources::Resources;
use benchmark_protocol::tests::Test;
use clap::Parser;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// Values of each replica's histogram.
const REQUESTS: u64 = 20_000;

/// Histograms that replicas are given in turn: recording 20,000 values for each would be most of the work.
const HISTOGRAMS: usize = 64;

const CAMPAIGN: &str = "01938b00-0000-7000-8000-000000000000";

#[derive(Parser)]
enum Command {
    /// Fill a new database.
    Fill {
        path: PathBuf,
        #[arg(long, default_value_t = 10_000)]
        runs: u32,
        #[arg(long, default_value_t = 10)]
        replicas: u32,
        #[arg(long, default_value_t = 10)]
        ticks: u32,
        #[arg(long, default_value_t = 1)]
        trials: u32,
        /// Runs of containers that lack Prometheus's totals.
        #[arg(long)]
        containers: bool,
    },
    /// Write its results.
    Read {
        path: PathBuf,
        out: String,
        #[arg(long)]
        per_replica: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let began = Instant::now();
    match Command::parse() {
        Command::Fill { path, runs, replicas, ticks, trials, containers } => {
            let store = Store::open(&path).await?;
            fill(&store, [runs, replicas, ticks, trials], containers).await?;
            store.close().await;
            eprintln!("{runs} runs stored in {:.1} s", began.elapsed().as_secs_f64());
        }
        Command::Read { path, out, per_replica } => {
            let store = Store::open_existing(&path).await?;
            let output = Output::from(out.as_str());
            let rows = write(&store, &Filter::default(), Format::Csv, per_replica, &output).await?;
            eprintln!("{rows} rows in {:.2} s", began.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

async fn fill(store: &Store, [runs, replicas, ticks, trials]: [u32; 4], containers: bool) -> anyhow::Result<()> {
    store.begin_campaign(&campaign(), &host()).await?;
    store.add_build(&build()).await?;
    let histograms: Vec<Histogram> = (0..HISTOGRAMS as u64).map(histogram).collect();
    let cases = runs.div_ceil(trials);
    for number in 0..runs {
        // Trials are interleaved in blocks, as a campaign runs them.
        let (trial, mut case) = (number / cases, case(number % cases, replicas));
        if containers {
            case.runner = RunnerName::Compose;
        }
        let run_id = format!("01938b00-0000-7000-8000-{number:012x}");
        let started_us = 1_763_700_000_000_000 + i64::from(number) * 12_000_000;
        store
            .begin_run(&NewRun {
                run_id: &run_id,
                campaign_id: CAMPAIGN,
                case: &case,
                trial: trial + 1,
                seed: number.into(),
                build_sha256: Some(&build().sha256),
                started_us,
            })
            .await?;
        let pick = |index: u32| &histograms[(number * replicas + index) as usize % HISTOGRAMS];
        let run = Run {
            run_id,
            campaign_id: CAMPAIGN.to_owned(),
            case,
            trial: trial + 1,
            seed: number.into(),
            rate_per_second: None,
            harness_cpu_seconds: None,
            monitoring_cpu_seconds: None,
            started_us,
            ended_us: started_us + 10_000_000,
            replicas: (0..replicas).map(|index| replica(index, ticks, pick(index), pick(index + 1))).collect(),
            audit: Some(Audit { requests: REQUESTS * u64::from(replicas), ..Audit::default() }),
            origin_cpu_share: Some(0.5),
            invalid_reasons: Vec::new(),
            marks: Vec::new(),
            metrics_source: "replica".to_owned(),
            prometheus_refusal: None,
            span: containers.then_some(Span {
                ready_us: started_us - 5_000_000,
                start_us: started_us - 2_000_000,
                window_start_us: started_us,
                window_end_us: started_us + 10_000_000,
                drained_us: started_us + 10_100_000,
            }),
            wall_ns: 12_000_000_000,
        };
        store.finish_run(&run, &summarise(&run)?).await?;
        if number % 1_000 == 999 {
            eprintln!("{} runs", number + 1);
        }
    }
    store.end_campaign(CAMPAIGN, CampaignStatus::Finished, 1_763_900_000_000_000).await?;
    Ok(())
}

/// Latencies around 2 ms with a tail, in the bounds that the SDK records with.
fn histogram(seed: u64) -> Histogram {
    let mut state = seed;
    let mut uniform = || ((split_mix(&mut state) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let mut histogram = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 35_000_000_000, 3).expect("bounds");
    for _ in 0..REQUESTS {
        let milliseconds = 1.0 - 0.7 * uniform().ln() + 0.2 / uniform().powf(0.5);
        histogram.saturating_record((milliseconds * 1e6) as u64);
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).expect("memory");
    Histogram(STANDARD.encode(bytes))
}

fn replica(index: u32, ticks: u32, latency: &Histogram, first_byte: &Histogram) -> Replica {
    let resources = |seconds: u64| Resources {
        at_ns: seconds * 1_000_000_000,
        cpu_user_us: seconds * 600_000 + u64::from(index),
        cpu_system_us: seconds * 300_000,
        rss_bytes: 20_000_000 + seconds * 10_000,
        peak_rss_bytes: 30_000_000,
        voluntary_switches: seconds * 1_000,
        involuntary_switches: seconds,
        network: None,
    };
    let counts = |requests: u64| Counts {
        attempts: requests,
        successes: requests,
        success_bytes: requests * 16_384,
        ..Counts::default()
    };
    let tick = |second: u64| Tick {
        phase: Phase::Window,
        elapsed_ns: second * 1_000_000_000,
        counts: counts(second * REQUESTS / 10),
        received_bytes: second * REQUESTS / 10 * 16_384,
        in_flight: 32,
        resources: resources(second),
    };
    Replica {
        index,
        host_name: Some("generated".to_owned()),
        pid: Some(1_000 + index),
        container_id: Some(format!("{index:064x}")),
        result: Some(ReplicaResult {
            library_version: "1.0.0".to_owned(),
            threads: 1,
            first_request_ns: Some(u64::from(index) * 1_000),
            window_start_ns: 0,
            window_end_ns: 10_000_000_000,
            verify: counts(1),
            warm_up: counts(4_000),
            window: counts(REQUESTS),
            requests_issued: ByOperation::default(),
            latency: latency.clone(),
            failure_latency: Histogram::default(),
            first_byte: Some(first_byte.clone()),
            service_time: None,
            scheduling_delay: None,
            scheduled: None,
            issued: None,
            operations: Vec::new(),
            resources: Edges {
                ready: resources(0),
                window_start: resources(0),
                window_end: resources(10),
                drained: resources(10),
            },
            cpu_list: Some("2-3".to_owned()),
            ports: None,
            failure_samples: Vec::new(),
        }),
        ticks: (0..u64::from(ticks)).map(tick).collect(),
        ..Replica::default()
    }
}

fn case(number: u32, replicas: u32) -> Case {
    Case {
        library: ["baseline", "hyper", "reqwest", "ureq"][number as usize % 4].to_owned(),
        library_version: "1.0.0".to_owned(),
        test: fetch_range(),
        params: Values::new(fetch_range().parameters(), []).expect("defaults"),
        inject: Vec::new(),
        replicas,
        runner: RunnerName::Process,
        cpu_limit: None,
        memory_limit: None,
        target: None,
        writes: false,
        endpoint: None,
        headers: Vec::new(),
        ca: None,
        load: Load {
            concurrency: 1 + number / 4,
            amount: Amount::Duration(Duration::from_secs(10)),
            warm_up: Duration::from_secs(2),
            drain: Duration::from_secs(5),
            pool_size: 32,
            keep_alive: true,
            keep_alive_timeout: Duration::from_secs(15),
            use_dns_cache: true,
            timeout: Duration::from_secs(30),
            threads: 1,
            rate: None,
            arrivals: Arrivals::Constant,
        },
        twin: false,
    }
}

fn campaign() -> Campaign {
    Campaign {
        campaign_id: CAMPAIGN.to_owned(),
        started_us: 1_763_700_000_000_000,
        command: "generate".to_owned(),
        arguments: Vec::new(),
        interval_level: 0.99,
        noise: Vec::new(),
        seed: 0,
        harness: env!("CARGO_PKG_VERSION").to_owned(),
        process: ProcessIdentity { boot_id: String::new(), pid: std::process::id(), start_ticks: 0, place: None },
    }
}

fn host() -> Host {
    Host {
        name: "generated".to_owned(),
        cpu_model: "none".to_owned(),
        cpus: 1,
        memory_bytes: 0,
        kernel: "none".to_owned(),
        clock_source: None,
        governor: None,
        cgroup: None,
    }
}

/// The test that all generated cases are of.
fn fetch_range() -> Test {
    Test::named("fetch_range").expect("a test of this name")
}

fn build() -> Build {
    Build {
        library: "baseline".to_owned(),
        library_version: "1.0.0".to_owned(),
        test: fetch_range(),
        sha256: "00".repeat(32),
        lock_sha256: "00".repeat(32),
        compiler: "none".to_owned(),
        target: "none".to_owned(),
        features: String::new(),
        parses: false,
    }
}
