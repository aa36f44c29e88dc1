//! What people see: progress while runs go on, a table and a ranking at the end, comparisons when they ask.

mod calibration;
mod columns;
mod comparison;
mod cost;
mod dry_run;
mod naming;
mod plain;
mod progress;
mod ranking;
mod sweep;
mod table;

use std::io::stderr;

use crate::campaign::Listener;
use crate::output;

pub use calibration::calibration;
pub use comparison::{Style, comparison};
pub use cost::cost;
pub use dry_run::dry_run;
pub use ranking::ranking;
pub use sweep::sweep;
pub use table::{problems, table};

/// A live display on a terminal, plain lines otherwise; both on stderr, so that stdout holds results alone.
#[must_use]
pub fn progress() -> Box<dyn Listener> {
    if output::is_drawn_on(&stderr()) { Box::new(progress::Progress::new()) } else { Box::new(plain::Plain::default()) }
}

/// The lines that open a campaign.
fn opening(event: &crate::campaign::Event<'_>) -> Option<String> {
    let crate::campaign::Event::Planned {
        campaign_id,
        runs,
        estimate,
        database,
        runner,
        cpus,
        metrics_port,
        graphs,
        noise,
        finished,
        ..
    } = event
    else {
        return None;
    };
    let noun = if *runs == 1 { "run" } else { "runs" };
    let about = length(*estimate);
    let live = match (graphs, metrics_port) {
        (Some(link), _) => format!("graphs {link}"),
        (None, Some(port)) => format!(
            "no Prometheus: live metrics at http://127.0.0.1:{port}/metrics (graphs: `docker compose -f \
             docker-compose.monitoring.yml up -d`)"
        ),
        (None, None) => "no Prometheus, no live metrics".to_owned(),
    };
    let done = if *finished > 0 { format!(" ({finished} of them done)") } else { String::new() };
    let noise: String = noise.iter().map(|source| format!("\nnoise: {source}")).collect();
    Some(format!(
        "campaign {campaign_id}: {runs} {noun}{done}, about {about} once built, recorded in {}\n\
         runner {runner}: origin and harness on CPU {}, replicas on CPU {}\n{live}{noise}",
        database.display(),
        cpus.origin,
        cpus.clients
    ))
}

/// One line on what a campaign left at a target.
fn left(leftover: &crate::target::LeftOver) -> String {
    if leftover.is_left() {
        format!("a killed campaign left {leftover}: `--sweep` removes it")
    } else {
        format!(
            "somebody's campaign has {leftover}, and whether it still runs is not to be seen from here: once it is a day old `--sweep` \
             removes it"
        )
    }
}

/// A length of time as people say it, rounded up.
fn length(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64().ceil() as u64;
    let minutes = seconds.div_ceil(60);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// One line on a run that ended.
fn ending(run: &crate::store::StoredRun) -> String {
    let figures = crate::stats::Figures::of_one(&run.summary);
    let mut parts = Vec::new();
    parts.extend(figures.requests_per_second.map(|rate| format!("{} ok requests/s", table::grouped(rate, 0))));
    parts.extend(figures.latencies.latency.p99.map(|p99| format!("p99 {} ms", table::grouped(p99, 3))));
    let reasons: Vec<String> = run.invalid_reasons.iter().map(ToString::to_string).collect();
    parts.push(if reasons.is_empty() { "valid".to_owned() } else { format!("invalid: {}", reasons.join("; ")) });
    parts.join(", ")
}

/// `baseline`, or `baseline (twin)`.
fn library(case: &crate::case::Case) -> String {
    format!("{}{}", case.library, if case.twin { " (twin)" } else { "" })
}

/// `fetch_range`, or `fetch_range at 50%`.
fn workload(case: &crate::case::Case) -> String {
    let rate = case.load.rate.map(|rate| format!(" at {rate}")).unwrap_or_default();
    format!("{}{rate}", case.test.name())
}
