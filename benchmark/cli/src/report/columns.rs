//! What makes up a case, column by column, for whoever shows in what cases differ.

use benchmark_protocol::tests::Test;

use crate::case::{Case, OPTIONS, Screen, named};

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
    // Tests share names: a column each.
    let mut known: Vec<&str> = Vec::new();
    for parameter in Test::all().flat_map(Test::parameters) {
        if known.contains(&parameter.name) {
            continue;
        }
        known.push(parameter.name);
        columns.push(column(parameter.name, |case| {
            case.params.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.to_owned())
        }));
    }
    let shown = OPTIONS.iter().filter(|option| !matches!(option.screen, Screen::Hidden));
    columns.extend(shown.map(|option| column(option.title(), |case| option.shown(&|name| named(name)?.of(case)))));
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
