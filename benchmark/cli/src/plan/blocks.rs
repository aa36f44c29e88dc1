//! A plan: which cases run, in which blocks, beside which baseline, and for how long.

use std::net::IpAddr;
use std::time::Duration;

use benchmark_protocol::content::split_mix;

use super::cases::{Selection, cases};
use super::options::LoadOptions;
use crate::case::{Amount, Case, Load, Rate, Terms, workload_key};
use crate::exit::Usage;
use crate::library::{BASELINE, Library};
use crate::machine::CpuSplit;
use crate::stats::comparison::{LEAST_TRIALS, Until};

/// What a run takes beyond warm-up and window, for the estimate of the time.
const FIXED_COST: Duration = Duration::from_millis(300);

/// Everything that a campaign will do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Every case, once.
    pub cases: Vec<Case>,
    /// Trials of each case, at most.
    pub trials: u32,
    /// Passes over all cases in a block: runs of each trial.
    pub passes: u32,
    /// End before that once the intervals of every case are this narrow: half-widths, as a share.
    pub until: Option<f64>,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Who runs where.
    pub cpus: CpuSplit,
    /// Where the harness listens for replicas, if told.
    pub listen: Option<IpAddr>,
    /// Whether what killed campaigns left at targets is removed.
    pub sweep: bool,
    /// The Prometheus to ask: `off`, a URL, or whatever answers at the usual place.
    pub prometheus: Option<String>,
}

impl Plan {
    /// The cases of a pass of a block (both from 1), by their index, in its seeded random order; a plan of one pass keeps their
    /// order. A pass does not depend on those before it, so that a campaign can go on where it stopped.
    #[must_use]
    pub fn pass(&self, trial: u32, pass: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.cases.len()).collect();
        if self.trials * self.passes > 1 {
            let number = (trial - 1) * self.passes + pass;
            let mut state = self.seed ^ u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            // Fisher-Yates.
            for last in (1..order.len()).rev() {
                order.swap(last, (split_mix(&mut state) % (last as u64 + 1)) as usize);
            }
        }
        order
    }

    /// The runs of a block in their order: which pass each belongs to, and the index of its case.
    pub fn block(&self, trial: u32) -> impl Iterator<Item = (u32, usize)> {
        (1..=self.passes).flat_map(move |pass| self.pass(trial, pass).into_iter().map(move |index| (pass, index)))
    }

    /// When the campaign may end before its last block.
    #[must_use]
    pub fn early_end(&self) -> Option<Until> {
        self.until.map(|share| Until::new(share, self.trials))
    }

    /// How many runs there are at most, those that measure capacities included.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.cases.len() * (self.trials * self.passes) as usize + self.capacities().len()
    }

    /// How long the runs will take at most, builds left out; windows that end by number of requests are not foreseen unless their
    /// rate is.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        self.cases.iter().map(length).sum::<Duration>() * (self.trials * self.passes)
            + self.capacities().iter().map(length).sum::<Duration>()
    }

    /// The closed-loop cases whose rates others are shares of.
    #[must_use]
    pub fn capacities(&self) -> Vec<Case> {
        let mut capacities: Vec<Case> = Vec::new();
        for case in self.cases.iter().filter_map(capacity_case) {
            if !capacities.contains(&case) {
                capacities.push(case);
            }
        }
        capacities
    }
}

/// The closed-loop case whose rate this case's is a share of; `None` where it is not.
#[must_use]
pub fn capacity_case(case: &Case) -> Option<Case> {
    let Some(Rate::OfCapacity(_)) = case.load.rate else { return None };
    let load = Load { rate: None, arrivals: crate::case::Arrivals::default(), ..case.load.clone() };
    Some(Case { load, twin: false, ..case.clone() })
}

/// Makes the plan of a selection; `usual_trials` is how often the command runs each case unless told otherwise.
///
/// # Errors
/// [`Usage`] for whatever cannot be run as asked, with the value and the way out.
pub fn plan(
    libraries: &[Library],
    selection: &Selection,
    options: &LoadOptions,
    usual_trials: u32,
) -> Result<Plan, Usage> {
    assemble(cases(libraries, selection, options)?, options, usual_trials)
}

