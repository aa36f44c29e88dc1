//! The comparison itself: from names to rows.

use std::collections::BTreeSet;

use anyhow::Result;

use super::chosen::Chosen;
use super::contender::{Contender, Pair, read, twins};
use super::matching::{Matched, matched};
use super::refusal;
use super::sides::Sides;
use super::workload::Workload;
use crate::exit::Usage;
use crate::machine::Host;
use crate::stats::comparison::{Comparison, Metric, Verdict, paired, unpaired};
use crate::store::{Selection, Store};

/// What to compare, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The two sides.
    pub sides: Sides,
    /// By which metrics.
    pub metrics: Vec<Metric>,
    /// Only this test.
    pub test: Option<String>,
    /// Only this library, where the sides are none.
    pub library: Option<String>,
    /// Compare what is refused otherwise, with a warning.
    pub force: bool,
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What A and B are.
    pub sides: Sides,
    /// A row for each pair of cases and each metric.
    pub rows: Vec<Row>,
    /// Cases of A and of B that have no counterpart.
    pub alone: [Vec<String>; 2],
    /// What a reader must know of the result.
    pub warnings: Vec<String>,
}

/// One pair of cases by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The library of the pair, where it is one.
    pub library: Option<String>,
    /// The versions, A's and B's.
    pub versions: [String; 2],
    /// The test.
    pub test: String,
    /// What tells the workload from the others of that test; empty where there is one.
    pub workload: String,
    /// B relative to A.
    pub comparison: Comparison,
}

impl Report {
    /// How many rows have this verdict, undecided for whatever reason.
    #[must_use]
    pub fn count(&self, verdict: &str) -> usize {
        self.rows.iter().filter(|row| row.comparison.verdict.name() == verdict).count()
    }

    /// Whether something is decidedly slower.
    #[must_use]
    pub fn is_slower(&self) -> bool {
        self.rows.iter().any(|row| row.comparison.verdict == Verdict::Slower)
    }
}

/// Compares two campaigns, or cases of one.
///
/// # Errors
/// [`Usage`] where nothing can be compared, or nothing may be without `force`; or a database that cannot be read.
pub async fn compare(store: &Store, request: &Request) -> Result<Report> {
    let [a, b] = [side(store, request, 0).await?, side(store, request, 1).await?];
    let across = matches!(request.sides, Sides::Campaigns(_));
    let but = request.sides.named();
    let subject = |a: &Contender, b: &Contender| {
        (but.contains("test") || a.test == b.test) && (but.contains("library") || a.library == b.library)
    };
    let same = |a: &Workload, b: &Workload| a.differences_but(b, &but).is_empty();
    check_chosen(&request.sides, [&a, &b], &but)?;
    let matched = matched(&a.cases, &b.cases, subject, same);
    if matched.equal.is_empty() && matched.changed.is_empty() {
        let titles = |side: &Side| match side.cases.as_slice() {
            [] => "no finished run".to_owned(),
            cases => titles(cases).join(", "),
        };
        let differing =
            refusal::unmatched(&a.cases, &b.cases, &but).filter(|_| !a.cases.is_empty() && !b.cases.is_empty());
        let differing = differing.map(|differing| {
            format!(" (they differ in {differing}; name it in A and B as `KEY=VALUE`, or narrow them with --test or --library)")
        });
        let (a, b, differing) = (titles(&a), titles(&b), differing.unwrap_or_default());
        return Err(Usage(format!("nothing to compare: A has {a}, B has {b}{differing}")).into());
    }
    let against = objections(&a, &b, &matched, &but);
    if !against.is_empty() && !request.force {
        return Err(Usage(format!(
            "not comparable: {} (narrow it with --test or --library, {}or compare all the same with `--force`)",
            against.join("; "),
            if across || matched.changed.is_empty() { "" } else { "name it in A and B as `KEY=VALUE`, " }
        ))
        .into());
    }
    let mut warnings = against;
    for (name, side) in [("A", &a), ("B", &b)] {
        if across || name == "A" {
            warnings.extend(noise(if across { name } else { "the campaign" }, &side.twins));
        }
    }
    let listed =
        |side: &Side, places: &[usize]| places.iter().map(|place| described(&side.cases, *place, &but)).collect();
    Ok(Report {
        rows: rows([&a, &b], &matched, across, &but, &request.metrics),
        alone: [listed(&a, &matched.alone[0]), listed(&b, &matched.alone[1])],
        warnings,
        sides: request.sides.clone(),
    })
}

struct Side {
    cases: Vec<Contender>,
    twins: Vec<Pair>,
    host: Option<Host>,
}

