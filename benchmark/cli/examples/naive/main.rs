//! What a dashboard would have said of a run's CPU time: the mean of `rate(x[5s])` at a scrape of 5 s over its window, times its length,
//! summed over containers. From the same raw samples that the totals come from.
//!
//! ```text
//! cargo run --release -p benchmark --example naive -- http://127.0.0.1:9090 RUN_ID WINDOW_START_US WINDOW_END_US
//! ```

mod rate;

use std::time::Duration;

use benchmark::metrics::Prometheus;
use clap::Parser;
use rate::mean_of_rate;

/// How far around the window samples are looked for, in microseconds.
const MARGIN_US: i64 = 20_000_000;

#[derive(Parser)]
struct Arguments {
    prometheus: String,
    run_id: String,
    from_us: i64,
    to_us: i64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Arguments { prometheus, run_id, from_us, to_us } = Arguments::parse();
    let span = Duration::from_micros((to_us - from_us + 2 * MARGIN_US).unsigned_abs());
    let series = Prometheus::new(&prometheus)?.samples(&[run_id], to_us + MARGIN_US, span).await?;
    let five_seconds = Duration::from_secs(5);
    let rates = series.iter().filter_map(|one| mean_of_rate(&one.cpu, from_us, to_us, five_seconds, five_seconds));
    let total = rates.reduce(|a, b| a + b).map(|rate| rate * (to_us - from_us) as f64 / 1e6);
    // A range as long as the scrape interval rarely holds two samples.
    println!("{}", total.map_or_else(|| "nothing".to_owned(), |seconds| format!("{seconds:.2}")));
    Ok(())
}
