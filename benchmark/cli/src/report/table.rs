//! The table at the end of a campaign.

use std::io::{IsTerminal, stdout};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};

use super::naming::Naming;
use crate::campaign::{Finished, trials_of};
use crate::case::Case;
use crate::library::BASELINE;
use crate::stats::comparison::{Interval, Metric, Trials};
use crate::stats::{Figures, Histograms, Latencies, Summary};

/// What a row says, after the case.
const FIGURES: [&str; 9] =
    ["ok requests/s", "MB/s", "p50 ms", "p99 ms", "CPU us/request", "CPU-s/GB", "peak MB", "of ceiling", "verdict"];

/// One line of the table: a case, its trials pooled.
pub(super) struct Row<'a> {
    pub(super) case: &'a Case,
    pub(super) figures: Figures,
    /// What each block gave.
    blocks: Trials,
    pub(super) valid: bool,
    marked: bool,
}

/// A row for each case, grouped by test and conditions, the fastest first and the invalid last: those are not ranked.
#[must_use]
pub fn table(finished: &[Finished], level: f64) -> String {
    let mut rows = rows(finished);
    let naming = Naming::among(rows.iter().map(|row| row.case));
    let mut groups: Vec<Case> = Vec::new();
    for row in &rows {
        let conditions = conditions(row.case);
        if !groups.contains(&conditions) {
            groups.push(conditions);
        }
    }
    let group = |row: &Row<'_>| groups.iter().position(|group| *group == conditions(row.case));
    let rate = |row: &Row<'_>| row.figures.requests_per_second.unwrap_or(0.0);
    rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    rows.sort_by_cached_key(|row| (row.case.test, group(row), !row.valid));
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if !stdout().is_terminal() {
        table.force_no_tty();
    }
    table.set_header(["library", "test"].into_iter().chain(naming.header()).chain(FIGURES));
    for row in &rows {
        let case = [super::library(row.case), super::workload(row.case)].into_iter().chain(naming.values(row.case));
        table.add_row(case.map(Cell::new).chain(figures(row, ceiling_share(row, &rows), level)));
    }
    for index in 2 + naming.header().len()..table.column_count().saturating_sub(1) {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Pools the trials of each case as `get-results` does: valid only if all are.
pub(super) fn rows(finished: &[Finished]) -> Vec<Row<'_>> {
    let mut cases: Vec<&Case> = Vec::new();
    for (run, _) in finished {
        if !cases.contains(&&run.case) {
            cases.push(&run.case);
        }
    }
    let pooled = cases.into_iter().map(|case| {
        let trials: Vec<&Finished> = finished.iter().filter(|(run, _)| run.case == *case).collect();
        let mut histograms = Histograms::default();
        trials.iter().for_each(|(_, summary)| histograms.add(summary.histograms.clone()));
        let totals: Vec<&Summary> = trials.iter().map(|(_, summary)| &summary.total).collect();
        Row {
            case,
            figures: Figures::of(&totals, Latencies::of(&histograms)),
            valid: trials.iter().all(|(run, _)| run.invalid_reasons.is_empty()),
            blocks: trials_of(finished, case),
            marked: trials.iter().any(|(run, _)| !run.marks.is_empty()),
        }
    });
    pooled.collect()
}

/// Why rows are invalid and what their marks are: a line for each case and kind, with the words of its first run.
#[must_use]
pub fn problems(finished: &[Finished]) -> Vec<String> {
    let mut problems: Vec<Problem<'_>> = Vec::new();
    for (run, _) in finished {
        let reasons = run.invalid_reasons.iter().map(|reason| ("invalid", reason.name(), reason.to_string()));
        let marks = run.marks.iter().map(|mark| ("note", mark.name(), mark.to_string()));
        for (kind, name, text) in reasons.chain(marks) {
            let same = |known: &&mut Problem<'_>| (known.kind, known.name, known.case) == (kind, name, &run.case);
            match problems.iter_mut().find(same) {
                // A run may have several of a name.
                Some(known) if known.last == run.run_id => {}
                Some(known) => {
                    known.runs += 1;
                    known.last = &run.run_id;
                }
                None => problems.push(Problem { case: &run.case, kind, name, text, runs: 1, last: &run.run_id }),
            }
        }
    }
    problems.sort_by_key(|problem| problem.kind == "note");
    let naming = Naming::among(finished.iter().map(|(run, _)| &run.case));
    let line = |problem: &Problem<'_>| {
        let all = finished.iter().filter(|(run, _)| run.case == *problem.case).count();
        let often = if all > 1 { format!(", in {} of {all} runs", problem.runs) } else { String::new() };
        format!("{}: {}: {}{often}", problem.kind, naming.title(problem.case), problem.text)
    };
    problems.iter().map(line).collect()
}

/// What was said of runs of a case.
struct Problem<'a> {
    case: &'a Case,
    kind: &'static str,
    name: &'a str,
    text: String,
    runs: usize,
    /// The last run it was said of.
    last: &'a str,
}

fn figures(row: &Row<'_>, ceiling_share: Option<f64>, level: f64) -> [Cell; FIGURES.len()] {
    let number =
        |value: Option<f64>, digits| Cell::new(value.map_or_else(|| "-".to_owned(), |value| grouped(value, digits)));
    // From 5 trials on with the half-width of the interval at this level.
    let sure = |value: Option<f64>, digits, metric| {
        let value = value.map_or_else(|| "-".to_owned(), |value| grouped(value, digits));
        let interval = Interval::of_trials(level, &row.blocks.values(metric));
        Cell::new(interval.map_or(value.clone(), |interval| format!("{value} ±{:.1} %", interval.half_width() * 100.0)))
    };
    let figures = &row.figures;
    let latency = &figures.latencies.latency;
    let verdict = match (row.valid, row.marked) {
        (true, false) => Cell::new("valid").fg(Color::Green),
        (true, true) => Cell::new("valid, see notes").fg(Color::Yellow),
        (false, _) => Cell::new("invalid").fg(Color::Red).add_attribute(Attribute::Bold),
    };
    [
        sure(figures.requests_per_second, 0, Metric::Rate),
        number(figures.goodput_bytes_per_second.map(|bytes| bytes / 1e6), 1),
        number(latency.p50, 3),
        number(latency.p99, 3),
        sure(figures.cpu_us_per_request, 2, Metric::Cpu),
        number(figures.cpu_seconds_per_gb, 3),
        number(figures.peak_rss_bytes.map(|bytes| bytes as f64 / 1e6), 1),
        Cell::new(ceiling_share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))),
        verdict,
    ]
}

/// The rate as a share of that of the baseline under the same conditions, both valid.
fn ceiling_share(row: &Row<'_>, rows: &[Row<'_>]) -> Option<f64> {
    let is_ceiling = |other: &&Row<'_>| {
        other.valid
            && other.case.library == BASELINE
            && !other.case.twin
            && conditions(other.case) == conditions(row.case)
    };
    let ceiling = rows.iter().find(is_ceiling).filter(|_| row.valid)?;
    Some(row.figures.requests_per_second? / ceiling.figures.requests_per_second?)
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
