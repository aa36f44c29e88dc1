//! What speaks against a comparison: with `--force` a warning, else the end of it.

use std::collections::BTreeSet;

use super::chosen::{Chosen, values};
use super::contender::Contender;
use crate::case::{OPTIONS, named};
use crate::machine::Host;

/// Facts in which the machines differ: `hosts differ: kernel 6.1 in A, 6.8 in B`.
pub(super) fn hosts(a: &Host, b: &Host) -> Option<String> {
    let differences = a.differences(b).into_iter();
    let differing: Vec<String> = differences.map(|(name, a, b)| format!("{name} `{a}` in A, `{b}` in B")).collect();
    (!differing.is_empty()).then(|| format!("hosts differ: {}", differing.join("; ")))
}

/// Options in which the two cases differ, but for those that the sides name.
pub(super) fn parameters(a: &Contender, b: &Contender, but: &BTreeSet<String>) -> String {
    let differing: Vec<String> = a
        .workload
        .differences_but(&b.workload, but)
        .into_iter()
        .map(|(name, a, b)| format!("{name} `{a}` in A, `{b}` in B"))
        .collect();
    format!("parameters of {} differ: {}", a.title(), differing.join("; "))
}

/// In what the cases of the sides differ, where none of A belongs to one of B: `request_size `4KiB`, `16KiB` in A, `1MiB` in B`.
pub(super) fn unmatched(a: &[Contender], b: &[Contender], but: &BTreeSet<String>) -> Option<String> {
    let keys = OPTIONS.iter().map(|option| option.name);
    let keys = ["library", "test"].into_iter().chain(keys).map(str::to_owned);
    let parameters = a.iter().chain(b).flat_map(|case| case.workload.names()).filter(|name| named(name).is_none());
    let keys: BTreeSet<String> = keys.chain(parameters.map(str::to_owned)).filter(|key| !but.contains(key)).collect();
    let listed = |values: &[&str]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let differing = keys.iter().filter_map(|key| {
        let (of_a, of_b) = (values(a.iter(), key), values(b.iter(), key));
        let same = of_a.len() == of_b.len() && of_a.iter().all(|value| of_b.contains(value));
        (!same).then(|| format!("{key} {} in A, {} in B", listed(&of_a), listed(&of_b)))
    });
    let differing: Vec<String> = differing.collect();
    (!differing.is_empty()).then(|| differing.join("; "))
}

/// What makes a side name a case more than once beside its counterpart: cases of it that differ only in what the other side names.
pub(super) fn ambiguous(side: &Chosen, cases: &[Contender], but: &BTreeSet<String>) -> Option<String> {
    let equal = |a: &Contender, b: &Contender| {
        (but.contains("library") || a.library == b.library)
            && (but.contains("test") || a.test == b.test)
            && a.workload.differences_but(&b.workload, but).is_empty()
    };
    let twice = |case: &&Contender| cases.iter().filter(|other| equal(case, other)).count() > 1;
    let several: Vec<&Contender> = cases.iter().filter(twice).collect();
    let first = several.first()?;
    let several = || several.iter().copied().filter(|other| equal(first, other));
    let open: Vec<String> = but
        .iter()
        .filter(|key| !side.names().any(|named| named == *key))
        .map(|key| (key, values(several(), key)))
        .filter(|(_, values)| values.len() > 1)
        .map(|(key, values)| {
            format!("{key} {}", values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "))
        })
        .collect();
    Some(format!(
        "`{text}` names {} cases that differ in {}: name one of them, as `{text},KEY=VALUE`",
        several().count(),
        open.join("; "),
        text = side.text
    ))
}

/// Runs of a case that are no figures.
pub(super) fn invalid(side: &str, case: &Contender) -> Option<String> {
    let Contender { trials, .. } = case;
    (trials.invalid > 0)
        .then(|| format!("{} of {} runs of {} in {side} are invalid", trials.invalid, trials.runs, case.title()))
}
