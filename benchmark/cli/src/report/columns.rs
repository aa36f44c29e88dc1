//! What makes up a case, column by column, for whoever shows in what cases differ.

use benchmark_protocol::tests::Test;
use benchmark_protocol::units::{format_duration, format_size};

use crate::case::{Amount, Case};

/// A column of the matrix: absent where a case has no such thing.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) value: Box<Value>,
}

pub(super) type Value = dyn Fn(&Case) -> Option<String>;

fn column(name: &'static str, value: impl Fn(&Case) -> Option<String> + 'static) -> Column {
    Column { name, value: Box::new(value) }
}

/// Everything that a case is, each column once.
pub(super) fn columns() -> Vec<Column> {
    let mut columns = vec![
        column("library", |case| Some(case.library.clone())),
        column("test", |case| Some(case.test.name().to_owned())),
    ];
    for parameter in Test::all().flat_map(Test::parameters) {
        columns.push(column(parameter.name, |case| {
            case.params.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.to_owned())
        }));
    }
    columns.extend([
        column("runner", |case| Some(case.runner.to_string())),
        column("replicas", |case| Some(case.replicas.to_string())),
        column("concurrency", |case| Some(case.load.concurrency.to_string())),
        column("rate", |case| Some(case.load.rate.map_or_else(|| "closed loop".to_owned(), |rate| rate.to_string()))),
        column("arrivals", |case| case.load.rate.map(|_| case.load.arrivals.name().to_owned())),
        column("inject", |case| {
            let specs: Vec<String> = case.inject.iter().map(ToString::to_string).collect();
            Some(if specs.is_empty() { "nothing".to_owned() } else { specs.join(" ") })
        }),
        column("window", |case| {
            Some(match case.load.amount {
                Amount::Duration(window) => format_duration(window),
                Amount::Requests(requests) => counted_noun(requests as usize, "request"),
            })
        }),
        column("warmup", |case| Some(format_duration(case.load.warm_up))),
        column("drain", |case| Some(format_duration(case.load.drain))),
        column("timeout", |case| Some(format_duration(case.load.timeout))),
        column("pool_size", |case| {
            let load = &case.load;
            let same = load.pool_size == load.concurrency;
            Some(if same { "as concurrency".to_owned() } else { load.pool_size.to_string() })
        }),
        column("keep_alive", |case| Some(case.load.keep_alive.to_string())),
        column("keep_alive_timeout", |case| Some(format_duration(case.load.keep_alive_timeout))),
        column("use_dns_cache", |case| Some(case.load.use_dns_cache.to_string())),
        column("threads", |case| Some(case.load.threads.to_string())),
        column("target", |case| Some(case.target.clone().unwrap_or_else(|| "origin".to_owned()))),
        column("endpoint", |case| case.endpoint.clone()),
        column("cpus", |case| Some(case.cpu_limit.map_or_else(|| "no limit".to_owned(), |cpus| cpus.to_string()))),
        column("memory", |case| Some(case.memory_limit.map_or_else(|| "no limit".to_owned(), format_size))),
    ]);
    columns
}

/// Whether cases differ in a column; one that some do not have at all does not make them differ.
pub(super) fn varies(values: &[Option<String>]) -> bool {
    let mut said = values.iter().flatten();
    let first = said.next();
    said.any(|value| Some(value) != first)
}

/// `1 case`, `2 cases`.
pub(super) fn counted_noun(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
