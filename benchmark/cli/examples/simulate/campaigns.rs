//! Invented campaigns whose truth is known, and the rules that judge them: ours and those it is held against.

use benchmark::stats::Summary;
use benchmark::stats::comparison::{Found, Interval, Metric, Trials, Until, paired};
use benchmark_protocol::content::split_mix;
use benchmark_protocol::counts::Counts;

/// Resamples of each bootstrap.
const RESAMPLES: usize = 1_000;

/// What makes trials differ, as standard deviations of logarithms (0.01 is 1 %).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// Of each run by itself.
    pub(crate) trial: f64,
    /// Of a block: what the machine does to all cases of it alike.
    pub(crate) block: f64,
}

/// Random numbers from a seed.
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn uniform(&mut self) -> f64 {
        ((split_mix(&mut self.0) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// CPU us/request of A and of B in so many blocks; B truly needs `ratio` times as much as A.
    pub(crate) fn campaign(&mut self, noise: Noise, blocks: u32, ratio: f64) -> [Trials; 2] {
        let mut cases = [Trials::default(), Trials::default()];
        for block in 1..=blocks {
            let drift = noise.block * self.normal();
            for (case, truth) in cases.iter_mut().zip([10.0, 10.0 * ratio]) {
                case.add(
                    block,
                    Found { valid: true, origin_bound: false },
                    &run(truth * (drift + noise.trial * self.normal()).exp()),
                );
            }
        }
        cases
    }
}

/// A run of that many CPU us/request.
fn run(cpu_us_per_request: f64) -> Summary {
    let successes = 1_000_000_000;
    Summary {
        window: Some(Counts { successes, ..Counts::default() }),
        cpu_user_us: Some((cpu_us_per_request * successes as f64) as u64),
        cpu_system_us: Some(0),
        window_ns: Some(1_000_000_000),
        ..Summary::default()
    }
}

/// A way to tell whether B differs from A.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// The project's: paired t interval at 99 %, wholly beyond 1 %.
    Ours,
    /// The same interval, which need only exclude "no difference".
    ExcludesOne,
    /// A paired t test at 95 %.
    TTest,
    /// A percentile bootstrap of the mean of the pairs at 95 %.
    Bootstrap,
}

impl Rule {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::ExcludesOne, Self::TTest, Self::Bootstrap];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Ours => "t at 99 %, beyond 1 % (ours)",
            Self::ExcludesOne => "t at 99 %, beyond 0",
            Self::TTest => "t at 95 %, beyond 0",
            Self::Bootstrap => "percentile bootstrap at 95 %",
        }
    }

    pub(crate) fn is_different(self, [a, b]: &[Trials; 2], draws: &mut Draws) -> bool {
        match self {
            Self::Ours => paired(Metric::Cpu, a, b).verdict.is_different(),
            Self::ExcludesOne => {
                paired(Metric::Cpu, a, b).ratio.is_some_and(|ratio| ratio.low > 1.0 || ratio.high < 1.0)
            }
            Self::TTest => t(&log_ratios(a, b)).abs() > t_at_95(a.runs),
            Self::Bootstrap => {
                let (low, high) = bootstrap(&log_ratios(a, b), draws);
                low > 0.0 || high < 0.0
            }
        }
    }
}

fn log_ratios(a: &Trials, b: &Trials) -> Vec<f64> {
    a.values(Metric::Cpu).iter().zip(b.values(Metric::Cpu)).map(|(a, b)| (b / a).ln()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn t(values: &[f64]) -> f64 {
    let (n, mean) = (values.len() as f64, mean(values));
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    mean / (variance / n).sqrt()
}

/// Two-sided quantiles from the table, for the numbers of trials that are simulated.
fn t_at_95(trials: usize) -> f64 {
    match trials {
        5 => 2.776,
        10 => 2.262,
        40 => 2.023,
        other => panic!("no quantile for {other} trials"),
    }
}

/// From the 2.5th to the 97.5th percentile of the means of resamples.
fn bootstrap(values: &[f64], draws: &mut Draws) -> (f64, f64) {
    let mut pick = || values[(draws.uniform() * values.len() as f64) as usize];
    let mut means: Vec<f64> =
        (0..RESAMPLES).map(|_| mean(&values.iter().map(|_| pick()).collect::<Vec<_>>())).collect();
    means.sort_by(f64::total_cmp);
    (means[RESAMPLES * 25 / 1_000], means[RESAMPLES * 975 / 1_000 - 1])
}

/// How often a rule says "different".
pub(crate) fn share_different(rule: Rule, noise: Noise, trials: u32, ratio: f64, campaigns: u32) -> f64 {
    let mut draws = Draws::new(7);
    let different = (0..campaigns).filter(|_| {
        let campaign = draws.campaign(noise, trials, ratio);
        rule.is_different(&campaign, &mut draws)
    });
    different.count() as f64 / f64::from(campaigns)
}

/// What came of campaigns that ended as soon as an interval was narrow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stopped {
    /// Share of campaigns whose interval at the end holds the truth: the one that ended it.
    pub(crate) covered: f64,
    /// The same of an interval at 99 % over the same trials.
    pub(crate) covered_at_99: f64,
    /// Share of campaigns that were ended early.
    pub(crate) early: f64,
    /// Trials on average.
    pub(crate) trials: f64,
}

/// When a campaign ends.
pub(crate) enum Stop<'u> {
    /// `--until`'s rule.
    Until(&'u Until),
    /// After the first block whose interval (99 %) is that narrow.
    AtFirstSight(f64),
}

impl Stop<'_> {
    fn is_reached(&self, trial: u32, values: &[f64]) -> bool {
        match self {
            Self::Until(until) => until.is_reached(trial, &[values.to_vec()]),
            Self::AtFirstSight(share) => self.interval(values).half_width() <= *share,
        }
    }

    fn interval(&self, values: &[f64]) -> Interval {
        match self {
            Self::Until(until) => until.interval(values),
            Self::AtFirstSight(_) => Interval::of(values),
        }
        .expect("five trials or more")
    }
}

/// Campaigns of one case of `most` blocks at most.
pub(crate) fn stopped(stop: &Stop<'_>, noise: Noise, most: u32, campaigns: u32) -> Stopped {
    let (truth, mut draws, mut sum) = (10.0, Draws::new(11), Stopped::default());
    let holds = |interval: Interval| f64::from(interval.low <= truth && truth <= interval.high);
    for _ in 0..campaigns {
        let values = draws.campaign(noise, most, 1.0)[0].values(Metric::Cpu);
        let end = (5..most).find(|trial| stop.is_reached(*trial, &values[..*trial as usize])).unwrap_or(most);
        let values = &values[..end as usize];
        sum.covered += holds(stop.interval(values));
        sum.covered_at_99 += Interval::of(values).map_or(0.0, holds);
        sum.early += f64::from(end < most);
        sum.trials += f64::from(end);
    }
    let n = f64::from(campaigns);
    Stopped {
        covered: sum.covered / n,
        covered_at_99: sum.covered_at_99 / n,
        early: sum.early / n,
        trials: sum.trials / n,
    }
}
