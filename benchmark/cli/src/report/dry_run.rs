//! What a suite would do: what is the same for all cases, the axes with their values, every case, and how long it takes.

use std::fmt::Write;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::columns::{Column, columns, counted_noun, varies};
use crate::case::{Amount, Case};
use crate::plan::Plan;
use crate::suite::Planned;

/// The most values of an axis that its line names.
const MOST_NAMED: usize = 24;

/// The plan of a suite as text.
#[must_use]
pub fn dry_run(planned: &Planned) -> String {
    let (own, references) = planned.plan.cases.split_at(planned.own_cases);
    let columns: Vec<(Column, Vec<Option<String>>)> = columns()
        .into_iter()
        .map(|column| {
            let values = own.iter().map(|case| (column.value)(case)).collect();
            (column, values)
        })
        .collect();
    let (varying, constant): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .filter(|(_, values)| values.iter().any(Option::is_some))
        .partition(|(_, values)| varies(values));
    let mut text = opening(planned);
    text.push_str(&beside(references));
    let constant = constant
        .iter()
        .filter_map(|(column, values)| Some(format!("{} {}", column.name, values.iter().flatten().next()?)));
    let _ = writeln!(text, "the same for all: {}", constant.collect::<Vec<_>>().join(", "));
    for skipped in &planned.skipped {
        let noun = if skipped.cases == 1 { "case" } else { "cases" };
        let _ = writeln!(text, "left out: {} {noun}, as {}", skipped.cases, skipped.reason);
    }
    if varying.is_empty() {
        return text;
    }
    let _ = writeln!(text);
    let width = varying.iter().map(|(column, _)| column.name.len()).max().unwrap_or_default();
    for (column, values) in &varying {
        let _ = writeln!(text, "{:width$}  {}", column.name, counted(values));
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    table.set_header(varying.iter().map(|(column, _)| column.name));
    for index in 0..own.len() {
        table.add_row(varying.iter().map(|(_, values)| values[index].clone().unwrap_or_else(|| "-".to_owned())));
    }
    let _ = write!(text, "\n{table}");
    text
}

/// The first lines: what it is, how much, and how long.
fn opening(planned: &Planned) -> String {
    let plan = &planned.plan;
    let description = planned.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let mut text = format!("suite {}{description}\n", planned.name);
    let at_most = if plan.until.is_some() { "at most " } else { "" };
    let capacities = match plan.capacities().len() {
        0 => String::new(),
        count => format!(", {count} of them for capacities"),
    };
    let _ = writeln!(
        text,
        "{} in {at_most}{}: {}{capacities}, about {} at most, builds left out",
        counted_noun(plan.cases.len(), "case"),
        blocks(plan),
        counted_noun(plan.runs(), "run"),
        super::length(plan.estimate())
    );
    let by_number = |case: &&Case| matches!(case.load.amount, Amount::Requests(_)) && case.load.rate.is_none();
    let unforeseen = plan.cases.iter().filter(by_number).count();
    if unforeseen > 0 {
        let _ = writeln!(text, "not foreseen: the windows of {unforeseen} cases, which end with their last request");
    }
    let until = plan.until.map(|width| format!(", until intervals are +-{} %", width * 100.0)).unwrap_or_default();
    let _ = writeln!(text, "seed {}{until}", plan.seed);
    text
}

/// How many blocks, and of what.
fn blocks(plan: &Plan) -> String {
    let blocks = counted_noun(plan.trials as usize, "block");
    if plan.passes == 1 { blocks } else { format!("{blocks} of {} passes", plan.passes) }
}

/// What a ranking needs besides the suite's own cases.
fn beside(references: &[Case]) -> String {
    let twins = references.iter().filter(|case| case.twin).count();
    match (references.len() - twins, twins) {
        (0, 0) => String::new(),
        (0, twins) => format!("of these cases, {twins} are the baseline's twin, an A/A pair for each test\n"),
        (baselines, twins) => format!(
            "of these cases, {baselines} are the baseline beside workloads that lack it, and {twins} its twin, an A/A pair for \
             each test\n"
        ),
    }
}

/// The values of an axis in the order of the cases, with how many cases have each.
fn counted(values: &[Option<String>]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for value in values.iter().flatten() {
        match counts.iter_mut().find(|(known, _)| known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    let more = counts.len().saturating_sub(MOST_NAMED);
    let named = &counts[..counts.len() - more];
    let even = counts.iter().all(|(_, count)| *count == counts[0].1);
    let name = |(value, count): &(&str, usize)| if even { (*value).to_owned() } else { format!("{value} ({count})") };
    let mut text = format!("{} values: {}", counts.len(), named.iter().map(name).collect::<Vec<_>>().join(", "));
    if more > 0 {
        let _ = write!(text, ", and {more} more");
    }
    if even {
        let _ = write!(text, "; each in {}", counted_noun(counts[0].1, "case"));
    }
    text
}