async fn side(store: &Store, request: &Request, index: usize) -> Result<Side> {
    let (campaign, chosen) = match &request.sides {
        Sides::Campaigns(ids) => (&ids[index], None),
        Sides::Within { campaign, sides } => (campaign, Some(&sides[index])),
    };
    let all = Selection { campaign_id: Some(campaign.clone()), ..Selection::default() };
    let (contenders, host) = read(store, &all).await?;
    // Narrowed only now: the A/A pair speaks for the whole campaign.
    let (mut cases, twins) = twins(contenders);
    cases.retain(|case| {
        request.library.as_ref().is_none_or(|library| case.library == *library)
            && request.test.as_ref().is_none_or(|test| case.test == *test)
    });
    if let Some(chosen) = chosen {
        if let Some((key, known)) = chosen.absent(&cases).filter(|_| !cases.is_empty()) {
            let (text, known) = (&chosen.text, known.join("`, `"));
            return Err(
                Usage(format!("`{text}` names no case of campaign `{campaign}`: its {key} is `{known}`")).into()
            );
        }
        cases.retain(|case| chosen.has(case));
    }
    Ok(Side { cases, twins, host })
}

/// Whether each case of a side has one counterpart at most, and another one than itself.
fn check_chosen(sides: &Sides, cases: [&Side; 2], but: &BTreeSet<String>) -> Result<(), Usage> {
    let Sides::Within { sides: chosen, .. } = sides else { return Ok(()) };
    if chosen.iter().all(Chosen::is_library) {
        return Ok(());
    }
    for (chosen, side) in chosen.iter().zip(cases) {
        if let Some(problem) = refusal::ambiguous(chosen, &side.cases, but) {
            return Err(Usage(problem));
        }
    }
    let [a, b] = cases;
    match a.cases.iter().find(|case| b.cases.contains(case)) {
        None => Ok(()),
        Some(case) => {
            let title = case.title();
            Err(Usage(format!("A and B both have {title}: name in each what tells it from the other")))
        }
    }
}

fn titles(cases: &[Contender]) -> Vec<String> {
    let mut titles: Vec<String> = cases.iter().map(Contender::title).collect();
    titles.dedup();
    titles
}

fn objections(a: &Side, b: &Side, matched: &Matched, but: &BTreeSet<String>) -> Vec<String> {
    let hosts = a.host.as_ref().zip(b.host.as_ref()).and_then(|(a, b)| refusal::hosts(a, b));
    let parameters = matched.changed.iter().map(|(i, j)| refusal::parameters(&a.cases[*i], &b.cases[*j], but));
    let invalid = matched.equal.iter().chain(&matched.changed).flat_map(|(i, j)| {
        [refusal::invalid("A", &a.cases[*i]), refusal::invalid("B", &b.cases[*j])].into_iter().flatten()
    });
    hosts.into_iter().chain(parameters).chain(invalid).collect()
}

/// What is to be said of a campaign in which A differs from A.
fn noise(of: &str, pairs: &[Pair]) -> Vec<String> {
    let differing = pairs.iter().filter(|pair| pair.twins.differ());
    let sentence = |Pair { title, twins, .. }: &Pair| {
        format!(
            "{of} is noisy: {title} differs from itself (ok requests/s x {:.3}, CPU us/request x {:.3}): doubt its verdicts",
            twins.rate.value, twins.cpu.value
        )
    };
    differing.map(sentence).collect()
}

fn rows([a, b]: [&Side; 2], matched: &Matched, across: bool, but: &BTreeSet<String>, metrics: &[Metric]) -> Vec<Row> {
    let mut pairs: Vec<&(usize, usize)> = matched.equal.iter().chain(&matched.changed).collect();
    pairs.sort();
    let row = |(i, j): &(usize, usize), metric: Metric| {
        let (own, other) = (&a.cases[*i], &b.cases[*j]);
        let compared = if across { unpaired } else { paired };
        Row {
            library: (own.library == other.library).then(|| own.library.clone()),
            versions: [own.version.clone(), other.version.clone()],
            test: own.test.clone(),
            workload: own.workload.told_from_but(&workloads(&a.cases, own), but),
            comparison: compared(metric, &own.trials, &other.trials),
        }
    };
    pairs.into_iter().flat_map(|pair| metrics.iter().map(move |metric| row(pair, *metric))).collect()
}

/// Every workload of a case's test on its side.
fn workloads<'c>(cases: &'c [Contender], of: &Contender) -> Vec<&'c Workload> {
    cases.iter().filter(|case| case.test == of.test).map(|case| &case.workload).collect()
}

fn described(cases: &[Contender], place: usize, but: &BTreeSet<String>) -> String {
    let case = &cases[place];
    let workload = case.workload.told_from_but(&workloads(cases, case), but);
    if workload.is_empty() { case.title() } else { format!("{} ({workload})", case.title()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::comparison::{Interval, Twins};

    #[test]
    fn a_campaign_in_which_a_differs_from_a_is_called_noisy() {
        let pair = |cpu: f64| {
            let around = |value: f64| Interval { value, low: value / 1.005, high: value * 1.005 };
            let twins = Twins { rate: around(1.0), cpu: around(cpu) };
            vec![Pair { test: "fetch_range".to_owned(), title: "baseline fetch_range".to_owned(), twins }]
        };
        assert_eq!(
            noise("A", &pair(1.03)),
            [
                "A is noisy: baseline fetch_range differs from itself (ok requests/s x 1.000, CPU us/request x 1.030): doubt its \
              verdicts"
            ]
        );
        assert_eq!(noise("A", &pair(1.004)), [""; 0]);
    }
}
