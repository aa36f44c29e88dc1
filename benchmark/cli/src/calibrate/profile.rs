//! What the origin does in a calibration, and the cases that look at it.

use std::time::Duration;

use benchmark_protocol::inject::{Inject, Latency};

use super::truth::Stall;
use crate::case::{Case, Rate, Value};
use crate::exit::Usage;
use crate::library::Library;
use crate::plan::{LoadOptions, Selection};

/// Requests a second of the open loop: half of the slots are free then, so that nothing waits for one.
const RATE: f64 = 130.0;

/// Requests a second through a stall.
const STALL_RATE: f64 = 1_000.0;

/// The distributions: a constant one, two values of which the slow one is seldom, and a heavy tail. All so slow that
/// what a library itself takes for a request (the AWS SDK 1 ms in a burst, on a core that sleeps in between) lies within 3 %: it is the ruler that
/// is judged.
const LATENCIES: [&str; 3] = ["latency=constant:60ms", "latency=bimodal:60ms,240ms,0.05", "latency=pareto:50ms,3"];

/// The stall: what a client that hides coordinated omission does not see.
const STALL: &str = "stall=1s@2s";

/// How long the window of the stall is: its p99 is then 0.95 s.
const STALL_WINDOW: Duration = Duration::from_secs(5);

/// Whether requests wait for those before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// A slot sends its next request when the last one is done.
    Closed,
    /// Requests become due at a rate.
    Open,
}

/// How much is looked at.
#[derive(Clone, Debug)]
pub struct Scope {
    /// A few seconds a library: enough for p99.
    pub quick: bool,
    /// Latencies to inject instead of the usual ones.
    pub inject: Vec<Inject>,
    /// Requests in flight.
    pub concurrency: u32,
}

/// One thing that the origin does, and how it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The spec.
    pub inject: Inject,
    /// How requests are issued.
    pub load_loop: Loop,
    /// How long the window is.
    pub window: Duration,
    /// What is stalled, where that is the spec.
    pub stall: Option<Stall>,
}

impl Profile {
    /// The distribution that is injected.
    #[must_use]
    pub const fn latency(&self) -> Option<&Latency> {
        if let Inject::Latency(latency) = &self.inject { Some(latency) } else { None }
    }

    /// The rate that is asked for, in requests a second; `None` in a closed loop.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let rate = if self.stall.is_some() { STALL_RATE } else { RATE };
        (self.load_loop == Loop::Open).then_some(rate)
    }
}

/// Everything that a calibration of this scope looks at.
///
/// # Errors
/// [`Usage`] where something else than a latency is to be injected.
pub fn profiles(scope: &Scope) -> Result<Vec<Profile>, Usage> {
    if let Some(other) = scope.inject.iter().find(|spec| !matches!(spec, Inject::Latency(_))) {
        return Err(Usage(format!("`--inject {other}`: a calibration injects latencies, as `latency=pareto:5ms,1.5`")));
    }
    let spec = |text: &str| text.parse::<Inject>().unwrap_or_else(|_| unreachable!("the specs above are well-formed"));
    let usual = if scope.quick { &LATENCIES[1..] } else { &LATENCIES[..] };
    let latencies: Vec<Inject> =
        if scope.inject.is_empty() { usual.iter().map(|text| spec(text)).collect() } else { scope.inject.clone() };
    let mut profiles = Vec::new();
    for inject in latencies {
        for load_loop in [Loop::Closed, Loop::Open] {
            let window = window(&inject, load_loop, scope);
            profiles.push(Profile { inject: inject.clone(), load_loop, window, stall: None });
        }
    }
    if scope.inject.is_empty() {
        let stall = Stall { length: Duration::from_secs(1), window: STALL_WINDOW };
        profiles.push(Profile { inject: spec(STALL), load_loop: Loop::Open, window: STALL_WINDOW, stall: Some(stall) });
    }
    Ok(profiles)
}

