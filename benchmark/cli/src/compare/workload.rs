//! The options of a case, as its key in the database has them: what two cases must have in common, and where they do not.

use std::collections::BTreeMap;

use serde_json::Value;

/// Every option that shapes the load, by name, in the words of the command line where the key says it in others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload(BTreeMap<String, String>);

impl Workload {
    /// Of a [`crate::case::workload_key`]: an array of `[name, value, ...]`, in which `params` is an object in text. Options that an
    /// older key lacks are not there.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        let parts: Vec<Vec<Value>> = serde_json::from_str(key).unwrap_or_default();
        let mut options = BTreeMap::new();
        for part in parts {
            let [Value::String(name), values @ ..] = part.as_slice() else { continue };
            if let ("params", [Value::String(params)]) = (name.as_str(), values) {
                let params: BTreeMap<String, Value> = serde_json::from_str(params).unwrap_or_default();
                options.extend(params.into_iter().map(|(name, value)| (name, text(&value))));
                continue;
            }
            let values = values.iter().filter(|value| !value.is_null() && *value != "");
            let (name, unit) = name.strip_suffix("_us").map_or((name.as_str(), 1.0), |name| (name, 1e6));
            let texts: Vec<String> = values
                .map(|value| match value.as_f64() {
                    Some(microseconds) if unit > 1.0 => format!("{}s", microseconds / unit),
                    _ => text(value),
                })
                .collect();
            if !texts.is_empty() {
                options.insert(name.to_owned(), texts.join(" "));
            }
        }
        Self(options)
    }

    /// Each option in which the two differ: its name and both values, a dash where one lacks it.
    #[must_use]
    pub fn differences<'w>(&'w self, other: &'w Self) -> Vec<(&'w str, &'w str, &'w str)> {
        let names = self.0.keys().chain(other.0.keys().filter(|name| !self.0.contains_key(*name)));
        let value = |of: &'w Self, name: &String| of.0.get(name).map_or("-", String::as_str);
        names.map(|name| (name.as_str(), value(self, name), value(other, name))).filter(|(_, a, b)| a != b).collect()
    }

    /// What tells it from the others: `concurrency 64, rate 500/s`; empty where nothing does.
    #[must_use]
    pub fn told_from(&self, others: &[&Self]) -> String {
        let mut names: Vec<&str> =
            others.iter().flat_map(|other| self.differences(other)).map(|(name, ..)| name).collect();
        names.sort_unstable();
        names.dedup();
        let value = |name: &str| self.0.get(name).map_or("-", String::as_str);
        names.iter().map(|name| format!("{name} {}", value(name))).collect::<Vec<_>>().join(", ")
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(concurrency: u32, params: &str, rest: &str) -> Workload {
        let params = Value::from(params);
        Workload::of_key(&format!(
            r#"[["test","fetch_range"],["params",{params}],["concurrency",{concurrency}],["duration_us",2500000],["target",null]{rest}]"#
        ))
    }

    #[test]
    fn differences_are_named_with_both_values() {
        let a = workload(32, r#"{"objects":"8","request_size":"16KiB"}"#, "");
        let b = workload(64, r#"{"objects":"8","request_size":"1MiB"}"#, r#",["rate","500/s","poisson"]"#);
        assert_eq!(
            a.differences(&b),
            [("concurrency", "32", "64"), ("request_size", "16KiB", "1MiB"), ("rate", "-", "500/s poisson")]
        );
        assert_eq!(a.differences(&a), []);
        assert_eq!(a.0["duration"], "2.5s");
        assert!(!a.0.contains_key("target"));
    }

    #[test]
    fn a_workload_is_told_from_others_by_what_differs_alone() {
        let all = [workload(32, "{}", ""), workload(64, "{}", ""), workload(64, "{}", r#",["cpu_limit",1.5]"#)];
        let others: Vec<&Workload> = all.iter().collect();
        assert_eq!(all[0].told_from(&others), "concurrency 32, cpu_limit -");
        assert_eq!(all[2].told_from(&others), "concurrency 64, cpu_limit 1.5");
        assert_eq!(all[0].told_from(&others[..1]), "");
    }
}
