//! The keys that say whether two of them are equal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::shape::{Amount, Case};

/// A text that is equal for equal cases, and only for those: every field of the case, library and version included.
#[must_use]
pub fn case_key(case: &Case) -> String {
    let key = [&case.library, &case.library_version, &workload_key(case)];
    if case.twin { json!([key[0], key[1], key[2], "twin"]).to_string() } else { json!(key).to_string() }
}

/// The same without library and version: what makes a library comparable to the baseline.
#[must_use]
pub fn workload_key(case: &Case) -> String {
    let load = &case.load;
    let (duration, requests) = amount(load.amount);
    // An array and not an object: the order of its parts is ours, whatever serde_json is built with.
    let mut key = json!([
        ["test", case.test.name()],
        ["params", params_json(case)],
        ["inject", inject_text(case)],
        ["replicas", case.replicas],
        ["runner", case.runner.name()],
        ["target", case.target],
        ["endpoint", case.endpoint],
        ["concurrency", load.concurrency],
        ["duration_us", duration],
        ["requests", requests],
        ["warm_up_us", microseconds(load.warm_up)],
        ["drain_us", microseconds(load.drain)],
        ["pool_size", load.pool_size],
        ["keep_alive", load.keep_alive],
        ["keep_alive_timeout_us", microseconds(load.keep_alive_timeout)],
        ["use_dns_cache", load.use_dns_cache],
        ["timeout_us", microseconds(load.timeout)],
        ["threads", load.threads],
    ]);
    // Only where there are any: keys of databases from before there were such options stay what they are.
    if let Some(parts) = key.as_array_mut() {
        parts.extend(case.cpu_limit.map(|cpus| json!(["cpu_limit", cpus])));
        parts.extend(case.memory_limit.map(|bytes| json!(["memory_limit_bytes", bytes])));
        parts.extend(load.rate.map(|rate| json!(["rate", rate.to_string(), load.arrivals.name()])));
    }
    key.to_string()
}

/// SQLite's integers are signed. No counter of ours comes near the bound; one that did would stand at it.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn amount(amount: Amount) -> (Option<i64>, Option<i64>) {
    match amount {
        Amount::Duration(duration) => (Some(microseconds(duration)), None),
        Amount::Requests(requests) => (None, Some(integer(requests))),
    }
}

/// Parameters as a JSON object of texts, in alphabetical order.
pub(crate) fn params_json(case: &Case) -> String {
    let params: BTreeMap<&str, &str> = case.params.iter().collect();
    json!(params).to_string()
}

pub(crate) fn inject_text(case: &Case) -> String {
    let specs: Vec<String> = case.inject.iter().map(ToString::to_string).collect();
    specs.join("; ")
}
