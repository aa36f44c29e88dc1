//! What a case is called among others: its library and test, and whatever else tells it from them.

use super::columns::{Column, columns, varies};
use crate::case::Case;

/// The columns in which some cases differ, besides library, test and rate: those every name has.
#[derive(Default)]
pub(super) struct Naming(Vec<Column>);

impl Naming {
    pub(super) fn among<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let cases: Vec<&Case> = cases.into_iter().collect();
        let differing = |column: &Column| {
            let values: Vec<_> = cases.iter().map(|case| (column.value)(case)).collect();
            !["library", "test", "rate"].contains(&column.name) && varies(&values)
        };
        Self(columns().into_iter().filter(differing).collect())
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.0.iter().map(|column| column.name)
    }

    /// What a case has in them; a dash where it has no such thing.
    pub(super) fn values(&self, case: &Case) -> impl Iterator<Item = String> {
        self.0.iter().map(|column| (column.value)(case).unwrap_or_else(|| "-".to_owned()))
    }

    /// `reqwest fetch_range at 50%, concurrency 8`.
    pub(super) fn title(&self, case: &Case) -> String {
        let differing = self.0.iter().filter_map(|column| Some(format!(", {} {}", column.name, (column.value)(case)?)));
        format!("{} {}{}", super::library(case), super::workload(case), differing.collect::<String>())
    }
}
