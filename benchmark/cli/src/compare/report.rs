//! The comparison itself: from names to rows.

use anyhow::Result;

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
    /// Only this library (of two campaigns).
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

/// Compares two campaigns or two libraries.
///
/// # Errors
/// [`Usage`] where nothing can be compared, or nothing may be without `force`; or a database that cannot be read.
pub async fn compare(store: &Store, request: &Request) -> Result<Report> {
    let [a, b] = [side(store, request, 0).await?, side(store, request, 1).await?];
    let across = matches!(request.sides, Sides::Campaigns(_));
    let matched = matched(&a.cases, &b.cases, |a, b| a.test == b.test && (!across || a.library == b.library));
    if matched.equal.is_empty() && matched.changed.is_empty() {
        let titles = |side: &Side| match side.cases.as_slice() {
            [] => "no finished run".to_owned(),
            cases => cases.iter().map(Contender::title).collect::<Vec<_>>().join(", "),
        };
        return Err(Usage(format!("nothing to compare: A has {}, B has {}", titles(&a), titles(&b))).into());
    }
    let against = objections(&a, &b, &matched);
    if !against.is_empty() && !request.force {
        return Err(Usage(format!(
            "not comparable: {} (narrow it with --test or --library, or compare all the same with `--force`)",
            against.join("; ")
        ))
        .into());
    }
    let mut warnings = against;
    for (name, side) in [("A", &a), ("B", &b)] {
        if across || name == "A" {
            warnings.extend(noise(if across { name } else { "the campaign" }, &side.twins));
        }
    }
    let listed = |side: &Side, places: &[usize]| places.iter().map(|place| described(&side.cases, *place)).collect();
    Ok(Report {
        rows: rows(&a, &b, &matched, across, &request.metrics),
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
    let (campaign, library) = match &request.sides {
        Sides::Campaigns(ids) => (&ids[index], request.library.as_ref()),
        Sides::Libraries { campaign, names } => (campaign, Some(&names[index])),
    };
    let all = Selection { campaign_id: Some(campaign.clone()), ..Selection::default() };
    let (contenders, host) = read(store, &all).await?;
    // Narrowed only now: the A/A pair speaks for the whole campaign.
    let (mut cases, twins) = twins(contenders);
    cases.retain(|case| {
        library.is_none_or(|library| case.library == *library)
            && request.test.as_ref().is_none_or(|test| case.test == *test)
    });
    Ok(Side { cases, twins, host })
}

fn objections(a: &Side, b: &Side, matched: &Matched) -> Vec<String> {
    let hosts = a.host.as_ref().zip(b.host.as_ref()).and_then(|(a, b)| refusal::hosts(a, b));
    let parameters = matched.changed.iter().map(|(i, j)| refusal::parameters(&a.cases[*i], &b.cases[*j]));
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

fn rows(a: &Side, b: &Side, matched: &Matched, across: bool, metrics: &[Metric]) -> Vec<Row> {
    let mut pairs: Vec<&(usize, usize)> = matched.equal.iter().chain(&matched.changed).collect();
    pairs.sort();
    let row = |(i, j): &(usize, usize), metric: Metric| {
        let (own, other) = (&a.cases[*i], &b.cases[*j]);
        let compared = if across { unpaired } else { paired };
        Row {
            library: across.then(|| own.library.clone()),
            versions: [own.version.clone(), other.version.clone()],
            test: own.test.clone(),
            workload: own.workload.told_from(&workloads(&a.cases, own)),
            comparison: compared(metric, &own.trials, &other.trials),
        }
    };
    pairs.into_iter().flat_map(|pair| metrics.iter().map(move |metric| row(pair, *metric))).collect()
}

/// Every workload of a case's test on its side.
fn workloads<'c>(cases: &'c [Contender], of: &Contender) -> Vec<&'c Workload> {
    cases.iter().filter(|case| case.test == of.test).map(|case| &case.workload).collect()
}

fn described(cases: &[Contender], place: usize) -> String {
    let case = &cases[place];
    let workload = case.workload.told_from(&workloads(cases, case));
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
