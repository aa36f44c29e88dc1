//! The table at the end of a campaign.

use std::io::stdout;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};

use super::naming::Naming;
use crate::case::Case;
use crate::output;
use crate::results::{CampaignRow, CeilingBy, CeilingShare, Row};
use crate::stats::comparison::Metric;

/// What a row says, after the case.
const FIGURES: [&str; 9] =
    ["ok requests/s", "MB/s", "p50 ms", "p99 ms", "CPU us/request", "CPU-s/GB", "peak MB", "of ceiling", "verdict"];

/// A row for each case, grouped by test and conditions, the fastest first and the invalid last: those are not ranked. Below it, set in,
/// one for each of its operations.
#[must_use]
pub fn table(rows: &[CampaignRow]) -> String {
    let mut rows: Vec<&CampaignRow> = rows.iter().collect();
    let naming = Naming::among(rows.iter().map(|row| &row.case));
    let mut groups: Vec<Case> = Vec::new();
    for row in &rows {
        let conditions = conditions(&row.case);
        if !groups.contains(&conditions) {
            groups.push(conditions);
        }
    }
    let group = |row: &CampaignRow| groups.iter().position(|group| *group == conditions(&row.case));
    let rate = |row: &CampaignRow| shown(&row.row, Metric::Rate).unwrap_or(0.0);
    rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    rows.sort_by_cached_key(|row| (row.case.test, group(row), !row.row.is_valid()));
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if !output::has_colours(&stdout()) {
        // As wide as the terminal all the same, where it is one.
        if let Some(width) = table.width() {
            table.set_width(width);
        }
        table.force_no_tty();
    }
    table.set_header(["library", "test"].into_iter().chain(naming.header()).chain(FIGURES));
    for CampaignRow { case, row, operations } in rows {
        let cells = [super::library(case), super::workload(case)].into_iter().chain(naming.values(case));
        table.add_row(cells.map(Cell::new).chain(figures(row)));
        for row in operations {
            let name = row.operation.map(|operation| format!("  {operation}")).unwrap_or_default();
            let cells = [String::new(), name].into_iter().chain(naming.values(case).map(|_| String::new()));
            table.add_row(cells.map(Cell::new).chain(figures(row)));
        }
    }
    for index in 2 + naming.header().len()..table.column_count().saturating_sub(1) {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Why rows are invalid and what their marks are: a line for each case and kind, with the words of its first run.
#[must_use]
pub fn problems(rows: &[CampaignRow]) -> Vec<String> {
    let mut problems: Vec<Problem<'_>> = Vec::new();
    for row in rows {
        for run in row.row.runs() {
            let reasons = run.invalid_reasons.iter().map(|reason| ("invalid", reason.name(), reason.to_string()));
            let marks = run.marks.iter().map(|mark| ("note", mark.name(), mark.to_string()));
            for (kind, name, text) in reasons.chain(marks) {
                let same =
                    |known: &&mut Problem<'_>| (known.kind, known.name, &known.row.case) == (kind, name, &row.case);
                match problems.iter_mut().find(same) {
                    // A run may have several of a name.
                    Some(known) if known.last == run.run_id => {}
                    Some(known) => {
                        known.runs += 1;
                        known.last = &run.run_id;
                    }
                    None => problems.push(Problem { row, kind, name, text, runs: 1, last: &run.run_id }),
                }
            }
        }
    }
    problems.sort_by_key(|problem| problem.kind == "note");
    let naming = Naming::among(rows.iter().map(|row| &row.case));
    let line = |problem: &Problem<'_>| {
        let all = problem.row.row.runs().len();
        let often = if all > 1 { format!(", in {} of {all} runs", problem.runs) } else { String::new() };
        format!("{}: {}: {}{often}", problem.kind, naming.title(&problem.row.case), problem.text)
    };
    problems.iter().map(line).collect()
}

/// What was said of runs of a case.
struct Problem<'a> {
    row: &'a CampaignRow,
    kind: &'static str,
    name: &'a str,
    text: String,
    runs: usize,
    /// The last run it was said of.
    last: &'a str,
}

/// The value that stands for the trials of a row: where there are enough for an interval the geometric mean that it is around, else
/// what the runs gave together.
fn shown(row: &Row, metric: Metric) -> Option<f64> {
    let pooled = || match metric {
        Metric::Rate => row.figures.requests_per_second,
        Metric::Cpu => row.figures.cpu_us_per_request,
        Metric::P99 => row.figures.latencies.latency.p99,
    };
    row.interval(metric).map(|interval| interval.value).or_else(pooled)
}

fn figures(row: &Row) -> [Cell; FIGURES.len()] {
    let number =
        |value: Option<f64>, digits| Cell::new(value.map_or_else(|| "-".to_owned(), |value| grouped(value, digits)));
    // From 5 trials on with the half-width of the interval.
    let sure = |metric, digits| {
        let value = shown(row, metric).map_or_else(|| "-".to_owned(), |value| grouped(value, digits));
        Cell::new(match row.interval(metric) {
            Some(interval) => format!("{value} ±{:.1} %", interval.half_width() * 100.0),
            None => value,
        })
    };
    let figures = &row.figures;
    let latency = &figures.latencies.latency;
    let verdict = match (row.is_valid(), row.is_marked()) {
        // It is the run's, said in the row above.
        _ if row.operation.is_some() => Cell::new(""),
        (true, false) => Cell::new("valid").fg(Color::Green),
        (true, true) => Cell::new("valid, see notes").fg(Color::Yellow),
        (false, _) => Cell::new("invalid").fg(Color::Red).add_attribute(Attribute::Bold),
    };
    [
        sure(Metric::Rate, 0),
        number(figures.moved_bytes_per_second().map(|bytes| bytes / 1e6), 1),
        number(latency.p50, 3),
        number(latency.p99, 3),
        sure(Metric::Cpu, 2),
        number(figures.cpu_seconds_per_gb, 3),
        number(figures.peak_rss_bytes.map(|bytes| bytes as f64 / 1e6), 1),
        Cell::new(row.ceiling.map_or_else(|| "-".to_owned(), of_ceiling)),
        verdict,
    ]
}

/// `93 % by rate`, `88 % by CPU`.
fn of_ceiling(ceiling: CeilingShare) -> String {
    let by = match ceiling.by {
        CeilingBy::Rate => "rate",
        CeilingBy::Cpu => "CPU",
    };
    format!("{:.0} % by {by}", ceiling.share * 100.0)
}

/// A case without whom it measures: rows that have it in common compare.
fn conditions(case: &Case) -> Case {
    Case { library: String::new(), library_version: String::new(), twin: false, ..case.clone() }
}

/// A number with four digits that count, or all of those before the point.
pub(super) fn significant(value: f64) -> String {
    let before_the_point = value.abs().log10().floor() as i32 + 1;
    grouped(value, usize::try_from(4 - before_the_point.clamp(0, 4)).unwrap_or(0))
}

/// A number with a space between thousands, as a person reads it.
pub(super) fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    fraction.map_or_else(|| format!("{sign}{grouped}"), |fraction| format!("{sign}{grouped}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(1_234_567.891, 1), "1 234 567.9");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(-1_000.0, 0), "-1 000");
    }

    #[test]
    fn four_digits_count() {
        for (value, text) in
            [(90_058.4, "90 058"), (16.204, "16.20"), (0.3161, "0.3161"), (0.01234, "0.0123"), (1234.5, "1 234")]
        {
            assert_eq!(significant(value), text);
        }
    }
}