/// Long enough for the percentile: 10 samples beyond p99.9 are 10,000 requests, beyond p99 1,000; and some for what a library itself
/// takes for each.
fn window(inject: &Inject, load_loop: Loop, scope: &Scope) -> Duration {
    let requests = if scope.quick { 1_100.0 } else { 10_350.0 };
    let rate = match (load_loop, inject) {
        (Loop::Closed, Inject::Latency(latency)) => f64::from(scope.concurrency) / mean_seconds(latency).max(1e-4),
        _ => RATE,
    };
    Duration::from_secs((requests / rate).ceil().clamp(1.0, 120.0) as u64)
}

/// The mean over the lower 99.9 % of a distribution: of one without a mean, what a window of ten thousand requests meets.
fn mean_seconds(latency: &Latency) -> f64 {
    let steps = 1_000;
    let quantile = |step: u32| latency.quantile((f64::from(step) + 0.5) / f64::from(steps)).as_secs_f64();
    (0..steps).map(quantile).sum::<f64>() / f64::from(steps)
}

/// A case for each library and profile, in that order: of the first of its tests that suits.
///
/// # Errors
/// [`Usage`] for an unknown library, or one that cannot do what is asked.
pub fn cases(
    libraries: &[Library],
    names: &[String],
    profiles: &[Profile],
    options: &LoadOptions,
) -> Result<Vec<(Case, Profile)>, Usage> {
    let chosen: Vec<&Library> = match names {
        [] => libraries.iter().collect(),
        names => names.iter().map(|name| crate::library::named(libraries, name)).collect::<Result<_, _>>()?,
    };
    let mut cases = Vec::new();
    for library in chosen {
        let ruler = library.tests.iter().find_map(|test| test.ruler().map(|params| (test, params)));
        let (test, params) = ruler.ok_or_else(|| {
            Usage(format!("`{}` has no test that a calibration can use (see `benchmark list`)", library.name))
        })?;
        let selection = Selection { libraries: vec![library.name.clone()], tests: vec![test.name().to_owned()] };
        for profile in profiles {
            let params = params.iter().map(|(name, value)| Value::Text(format!("{name}={value}")));
            let options = options
                .clone()
                .with("param", params)
                .with("inject", [Value::Specs(vec![profile.inject.clone()])])
                .with("rate", profile.rate().map(|rate| Value::Rate(Rate::PerSecond(rate))))
                .with("duration", [Value::Time(profile.window)])
                // What the origin delivers in the run is then what it delivers in the window.
                .with("warmup", [Value::Time(Duration::ZERO)]);
            cases.extend(
                crate::plan::cases(libraries, &selection, &options)?.into_iter().map(|case| (case, profile.clone())),
            );
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(quick: bool) -> Scope {
        Scope { quick, inject: Vec::new(), concurrency: 16 }
    }

    #[test]
    fn windows_hold_the_requests_that_the_percentiles_need() {
        let seconds = |quick| -> Vec<u64> {
            profiles(&scope(quick)).unwrap().iter().map(|profile| profile.window.as_secs()).collect()
        };
        // Closed: 10,350 requests of 60 ms over 16 slots are 38.8 s, of 69 ms 44.6 s; open: 79.6 s at 130/s; the stall.
        let full = seconds(false);
        assert_eq!((&full[..4], &full[5..]), (&[39, 80, 45, 80][..], &[80, 5][..]));
        assert!(seconds(true).iter().sum::<u64>() < 36);
    }

    #[test]
    fn only_latencies_can_take_the_place_of_the_usual_ones() {
        let with = |spec: &str| profiles(&Scope { inject: vec![spec.parse().unwrap()], ..scope(false) });
        assert_eq!(with("latency=pareto:2ms,2.5").unwrap().len(), 2);
        assert!(with("reset=1%").unwrap_err().to_string().contains("`--inject reset=1%`"));
    }
}
