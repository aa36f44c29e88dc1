//! `get-results` from stored runs to bytes.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a test that fails")]

mod docs;
mod filters;
mod golden;
mod operations;
mod output;
mod pooled;
mod snapshots;
mod summary;

use std::collections::BTreeMap;

use benchmark::results::{Cell, Filter, columns, rows};
use benchmark::store::Store;

/// Every row as column name and value.
async fn read(store: &Store, filter: &Filter, per_replica: bool) -> Vec<BTreeMap<&'static str, Cell>> {
    let mut rows = rows(store, filter, per_replica).await.unwrap();
    let mut read = Vec::new();
    while let Some(row) = rows.next().await.unwrap() {
        read.push(columns(per_replica).map(|column| (column.name, column.cell(&row))).collect());
    }
    read
}

/// Takes the columns named in `expected` out of `row` and compares each: exactly, but for what went through an HDR
/// histogram of 3 digits (0.1 %) and for the last bits of a quotient (1e-12).
fn take(row: &mut BTreeMap<&'static str, Cell>, expected: &[(&'static str, Cell)]) {
    for (name, expected) in expected {
        let actual = row.remove(name).unwrap_or_else(|| panic!("no column `{name}`, or it was expected twice"));
        let tolerance = if name.ends_with("_ms") { 1e-3 } else { 1e-12 };
        let equal = match (&actual, expected) {
            (Cell::Real(actual), Cell::Real(expected)) => (actual - expected).abs() <= tolerance * expected.abs(),
            (actual, expected) => actual == expected,
        };
        assert!(equal, "{name}: {actual:?} is not {expected:?}");
    }
}

fn real(value: f64) -> Cell {
    Cell::Real(value)
}

fn whole(value: u64) -> Cell {
    Cell::Integer(value)
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}
