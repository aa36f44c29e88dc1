//! A case with what its trials gave: all that comparing and ranking need of it.

use crate::machine::Host;
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

impl Contender {
    /// What a stored case gave.
    fn of(case: &StoredCase) -> Self {
        Self {
            library: case.library.clone(),
            version: case.library_version.clone(),
            test: case.test.clone(),
            workload: Workload::of(&case.settings, &case.params),
            twin: case.twin,
            trials: case.trials(),
        }
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

/// The cases that have something to compare, which one of which only the run before the blocks is there has not.
#[must_use]
pub fn contenders<'c>(cases: impl IntoIterator<Item = &'c StoredCase>) -> Vec<Contender> {
    cases.into_iter().map(Contender::of).filter(|contender| contender.trials.runs > 0).collect()
}

/// The cases of a campaign that pass, in the order of results, and the campaign's machine.
///
/// # Errors
/// A database that cannot be read.
pub async fn read(store: &Store, selection: &Selection) -> Result<(Vec<Contender>, Option<Host>), store::Error> {
    let (mut read, mut host) = (Vec::new(), None);
    for batch in store.finished_cases(selection).await?.chunks(CASES_AT_ONCE) {
        let cases = store.read_cases(batch).await?;
        host = host.or_else(|| cases.first().map(StoredCase::host));
        read.extend(contenders(&cases));
    }
    Ok((read, host))
}

/// The baseline against its twin.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The test that both ran.
    pub test: String,
    /// `baseline fetch_range`.
    pub title: String,
    /// What their blocks say.
    pub twins: Twins,
}

/// Takes the twins out, which are no contenders of their own, and says what the A/A pairs say.
#[must_use]
pub fn twins(contenders: Vec<Contender>) -> (Vec<Contender>, Vec<Pair>) {
    let (twins, kept): (Vec<Contender>, Vec<Contender>) = contenders.into_iter().partition(|contender| contender.twin);
    let pairs = twins.iter().filter_map(|twin| {
        let first = kept.iter().find(|other| twin.is_twin_of(other))?;
        let twins = Twins::of(&first.trials, &twin.trials)?;
        Some(Pair { test: twin.test.clone(), title: twin.title(), twins })
    });
    let pairs = pairs.collect();
    (kept, pairs)
}
