//! What speaks against a comparison: with `--force` a warning, else the end of it.

use super::contender::Contender;
use crate::machine::Host;

/// Facts in which the machines differ: `hosts differ: kernel 6.1 in A, 6.8 in B`.
pub(super) fn hosts(a: &Host, b: &Host) -> Option<String> {
    let differences = a.differences(b).into_iter();
    let differing: Vec<String> = differences.map(|(name, a, b)| format!("{name} `{a}` in A, `{b}` in B")).collect();
    (!differing.is_empty()).then(|| format!("hosts differ: {}", differing.join("; ")))
}

/// Options in which the two cases differ.
pub(super) fn parameters(a: &Contender, b: &Contender) -> String {
    let differing: Vec<String> = a
        .workload
        .differences(&b.workload)
        .into_iter()
        .map(|(name, a, b)| format!("{name} `{a}` in A, `{b}` in B"))
        .collect();
    format!("parameters of {} differ: {}", a.title(), differing.join("; "))
}

/// Runs of a case that are no figures.
pub(super) fn invalid(side: &str, case: &Contender) -> Option<String> {
    let Contender { trials, .. } = case;
    (trials.invalid > 0)
        .then(|| format!("{} of {} runs of {} in {side} are invalid", trials.invalid, trials.runs, case.title()))
}
