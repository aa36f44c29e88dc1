//! Which replica runs on which CPUs: on as many as it has threads, and on others than the rest for as far as there are. A library whose
//! threads may spread over more CPUs than another's would be measured on another machine.

use std::collections::BTreeSet;

use super::cpus::Cpus;

/// The CPUs of each replica of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    shares: Vec<Cpus>,
    /// How many CPUs it would take for each to have its own.
    pub wanted: usize,
}

impl Shares {
    /// Shares these CPUs out: each replica gets so many, those of the next one follow, and where the last CPU is given away the first one
    /// is again. A replica gets no CPU twice.
    #[must_use]
    pub fn of(cpus: &Cpus, replicas: u32, threads: u32) -> Self {
        let all: Vec<usize> = cpus.iter().collect();
        let (replicas, threads) = (replicas as usize, threads as usize);
        let each = threads.min(all.len());
        let share = |replica: usize| all.iter().copied().cycle().skip(replica * each % all.len().max(1)).take(each);
        let shares = (0..replicas).map(|replica| Cpus::from_iter(share(replica))).collect();
        Self { shares, wanted: replicas * threads }
    }

    /// The CPUs of a replica, by its index.
    #[must_use]
    pub fn get(&self, replica: usize) -> Option<&Cpus> {
        self.shares.get(replica)
    }

    /// All CPUs that some replica has.
    #[must_use]
    pub fn united(&self) -> Cpus {
        self.shares.iter().flat_map(Cpus::iter).collect()
    }
}

impl FromIterator<usize> for Cpus {
    fn from_iter<I: IntoIterator<Item = usize>>(cpus: I) -> Self {
        Self::new(cpus.into_iter().collect::<BTreeSet<usize>>().into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `taskset` lists them, of a machine that keeps CPUs 8 to 15 for replicas.
    fn shares(replicas: u32, threads: u32) -> (Vec<String>, bool) {
        let shares = Shares::of(&"8-15".parse().unwrap(), replicas, threads);
        (shares.shares.iter().map(Cpus::to_string).collect(), shares.united().count() < shares.wanted)
    }

    #[test]
    fn each_replica_has_as_many_cpus_as_threads_and_others_than_the_rest() {
        assert_eq!(shares(1, 1), (vec!["8".to_owned()], false));
        assert_eq!(shares(2, 3), (vec!["8-10".to_owned(), "11-13".to_owned()], false));
        assert_eq!(shares(1, 8), (vec!["8-15".to_owned()], false));
        let (single, short) = shares(8, 1);
        assert_eq!((single.join(" "), short), ("8 9 10 11 12 13 14 15".to_owned(), false));
    }

    #[test]
    fn where_there_are_too_few_they_are_shared_evenly_and_that_is_said() {
        let (pairs, short) = shares(3, 3);
        assert_eq!((pairs.join(" "), short), ("8-10 11-13 8,14-15".to_owned(), true));
        let (single, short) = shares(10, 1);
        assert_eq!((single.join(" "), short), ("8 9 10 11 12 13 14 15 8 9".to_owned(), true));
        assert_eq!(shares(1, 9), (vec!["8-15".to_owned()], true));
        assert_eq!(shares(2, 16), (vec!["8-15".to_owned(), "8-15".to_owned()], true));
    }

    #[test]
    fn cpus_that_nobody_has_are_in_no_union() {
        let of = |replicas, threads| Shares::of(&"0,2,4-5".parse().unwrap(), replicas, threads).united().to_string();
        assert_eq!((of(1, 1), of(3, 1), of(2, 2)), ("0".to_owned(), "0,2,4".to_owned(), "0,2,4-5".to_owned()));
    }
}
