//! The keys that say whether two of them are equal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::shape::Case;
use super::table::{OPTIONS, named};

/// A text that is equal for equal cases, and only for those: every field of the case, library and version included.
#[must_use]
pub fn case_key(case: &Case) -> String {
    let key = [&case.library, &case.library_version, &workload_key(case)];
    if case.twin { json!([key[0], key[1], key[2], "twin"]).to_string() } else { json!(key).to_string() }
}

/// The options of the first databases, in their order: they stand in every key, said or not.
const FIRST: [&str; 16] = [
    "inject",
    "replicas",
    "runner",
    "target",
    "endpoint",
    "concurrency",
    "duration",
    "requests",
    "warmup",
    "drain",
    "pool_size",
    "keep_alive",
    "keep_alive_timeout",
    "use_dns_cache",
    "timeout",
    "threads",
];

/// Those that came next, in their order; `arrivals` stands with its rate. Whatever came after them is in the order of the table.
const NEXT: [&str; 4] = ["cpus", "memory", "rate", "arrivals"];

/// The same without library and version: what makes a library comparable to the baseline. Keys of databases from before there was an
/// option stay what they are: it is in a key only where a case has it, and another value than by default.
#[must_use]
pub fn workload_key(case: &Case) -> String {
    // An array and not an object: the order of its parts is ours, whatever serde_json is built with.
    let mut key = vec![json!(["test", case.test.name()]), json!(["params", params_json(case)])];
    let part = |name: &str| {
        let option = named(name)?;
        Some((option.sql?, option.of(case)?.json()))
    };
    for name in FIRST {
        let column = named(name).and_then(|option| option.sql);
        key.push(json!([column, part(name).map_or(Json::Null, |(_, value)| value)]));
    }
    key.extend(["cpus", "memory"].into_iter().filter_map(part).map(|(column, value)| json!([column, value])));
    key.extend(part("rate").map(|(column, value)| json!([column, value, part("arrivals").map(|(_, value)| value)])));
    for option in OPTIONS.iter().filter(|option| !FIRST.contains(&option.name) && !NEXT.contains(&option.name)) {
        let said = option.of(case).filter(|value| option.default_value().as_ref() != Some(value));
        key.extend(option.sql.zip(said).map(|(column, value)| json!([column, value.json()])));
    }
    json!(key).to_string()
}

/// SQLite's integers are signed. No counter of ours comes near the bound; one that did would stand at it.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Parameters as a JSON object of texts, in alphabetical order.
pub(crate) fn params_json(case: &Case) -> String {
    let params: BTreeMap<&str, &str> = case.params.iter().collect();
    json!(params).to_string()
}
