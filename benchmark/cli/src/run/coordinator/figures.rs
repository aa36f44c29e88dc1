//! Figures that a replica may give. Whatever is beyond these bounds is no measurement, and would not survive being added up.

use benchmark_protocol::message::ReplicaResult;
use serde::Serialize;
use serde_json::Value;

/// The largest counter: sums over the replicas of a run stay far from the end of the numbers.
const MOST: u64 = 1 << 48;

/// The largest instant or length in nanoseconds: some 36 years.
pub(in crate::run) const MOST_NS: u64 = 1 << 60;

/// Looks at every figure of a message; the first that cannot be.
pub(super) fn check(message: &impl Serialize) -> Result<(), String> {
    let value = serde_json::to_value(message).map_err(|error| error.to_string())?;
    check_value("", &value)
}

/// The same of a result, which says of each operation once.
pub(super) fn check_result(result: &ReplicaResult) -> Result<(), String> {
    check(result)?;
    let mut operations = result.operations.iter().map(|said| said.operation).enumerate();
    let twice = operations
        .find(|(place, operation)| result.operations[..*place].iter().any(|before| before.operation == *operation));
    twice.map_or(Ok(()), |(_, operation)| Err(format!("its result says of the operation `{operation}` twice")))
}

fn check_value(name: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| check_value(name, value)),
        Value::Array(values) => values.iter().try_for_each(|value| check_value(name, value)),
        Value::Number(number) => {
            let most = if name.ends_with("_ns") { MOST_NS } else { MOST };
            let good = number.as_u64().is_some_and(|number| number <= most);
            if good { Ok(()) } else { Err(format!("its `{name}` is {number}, and {most} is the most that can be")) }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_added_up_is_named() {
        let seen = |value: Value| check(&value);
        assert_eq!(seen(json!({"window": {"attempts": 1_u64 << 48}, "at_ns": 1_u64 << 60, "kind": "reset"})), Ok(()));
        for (figure, name) in [
            (json!({"window": {"failures": {"reset": (1_u64 << 48) + 1}}}), "its `reset` is 281474976710657,"),
            (json!({"resources": [{"at_ns": u64::MAX}]}), "its `at_ns` is 18446744073709551615,"),
            (json!({"elapsed_ns": -1}), "its `elapsed_ns` is -1,"),
            (json!({"successes": 0.5}), "its `successes` is 0.5,"),
        ] {
            assert!(seen(figure).unwrap_err().starts_with(name));
        }
    }
    #[test]
    fn a_result_says_of_an_operation_once() {
        let said = json!({"operation": "put", "counts": {"attempts": 1, "successes": 1, "success_bytes": 0},
            "latency": "", "failure_latency": ""});
        let counters = json!({"attempts": 1, "successes": 1, "success_bytes": 0});
        let resources = json!({"at_ns": 1, "cpu_user_us": 1, "cpu_system_us": 1, "rss_bytes": 1, "peak_rss_bytes": 1,
            "voluntary_switches": 1, "involuntary_switches": 1});
        let edges =
            json!({"ready": resources, "window_start": resources, "window_end": resources, "drained": resources});
        let result = |operations: Value| -> ReplicaResult {
            let result = json!({"library_version": "1", "threads": 1, "first_request_ns": 1, "window_start_ns": 1,
                "window_end_ns": 2, "verify": counters, "warm_up": counters, "window": counters, "latency": "",
                "failure_latency": "", "resources": edges, "operations": operations});
            serde_json::from_value(result).unwrap()
        };
        assert_eq!(check_result(&result(json!([said]))), Ok(()));
        let error = check_result(&result(json!([said, said]))).unwrap_err();
        assert_eq!(error, "its result says of the operation `put` twice");
    }
}
