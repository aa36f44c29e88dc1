//! What the replicas say held against what the origin saw: requests, good answers and bytes.

use benchmark_protocol::counts::Counts;
use benchmark_protocol::operation::{ByOperation, Operation};
use benchmark_protocol::origin::Audit;

use super::reason::Reason;
use super::record::Run;

/// issued - failures that never left <= requests at the origin <= issued, and equal where nothing was cut off; of no operation
/// more than was issued. No more successes than good answers, and no more bytes than were sent or taken.
pub(super) fn differences(run: &Run) -> Vec<Reason> {
    let Some(audit) = &run.audit else { return Vec::new() };
    let mut reasons = Vec::new();
    let by_operation = issued(run);
    let (issued, never_left, requests) = (by_operation.total(), never_left(run), audit.requests);
    if requests > issued || requests + never_left + cut_off(run) + undone(&by_operation, audit) < issued {
        reasons.push(Reason::AuditRequests { issued, never_left, requests });
    }
    let surplus = audit.operations.occurred().filter(|(operation, requests)| *requests > by_operation[*operation]);
    reasons.extend(surplus.map(|(operation, requests)| Reason::AuditOperation {
        operation: operation.name().to_owned(),
        issued: by_operation[operation],
        requests,
    }));
    reasons.extend(answered(run, audit));
    let (received, sent) = (sum(run, |counts| counts.success_bytes), audit.intact_bytes);
    if received > sent {
        reasons.push(Reason::AuditBytes { received, sent });
    }
    let (sent, taken) = (sum(run, |counts| counts.sent_bytes), audit.taken_bytes);
    if sent > taken {
        reasons.push(Reason::AuditSent { sent, taken });
    }
    if audit.out_of_contract > 0 {
        reasons.push(Reason::AuditContract { requests: audit.out_of_contract });
    }
    reasons
}

/// Successes that nobody answered. Each success of a call is one good answer at least: of its operation, where the test has one; of some
/// operation, where it has several, and then those of the window are known by request.
fn answered(run: &Run, audit: &Audit) -> Vec<Reason> {
    let results = run.replicas.iter().filter_map(|replica| replica.result.as_ref());
    let mut succeeded = ByOperation::default();
    // Successes of calls, of which only that they were some operation's is known.
    let mut calls = 0;
    for result in results {
        let outside = result.verify.successes + result.warm_up.successes;
        match run.case.test.operations() {
            [only] => succeeded[*only] += outside + result.window.successes,
            _ if result.operations.is_empty() => calls += outside + result.window.successes,
            _ => {
                calls += outside;
                result.operations.iter().for_each(|said| succeeded[said.operation] += said.counts.successes);
            }
        }
    }
    let more = succeeded.occurred().filter(|(operation, succeeded)| *succeeded > audit.answered[*operation]);
    let mut reasons: Vec<Reason> = more
        .map(|(operation, succeeded)| Reason::AuditAnswered {
            operation: Some(operation.name().to_owned()),
            succeeded,
            answered: audit.answered[operation],
        })
        .collect();
    let (succeeded, answered) = (succeeded.total() + calls, audit.answered.total());
    if reasons.is_empty() && succeeded > answered {
        reasons.push(Reason::AuditAnswered { operation: None, succeeded, answered });
    }
    reasons
}

/// Requests that went to the library, of all replicas and phases.
fn issued(run: &Run) -> ByOperation {
    let results = run.replicas.iter().filter_map(|replica| replica.result.as_ref());
    results.fold(ByOperation::default(), |mut sum, result| {
        sum += result.requests_issued;
        sum
    })
}

/// Requests that went to the library and failed before they reached the target. One that waited for a socket in vain never did.
fn never_left(run: &Run) -> u64 {
    use benchmark_protocol::counts::FailureKind::PoolWait;
    phases(run).map(|counts| counts.failures.never_left() - counts.failures.of(PoolWait)).sum()
}

/// Requests that may or may not have reached the origin: censored, or given up at their timeout.
fn cut_off(run: &Run) -> u64 {
    use benchmark_protocol::counts::FailureKind::Timeout;
    phases(run).map(|counts| counts.censored + counts.failures.of(Timeout)).sum()
}

/// Uploads that were to be given up, and the origin was not told so: what became of undoing is in nobody's counts.
fn undone(issued: &ByOperation, audit: &Audit) -> u64 {
    issued[Operation::AbortUpload].saturating_sub(audit.operations[Operation::AbortUpload])
}

fn sum(run: &Run, number: impl Fn(&Counts) -> u64) -> u64 {
    phases(run).map(|counts| number(&counts)).sum()
}

fn phases(run: &Run) -> impl Iterator<Item = Counts> {
    let results = run.replicas.iter().filter_map(|replica| replica.result.as_ref());
    results.flat_map(|result| [result.verify, result.warm_up, result.window])
}