/// What `--until` needs to be met at all: it looks for the first time where a case has trials enough for an interval.
fn check_until(until: Option<f64>, trials: u32) -> Result<(), Usage> {
    match until {
        Some(share) if (trials as usize) < LEAST_TRIALS => Err(Usage(format!(
            "`--until {}%` can never be met with `--trials {trials}`: intervals take {LEAST_TRIALS} blocks, so that it looks for the first time \
             after {LEAST_TRIALS}; write `--trials {LEAST_TRIALS}` or more, or leave one of the two out",
            (share * 1e8).round() / 1e6
        ))),
        _ => Ok(()),
    }
}

/// Makes a plan of cases.
///
/// # Errors
/// [`Usage`] for options that do not go together.
pub fn assemble(cases: Vec<Case>, options: &LoadOptions, usual_trials: u32) -> Result<Plan, Usage> {
    let trials = options.blocks(usual_trials);
    let Terms { passes, until, seed, sweep, origin_cpus, client_cpus, listen, prometheus, .. } = options.terms();
    let cpus = CpuSplit::new(origin_cpus, client_cpus).map_err(Usage)?;
    check_until(until, trials)?;
    Ok(Plan { cases, trials, passes, until, seed, cpus, listen, sweep, prometheus })
}

impl Plan {
    /// Puts the baseline beside every workload that lacks it, and its twin into each block, for each test: what a ranking needs. A
    /// campaign of one block has none.
    pub fn add_references(&mut self, libraries: &[Library]) {
        if self.trials < 2 {
            return;
        }
        let Some(baseline) = libraries.iter().find(|library| library.name == BASELINE) else { return };
        let mut known: Vec<String> =
            self.cases.iter().filter(|case| case.library == BASELINE).map(workload_key).collect();
        for index in 0..self.cases.len() {
            let case = self.cases[index].clone();
            if baseline.tests.contains(&case.test) && honours(baseline, &case) && !known.contains(&workload_key(&case))
            {
                known.push(workload_key(&case));
                let (library, library_version) = (baseline.name.clone(), baseline.version.clone());
                self.cases.push(Case { library, library_version, ..case });
            }
        }
        let mut paired = Vec::new();
        for index in 0..self.cases.len() {
            let case = &self.cases[index];
            if case.library == BASELINE && !paired.contains(&case.test) {
                paired.push(case.test);
                self.cases.push(Case { twin: true, ..case.clone() });
            }
        }
    }
}

/// Whether the baseline can do what a case asks. It signs nothing itself and speaks no TLS; all else it does.
fn honours(baseline: &Library, case: &Case) -> bool {
    let tls = case.target.as_deref().into_iter().chain(case.endpoint.as_deref()).any(|url| url.starts_with("https:"));
    !(tls && baseline.unsupported.contains_key("tls"))
}

