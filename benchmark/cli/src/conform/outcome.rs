//! What came of one library against one server, in words that are the same for all libraries where they are judged alike.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use benchmark_protocol::counts::{FailureKind, Failures};
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Test;

use super::mode::Mode;
use crate::run::Reason;
use crate::store::{Selection, Store, StoredReplica, StoredRun};

/// What came of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict, and what the server saw beside it: `valid`, `verify: status`, `invalid: closed, +3 requests`.
    pub words: String,
    /// What was said of it, for people.
    pub texts: Vec<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// What the servers of a cell saw.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: u64,
    /// Requests where redirects led to.
    pub(super) elsewhere: u64,
    pub(super) at_proxy: u64,
    pub(super) ended_by_client: u64,
    pub(super) ended_by_server: u64,
}

/// How the harness ended.
pub(super) struct Ended {
    /// `None` of one that did not end by itself.
    pub(super) code: Option<i32>,
    pub(super) stderr: String,
}

impl Outcome {
    /// One that did not end in time.
    pub(super) fn hangs(seconds: u64) -> Self {
        Self { words: "hangs".to_owned(), texts: vec![format!("not ended after {seconds} s")] }
    }

    /// Reads what the harness stored of its one run.
    pub(super) async fn read(mode: &Mode, ended: &Ended, database: &Path, seen: Seen) -> Result<Self> {
        let mut outcome = match ended.code {
            Some(2) => Self { words: "refused".to_owned(), texts: last_line(&ended.stderr) },
            Some(0 | 3) => {
                let (run, replicas) = stored(database).await?;
                let mut outcome = judged(&run, &replicas);
                outcome.count(mode, run.summary.requests_issued, seen);
                outcome
            }
            Some(code) => Self { words: format!("exit code {code}"), texts: last_line(&ended.stderr) },
            None => Self { words: "killed".to_owned(), texts: last_line(&ended.stderr) },
        };
        if seen.at_proxy > 0 {
            outcome.add(&format!("{} at the proxy", requests(seen.at_proxy)));
        }
        Ok(outcome)
    }

    /// What the server saw that the replica does not tell.
    fn count(&mut self, mode: &Mode, issued: Option<u64>, seen: Seen) {
        let all = seen.requests + seen.elsewhere;
        // Of a first call that failed the replica says no more than that it was one, however many requests it had.
        let is_told = !self.words.starts_with("verify") || !has_several(mode.test);
        if let Some(issued) = issued
            && all > issued
            && is_told
        {
            self.add(&format!("+{}", requests(all - issued)));
        }
        if mode.watches_ends && seen.ended_by_client * 10 > seen.ended_by_server {
            self.add("connections ended by the client");
        }
    }

    fn add(&mut self, what: &str) {
        self.words = format!("{}, {what}", self.words);
    }
}

/// Whether a call of a test may be several requests.
fn has_several(test: &str) -> bool {
    // Of a listing each page is one.
    Test::named(test).is_some_and(|test| test.operations().len() > 1 || test.operations().contains(&Operation::List))
}

fn requests(number: u64) -> String {
    if number == 1 { "1 request".to_owned() } else { format!("{number} requests") }
}

async fn stored(database: &Path) -> Result<(StoredRun, Vec<StoredReplica>)> {
    let store = Store::open_existing(database).await?;
    let cases = store.read_cases(&store.finished_cases(&Selection::default()).await?).await?;
    let run = cases.into_iter().flat_map(|case| case.runs).next_back();
    let run = run.ok_or_else(|| anyhow::anyhow!("`{}` holds no finished run", database.display()))?;
    let replicas = store.read_replicas(&[run.key]).await?;
    Ok((run, replicas))
}

fn judged(run: &StoredRun, replicas: &[StoredReplica]) -> Outcome {
    let samples = replicas.iter().flat_map(|replica| &replica.failure_samples);
    let samples = samples.map(|sample| format!("{}: {}", sample.kind, sample.text));
    let texts = run.invalid_reasons.iter().map(ToString::to_string).chain(samples).collect();
    let mut unverified = Failures::default();
    let of_verify = replicas.iter().filter(|replica| replica.failure.is_some());
    of_verify.filter_map(|replica| replica.verify).for_each(|verify| unverified += verify.failures);
    let words = if run.invalid_reasons.is_empty() {
        "valid".to_owned()
    } else if unverified.total() > 0 {
        format!("verify: {}", kinds(&unverified).join(", "))
    } else if replicas.is_empty() {
        // Nothing was started: the target has nothing to ask for.
        "refused".to_owned()
    } else {
        format!("invalid: {}", named(&run.invalid_reasons).join(", "))
    };
    Outcome { words, texts }
}

/// The kinds of failures, and the names of other reasons.
fn named(reasons: &[Reason]) -> Vec<String> {
    let failed = reasons.iter().any(|reason| matches!(reason, Reason::Failures { .. }));
    let mut names: Vec<String> = Vec::new();
    for reason in reasons {
        match reason {
            Reason::Failures { failures, .. } => names.extend(kinds(failures)),
            // Said already by what failed.
            Reason::NoSuccess if failed => {}
            other => names.push(other.name().to_owned()),
        }
    }
    names.sort();
    names.dedup();
    names
}

fn kinds(failures: &Failures) -> Vec<String> {
    failures.occurred().map(|(kind, _): (FailureKind, u64)| kind.name().to_owned()).collect()
}

fn last_line(stderr: &str) -> Vec<String> {
    stderr.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned).into_iter().collect()
}
