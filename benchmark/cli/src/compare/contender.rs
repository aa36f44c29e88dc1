//! A case with what its trials gave: all that comparing and ranking need of it.

use crate::campaign::{Finished, trials_of};
use crate::case::workload_key;
use crate::stats::comparison::{Trials, Twins};
use crate::store::{self, Selection, Store, StoredCase};

use super::workload::Workload;

/// Cases read at once: their samples are dropped before the next ones are read.
const CASES_AT_ONCE: usize = 64;

/// A case of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// The library.
    pub library: String,
    /// Its version.
    pub version: String,
    /// The test.
    pub test: String,
    /// Every other option.
    pub workload: Workload,
    /// Whether it is the second of an A/A pair.
    pub twin: bool,
    /// What each block gave.
    pub trials: Trials,
}

/// The machine of a campaign: facts of which a difference makes figures incomparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(pub Vec<(&'static str, String)>);

impl Contender {
    /// The cases of a campaign that has just ended.
    #[must_use]
    pub fn of_finished(finished: &[Finished]) -> Vec<Self> {
        let mut cases = Vec::new();
        for (run, _) in finished {
            if !cases.contains(&&run.case) {
                cases.push(&run.case);
            }
        }
        let contender = |case: &crate::case::Case| {
            let trials = trials_of(finished, case);
            Self {
                library: case.library.clone(),
                version: case.library_version.clone(),
                test: case.test.name().to_owned(),
                workload: Workload::of_key(&workload_key(case)),
                twin: case.twin,
                trials,
            }
        };
        // A case of which only the run before the blocks is there has nothing to compare.
        cases.into_iter().map(contender).filter(|contender| contender.trials.runs > 0).collect()
    }

    fn of_stored(case: StoredCase) -> Self {
        let mut trials = Trials::default();
        for run in &case.runs {
            trials.add(run.trial, run.found(), &run.summary);
        }
        let workload = Workload::of_key(&case.workload_key);
        let StoredCase { library, library_version: version, test, twin, .. } = case;
        Self { library, version, test, workload, twin, trials }
    }

    /// Whether this is the second of an A/A pair whose first is the other one.
    fn is_twin_of(&self, other: &Self) -> bool {
        self.twin
            && (&self.library, &self.version, &self.test, &self.workload)
                == (&other.library, &other.version, &other.test, &other.workload)
    }

    /// `reqwest fetch_range`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.library, self.test)
    }
}

/// The cases of a campaign that pass, in the order of results, and the campaign's machine.
///
/// # Errors
/// A database that cannot be read.
pub async fn read(store: &Store, selection: &Selection) -> Result<(Vec<Contender>, Option<Host>), store::Error> {
    let (mut contenders, mut host) = (Vec::new(), None);
    for batch in store.finished_cases(selection).await?.chunks(CASES_AT_ONCE) {
        for case in store.read_cases(batch).await? {
            host.get_or_insert_with(|| host_of(&case));
            contenders.push(Contender::of_stored(case));
        }
    }
    // A case of which only the run before the blocks is there has nothing to compare.
    contenders.retain(|contender| contender.trials.runs > 0);
    Ok((contenders, host))
}

/// Takes the twins out, which are no contenders of their own, and says what the A/A pairs say.
#[must_use]
pub fn twins(contenders: Vec<Contender>) -> (Vec<Contender>, Vec<(String, Twins)>) {
    let (twins, kept): (Vec<Contender>, Vec<Contender>) = contenders.into_iter().partition(|contender| contender.twin);
    let pairs = twins.iter().filter_map(|twin| {
        let first = kept.iter().find(|other| twin.is_twin_of(other))?;
        Some((twin.title(), Twins::of(&first.trials, &twin.trials)?))
    });
    let pairs = pairs.collect();
    (kept, pairs)
}

fn host_of(case: &StoredCase) -> Host {
    // In whole GB: what the kernel keeps for itself differs by some MB from boot to boot.
    let memory = format!("{:.0} GB", case.memory_bytes as f64 / 1e9);
    Host(vec![
        ("host", case.host_name.clone()),
        ("CPU", case.cpu_model.clone()),
        ("CPUs", case.cpus.to_string()),
        ("memory", memory),
        ("kernel", case.kernel.clone()),
        ("governor", case.governor.clone().unwrap_or_else(|| "-".to_owned())),
    ])
}
