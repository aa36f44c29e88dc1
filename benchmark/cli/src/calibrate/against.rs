//! Other load generators, looking at the same truth: the origin delivers what it delivers to our libraries, and what they report is
//! held against it in the same way. They are installed or not; nothing is built or fetched.

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use benchmark_protocol::content;
use benchmark_protocol::origin::{Announcement, Begin, Contract};
use serde_json::Value;
use tokio::process::Command;

use super::profile::{Loop, Profile};
use super::truth::Reported;
use super::{Calibrated, compare};
use crate::exit::{Missing, Usage};
use crate::machine::CpuSplit;
use crate::runner::output_of;
use crate::stats::decode;
use crate::target::{OriginProcess, Place};

/// Bytes of each range.
const REQUEST_SIZE: u64 = 1024;

/// How long a tool may take beyond its window.
const PATIENCE: Duration = Duration::from_secs(60);

/// Prints the percentiles that wrk's own report leaves out, in microseconds.
const WRK_SCRIPT: &str = r#"done = function(summary, latency)
  io.write(string.format('{"requests":%d,"p50":%d,"p90":%d,"p99":%d,"p99.9":%d}\n', summary.requests,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9)))
end
"#;

/// A load generator that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// wrk: closed loop only.
    Wrk,
    /// oha: both loops, with `--latency-correction` in the open one.
    Oha,
}

impl Tool {
    const ALL: [Self; 2] = [Self::Wrk, Self::Oha];

    /// The program's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::Oha => "oha",
        }
    }

    const fn has(self, load_loop: Loop) -> bool {
        matches!((self, load_loop), (_, Loop::Closed) | (Self::Oha, Loop::Open))
    }
}

impl FromStr for Tool {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|tool| tool.name() == name)
            .ok_or_else(|| format!("unknown load generator `{name}` (known: {known})"))
    }
}

/// Looks whether the tools are there, before anything else takes its time.
///
/// # Errors
/// [`Missing`] for one that is not installed.
pub async fn check(tools: &[Tool]) -> Result<(), Missing> {
    for name in tools.iter().map(|tool| tool.name()) {
        if Command::new(name).arg("--version").output().await.is_err() {
            return Err(Missing(format!("`{name}` is not installed: install it, or leave it out of --against")));
        }
    }
    Ok(())
}

/// What each of the tools reports of each profile that it can look at; what they read is written into this folder. May be dropped at any
/// time.
///
/// # Errors
/// When the origin or a tool does not start, or fails.
pub async fn look(
    tools: &[Tool],
    profiles: &[Profile],
    concurrency: u32,
    seed: u64,
    folder: &Path,
) -> Result<Vec<Calibrated>> {
    let mut seen = Vec::new();
    let cpus = CpuSplit::new(None, None).map_err(Usage)?;
    let origin = OriginProcess::start(&Place::loopback(&cpus.origin)).await?;
    let script = folder.join("wrk.lua");
    fs::write(&script, WRK_SCRIPT).with_context(|| format!("cannot write `{}`", script.display()))?;
    for tool in tools {
        for profile in profiles.iter().filter(|profile| tool.has(profile.load_loop)) {
            let bucket = uuid::Uuid::now_v7().to_string();
            let contract = Contract { objects: 1, object_size: 1 << 20, ..Contract::default() };
            origin.announce(&bucket, &Announcement { seed, contract, inject: vec![profile.inject.clone()] }).await?;
            let url = format!("{}/{}", origin.bucket_url(&bucket), content::key(0));
            let now_ns = benchmark_origin::clock::now_ns();
            origin.begin(&bucket, Begin { start_ns: now_ns, window_ns: now_ns }).await?;
            let output = run(*tool, profile, concurrency, &url, &cpus, &script).await?;
            let audit = origin.audit(&bucket).await?;
            let delivered = audit.delays_delivered.as_ref().map(decode).transpose()?.flatten();
            let judged = reported(*tool, &output).and_then(|reported| compare(profile, &reported, delivered.as_ref()));
            let who = tool.name().to_owned();
            seen.push(Calibrated { who, runner: None, profile: profile.clone(), look: 1, judged });
        }
    }
    origin.stop().await;
    Ok(seen)
}

/// Runs a tool on the replicas' CPUs and returns what it prints.
async fn run(
    tool: Tool,
    profile: &Profile,
    concurrency: u32,
    url: &str,
    cpus: &CpuSplit,
    script: &Path,
) -> Result<String> {
    let (connections, seconds) = (concurrency.to_string(), format!("{}s", profile.window.as_secs_f64().ceil()));
    let range = format!("Range: bytes=0-{}", REQUEST_SIZE - 1);
    let mut command = Command::new(tool.name());
    match tool {
        Tool::Wrk => command
            .args(["-t1", "-c", &connections, "-d", &seconds, "--timeout", "30s", "-H", &range, "-s"])
            .arg(script),
        Tool::Oha => command
            .args(["--no-tui", "--output-format", "json", "--http-version", "1.1", "--worker-threads", "1"])
            .args(["-c", &connections, "-z", &seconds, "-w", "-H", &range]),
    };
    if let (Tool::Oha, Some(rate)) = (tool, profile.rate()) {
        command.args(["-q", &rate.to_string(), "--latency-correction"]);
    }
    command.arg(url);
    output_of(command, cpus, profile.window + PATIENCE).await
}

/// What a tool says in its output.
fn reported(tool: Tool, output: &str) -> Result<Reported, String> {
    let json = match tool {
        Tool::Wrk => output.lines().rfind(|line| line.starts_with('{')).unwrap_or_default(),
        Tool::Oha => output,
    };
    let report: Value = serde_json::from_str(json).map_err(|error| format!("its report is unreadable: {error}"))?;
    let (percentiles, scale) = match tool {
        Tool::Wrk => (&report, 1e-3),
        Tool::Oha => (&report["latencyPercentiles"], 1e3),
    };
    let number = match tool {
        Tool::Wrk => report["requests"].as_u64(),
        Tool::Oha => {
            report["statusCodeDistribution"].as_object().map(|codes| codes.values().filter_map(Value::as_u64).sum())
        }
    };
    let percentile = |name: &str| percentiles[name].as_f64().map(|value| value * scale);
    let percentiles = ["p50", "p90", "p99", "p99.9"].map(percentile);
    Ok(Reported { number: number.ok_or("its report has no number of requests")?, percentiles })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_both_tools_read_as_milliseconds() {
        let wrk = "Running 5s test\n  100 requests in 5.0s\n{\"requests\":100,\"p50\":5000,\"p90\":6000,\"p99\":7000,\"p99.9\":8500}\n";
        let expected = Reported { number: 100, percentiles: [Some(5.0), Some(6.0), Some(7.0), Some(8.5)] };
        assert_eq!(reported(Tool::Wrk, wrk), Ok(expected));
        let oha = r#"{"latencyPercentiles":{"p50":0.005,"p90":0.006,"p99":0.007,"p99.9":0.0085},"statusCodeDistribution":{"206":100}}"#;
        assert_eq!(reported(Tool::Oha, oha).unwrap().number, 100);
        assert!(reported(Tool::Oha, "no").is_err());
    }
}
