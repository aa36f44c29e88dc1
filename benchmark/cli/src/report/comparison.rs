//! A comparison as text, as Markdown for a pull request, and as JSON.

use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Value, json};

use super::table::{grouped, significant};
use crate::compare::{Report, Row, Sides};
use crate::stats::comparison::{CONFIDENCE, Doubt, THRESHOLD, Verdict};

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Style {
    /// For a terminal.
    Text,
    /// For a pull request.
    Markdown,
    /// For a program: every number in full.
    Json,
}

/// The whole report.
#[must_use]
pub fn comparison(report: &Report, style: Style) -> String {
    match style {
        Style::Json => json_of(report).to_string(),
        Style::Text => lines(report, "warning: ", "\n", &table_of(report, style)),
        Style::Markdown => lines(report, "> [!WARNING]\n> ", "\n\n", &table_of(report, style)),
    }
}

/// A table for people; the columns of `numbers` stand to the right.
pub(super) fn table_in(style: Style, header: &[&str], numbers: std::ops::Range<usize>) -> Table {
    let mut table = Table::new();
    let preset = if style == Style::Markdown { ASCII_MARKDOWN } else { UTF8_FULL_CONDENSED };
    table.load_style(preset).set_header(header);
    // A line of Markdown is a row, however long; on a terminal a broken line is better than a lost one.
    let arrangement = if style == Style::Markdown { ContentArrangement::Disabled } else { ContentArrangement::Dynamic };
    table.set_content_arrangement(arrangement);
    for column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn lines(report: &Report, warning: &str, between: &str, table: &str) -> String {
    let mut parts = vec![title(report)];
    parts.extend(report.warnings.iter().map(|text| format!("{warning}{text}")));
    parts.push(table.to_owned());
    for (side, alone) in ["A", "B"].into_iter().zip(&report.alone) {
        if !alone.is_empty() {
            parts.push(format!("only in {side}: {}", alone.join(", ")));
        }
    }
    parts.push(summary(report));
    parts.join(between)
}

fn title(report: &Report) -> String {
    let rule = format!(
        "faster and slower are B relative to A, the whole {:.0} % interval beyond {:.0} %",
        CONFIDENCE * 100.0,
        THRESHOLD * 100.0
    );
    match &report.sides {
        Sides::Campaigns([a, b]) => format!("A: campaign {a}, B: campaign {b} ({rule})"),
        Sides::Within { campaign, sides: [a, b] } => {
            format!("A: {}, B: {} in campaign {campaign}, paired by block ({rule})", a.text, b.text)
        }
    }
}

fn summary(report: &Report) -> String {
    let counts =
        ["faster", "slower", "same", "undecided"].map(|verdict| format!("{} {verdict}", report.count(verdict)));
    let noise = Verdict::Undecided(Doubt::Wide);
    let way_out = if report.rows.iter().any(|row| row.comparison.verdict == noise) {
        "; more --trials, or --passes of short windows, narrow the intervals"
    } else {
        ""
    };
    counts.join(", ") + way_out
}

fn table_of(report: &Report, style: Style) -> String {
    let has_workloads = report.rows.iter().any(|row| !row.workload.is_empty());
    let has_libraries = report.rows.iter().any(|row| row.library.is_some());
    let mut header = vec!["test"];
    if has_libraries {
        header.insert(0, "library");
    }
    if has_workloads {
        header.push("workload");
    }
    let texts = header.len() + 1;
    header.extend(["metric", "A", "B", "B / A", "99 % interval", "trials", "verdict"]);
    let mut table = table_in(style, &header, texts..texts + 5);
    for row in &report.rows {
        let mut cells = Vec::new();
        cells.extend(row.library.as_ref().map(|library| named(library, &row.versions)));
        cells.push(row.test.clone());
        if has_workloads {
            cells.push(row.workload.clone());
        }
        cells.extend(figures(row));
        table.add_row(cells);
    }
    table.to_string()
}

/// `reqwest`, or `reqwest 0.13.4 -> 0.13.5` where the versions differ.
fn named(library: &str, [a, b]: &[String; 2]) -> String {
    if a == b { library.to_owned() } else { format!("{library} {a} -> {b}") }
}

fn figures(row: &Row) -> [String; 7] {
    let compared = &row.comparison;
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), significant);
    let [a, b] = compared.trials;
    [
        compared.metric.title().to_owned(),
        value(compared.values[0]),
        value(compared.values[1]),
        compared.ratio.map_or_else(|| "-".to_owned(), |ratio| grouped(ratio.value, 3)),
        compared
            .ratio
            .map_or_else(|| "-".to_owned(), |ratio| format!("{} .. {}", grouped(ratio.low, 3), grouped(ratio.high, 3))),
        if a == b { a.to_string() } else { format!("{a}, {b}") },
        compared.verdict.to_string(),
    ]
}

fn json_of(report: &Report) -> Value {
    let rows: Vec<Value> = report.rows.iter().map(row_json).collect();
    let (kind, a, b, campaign) = match &report.sides {
        Sides::Campaigns([a, b]) => ("campaigns", a, b, None),
        Sides::Within { campaign, sides: [a, b] } => {
            let kind = if a.is_library() && b.is_library() { "libraries" } else { "cases" };
            (kind, &a.text, &b.text, Some(campaign))
        }
    };
    json!({
        "compared": kind, "a": a, "b": b, "campaign": campaign,
        "confidence": CONFIDENCE, "threshold": THRESHOLD,
        "faster": report.count("faster"), "slower": report.count("slower"),
        "same": report.count("same"), "undecided": report.count("undecided"),
        "warnings": report.warnings, "only_in_a": report.alone[0], "only_in_b": report.alone[1],
        "comparisons": rows,
    })
}

fn row_json(row: &Row) -> Value {
    let compared = &row.comparison;
    let ratio = |end: fn(&crate::stats::comparison::Interval) -> f64| compared.ratio.as_ref().map(end);
    json!({
        "library": row.library, "version_a": row.versions[0], "version_b": row.versions[1],
        "test": row.test, "workload": row.workload, "metric": compared.metric,
        "a": compared.values[0], "b": compared.values[1],
        "ratio": ratio(|ratio| ratio.value), "ratio_low": ratio(|ratio| ratio.low), "ratio_high": ratio(|ratio| ratio.high),
        "trials_a": compared.trials[0], "trials_b": compared.trials[1],
        "verdict": compared.verdict.name(), "reason": compared.verdict.reason(),
    })
}