fn length(case: &Case) -> Duration {
    let window = match (case.load.amount, case.load.rate) {
        (Amount::Duration(window), _) => window,
        (Amount::Requests(requests), Some(Rate::PerSecond(rate))) => {
            Duration::try_from_secs_f64(requests as f64 * f64::from(case.replicas) / rate).unwrap_or(Duration::MAX)
        }
        (Amount::Requests(_), _) => Duration::ZERO,
    };
    case.load.warm_up.saturating_add(window).saturating_add(FIXED_COST)
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::tests::Test;

    use super::*;
    use crate::library;

    fn planned(selected: &[&str], flags: &[&str]) -> Plan {
        let options = LoadOptions::parse(flags).unwrap();
        let libraries = library::catalogue(&library::root().unwrap()).unwrap();
        let selection =
            Selection { libraries: selected.iter().map(|name| (*name).to_owned()).collect(), tests: vec![] };
        let mut plan = plan(&libraries, &selection, &options, 5).unwrap();
        plan.add_references(&libraries);
        plan
    }

    #[test]
    fn a_pass_holds_every_case_once_and_the_seed_decides_its_order() {
        let mut plan = planned(&[], &["--trials", "3", "--seed", "7"]);
        let passes: Vec<_> = (1..=3).map(|trial| plan.pass(trial, 1)).collect();
        for pass in &passes {
            let mut sorted = pass.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..plan.cases.len()).collect::<Vec<_>>());
        }
        assert_eq!(passes[2], plan.pass(3, 1));
        assert_ne!(passes[0], passes[1]);
        plan.seed = 8;
        assert_ne!(passes[0], plan.pass(1, 1));
    }

    #[test]
    fn the_order_of_a_seed_is_known() {
        let mut plan = planned(&[], &["--trials", "3", "--seed", "7"]);
        plan.cases.truncate(6);
        let orders: Vec<_> = (1..=3).map(|trial| plan.pass(trial, 1)).collect();
        assert_eq!(
            orders,
            [[3, 0, 1, 2, 4, 5], [5, 0, 1, 4, 2, 3], [2, 5, 0, 1, 3, 4]],
            "another order is another campaign: say why in the commit"
        );
    }

    #[test]
    fn a_block_of_several_passes_has_as_many_runs_of_each_case() {
        let plan = planned(&["reqwest"], &["--trials", "3", "--passes", "2"]);
        let six = planned(&["reqwest"], &["--trials", "6"]);
        let orders = |plan: &Plan| -> Vec<Vec<usize>> {
            let passes = |trial| (1..=plan.passes).map(move |pass| plan.pass(trial, pass));
            (1..=plan.trials).flat_map(passes).collect()
        };
        assert_eq!(orders(&plan), orders(&six));
        assert_eq!(plan.runs(), plan.cases.len() * 6);
        assert_eq!(plan.estimate(), six.estimate());
    }

    #[test]
    fn trials_are_as_many_as_told_or_as_usual() {
        let trials = |flags: &[&str]| planned(&["baseline"], flags).trials;
        assert_eq!(trials(&[]), 5);
        assert_eq!(trials(&["--quick"]), 1);
        assert_eq!(trials(&["--quick", "--trials", "3"]), 3);
        assert_eq!(trials(&["--until", "2%"]), MOST_UNTIL);
        assert_eq!(trials(&["--until", "2%", "--trials", "10"]), 10);
    }

    const MOST_UNTIL: u32 = 40;

    #[test]
    fn an_early_end_that_no_block_could_bring_is_refused_with_the_way_out() {
        let options = LoadOptions::parse(&["--until", "2.5%", "--trials", "4"]).unwrap();
        let refused = assemble(Vec::new(), &options, 5).unwrap_err().to_string();
        assert!(refused.contains("`--until 2.5%` can never be met with `--trials 4`"), "{refused}");
        assert!(refused.contains("`--trials 5` or more"), "{refused}");
    }

    #[test]
    fn several_blocks_have_the_baseline_and_its_twin_beside_every_test() {
        let plan = planned(&["reqwest"], &["--trials", "2"]);
        let named: Vec<(&str, &str, bool)> =
            plan.cases.iter().map(|case| (&*case.library, case.test.name(), case.twin)).collect();
        for test in Test::all().map(Test::name) {
            for expected in [("reqwest", test, false), ("baseline", test, false), ("baseline", test, true)] {
                assert_eq!(named.iter().filter(|case| **case == expected).count(), 1, "{expected:?} in {named:?}");
            }
        }
        assert_eq!(named.len(), 3 * Test::all().count());
        assert!(planned(&["reqwest"], &["--quick"]).cases.iter().all(|case| case.library == "reqwest"));
    }

    #[test]
    fn a_share_of_the_capacity_needs_one_run_that_measures_it() {
        let plan = planned(&["hyper"], &["--quick", "--rate", "50%"]);
        assert_eq!(plan.capacities().len(), 2);
        assert!(plan.capacities().iter().all(|case| case.load.rate.is_none()));
        assert_eq!(plan.runs(), 4);
        assert!(planned(&["hyper"], &["--quick", "--rate", "50"]).capacities().is_empty());
    }

    #[test]
    fn requests_at_a_rate_take_a_known_time() {
        let plan = planned(&["object_store"], &["--quick", "--rate", "100", "--requests", "200", "--replicas", "2"]);
        // A warm-up of 1 s, 400 requests at 100/s, and what every run costs.
        assert_eq!(plan.estimate(), Duration::from_millis(1_000 + 4_000 + 300));
    }
}
