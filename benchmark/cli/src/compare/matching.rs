//! Which case of A belongs to which case of B.

use super::contender::Contender;
use super::workload::Workload;

/// Cases that belong together, by their places in both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    /// The same workload on both sides.
    pub(super) equal: Vec<(usize, usize)>,
    /// The one case of a test on each side, whose options differ: comparable by force alone.
    pub(super) changed: Vec<(usize, usize)>,
    /// Cases of A and of B that have no counterpart.
    pub(super) alone: [Vec<usize>; 2],
}

/// Pairs equal workloads of the same subject: `subject` says what must be equal beside the workload (library and test of two
/// campaigns, the test of two libraries), and `same` which workloads are. Where a library has two versions on a side, equal versions
/// come first.
pub(super) fn matched(
    a: &[Contender],
    b: &[Contender],
    subject: impl Fn(&Contender, &Contender) -> bool,
    same: impl Fn(&Workload, &Workload) -> bool,
) -> Matched {
    let mut matched = Matched::default();
    let mut free: Vec<usize> = (0..b.len()).collect();
    let mut rest = Vec::new();
    for (i, own) in a.iter().enumerate() {
        let counterparts = free.iter().filter(|j| subject(own, &b[**j]) && same(&own.workload, &b[**j].workload));
        match counterparts.min_by_key(|j| b[**j].version != own.version).copied() {
            Some(j) => {
                free.retain(|other| *other != j);
                matched.equal.push((i, j));
            }
            None => rest.push(i),
        }
    }
    for i in rest {
        let is_matched = matched.equal.iter().any(|(other, _)| subject(&a[*other], &a[i]));
        let own = (0..a.len()).filter(|other| subject(&a[*other], &a[i])).count();
        let theirs: Vec<usize> = free.iter().filter(|j| subject(&a[i], &b[**j])).copied().collect();
        match theirs.as_slice() {
            [j] if own == 1 && !is_matched => {
                matched.changed.push((i, *j));
                free.retain(|other| other != j);
            }
            _ => matched.alone[0].push(i),
        }
    }
    matched.alone[1] = free;
    matched
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::parameter::Values;
    use benchmark_protocol::tests::Test;

    use super::*;
    use crate::case::Case;
    use crate::stats::comparison::Trials;

    fn case(library: &str, version: &str, concurrency: u32) -> Contender {
        let mut case = Case::new(library, version, Test::named("fetch_range").unwrap(), Values::default());
        case.load.concurrency = concurrency;
        Contender {
            library: library.to_owned(),
            version: version.to_owned(),
            test: "fetch_range".to_owned(),
            workload: Workload::of_case(&case),
            twin: false,
            trials: Trials::default(),
        }
    }

    fn same_library(a: &Contender, b: &Contender) -> bool {
        (&a.library, &a.test) == (&b.library, &b.test)
    }

    #[test]
    fn equal_workloads_belong_together_and_others_are_listed() {
        let a = [case("reqwest", "1", 32), case("reqwest", "1", 64), case("ureq", "3", 32), case("hyper", "1", 32)];
        let b =
            [case("reqwest", "2", 64), case("reqwest", "2", 128), case("hyper", "1", 16), case("baseline", "1", 32)];
        let matched = matched(&a, &b, same_library, Workload::eq);
        assert_eq!(matched.equal, [(1, 0)]);
        assert_eq!(matched.changed, [(3, 2)], "hyper's only case has another concurrency");
        assert_eq!(matched.alone, [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn equal_versions_come_first() {
        let a = [case("reqwest", "2", 32)];
        let b = [case("reqwest", "1", 32), case("reqwest", "2", 32)];
        assert_eq!(matched(&a, &b, same_library, Workload::eq).equal, [(0, 1)]);
    }
}
