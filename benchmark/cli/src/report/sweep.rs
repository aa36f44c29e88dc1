//! Latency against load, where a campaign has cases that are equal but for their rate, and the knee of each curve.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::naming::Naming;
use super::table::grouped;
use crate::case::{Case, Load};
use crate::results::{CampaignRow, Row};
use crate::stats::{Knee, Point, knee};

/// One load of a curve.
struct Stop<'a> {
    case: &'a Case,
    row: &'a Row,
    /// Requests a second that were asked for; `None` where no run came so far.
    asked: Option<f64>,
}

/// What a sweep says in figures, after the case.
const FIGURES: [&str; 8] =
    ["rate", "asked/s", "achieved", "p50 ms", "p99 ms", "service p99 ms", "CPU us/request", "verdict"];

/// The table of every curve and a line on its knee; `None` where no case has a sister at another rate.
#[must_use]
pub fn sweep(rows: &[CampaignRow]) -> Option<String> {
    let curves = curves(rows);
    let naming = Naming::among(curves.iter().filter_map(|curve| Some(curve.first()?.case)));
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    table.set_header(["library", "test"].into_iter().chain(naming.header()).chain(FIGURES));
    let mut knees = Vec::new();
    for curve in &curves {
        for stop in curve {
            table.add_row(identity(stop.case, &naming).into_iter().chain(figures(stop)));
        }
        let title = curve.first().map(|stop| identity(stop.case, &naming).join(" "));
        knees.push(format!("  {}: {}", title.unwrap_or_default(), knee_of(curve)));
    }
    for index in 2 + naming.header().len()..table.column_count().saturating_sub(1) {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let knees = knees.join("\n");
    (!curves.is_empty()).then(|| {
        format!(
            "latency against load\n{table}\nknee: where throughput / mean response time is highest, among valid rows (Kleinrock \
             1979)\n{knees}"
        )
    })
}

/// The loads of each curve in rising order; curves by test.
fn curves(rows: &[CampaignRow]) -> Vec<Vec<Stop<'_>>> {
    let mut curves: Vec<Vec<Stop<'_>>> = Vec::new();
    for CampaignRow { case, row, .. } in rows.iter().filter(|row| row.case.load.rate.is_some()) {
        let stop = Stop { case, row, asked: row.rate_asked() };
        let is_sister =
            |curve: &&mut Vec<Stop<'_>>| curve.first().is_some_and(|first| unrated(first.case) == unrated(case));
        match curves.iter_mut().find(is_sister) {
            Some(curve) => curve.push(stop),
            None => curves.push(vec![stop]),
        }
    }
    curves.retain(|curve| curve.len() > 1);
    for curve in &mut curves {
        // What could not be asked for, as the capacity is not known, has no place in the order: last.
        curve.sort_by(|a, b| a.asked.unwrap_or(f64::MAX).total_cmp(&b.asked.unwrap_or(f64::MAX)));
    }
    curves.sort_by_key(|curve| curve.first().map(|stop| stop.case.test));
    curves
}

/// A case without its rate: what the loads of a curve share.
fn unrated(case: &Case) -> Case {
    Case { load: Load { rate: None, ..case.load.clone() }, ..case.clone() }
}

fn identity(case: &Case, naming: &Naming) -> Vec<String> {
    [super::library(case), case.test.name().to_owned()].into_iter().chain(naming.values(case)).collect()
}

fn figures(stop: &Stop<'_>) -> Vec<String> {
    let number = |value: Option<f64>, digits| value.map_or_else(|| "-".to_owned(), |value| grouped(value, digits));
    let figures = &stop.row.figures;
    let latencies = &figures.latencies;
    vec![
        stop.case.load.rate.map(|rate| rate.to_string()).unwrap_or_default(),
        number(stop.asked, 0),
        figures.achieved_share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0)),
        number(latencies.latency.p50, 3),
        number(latencies.latency.p99, 3),
        number(latencies.service_time.p99, 3),
        number(figures.cpu_us_per_request, 2),
        if stop.row.is_valid() { "valid" } else { "invalid" }.to_owned(),
    ]
}

/// Where the knee is, in words.
fn knee_of(curve: &[Stop<'_>]) -> String {
    let valid: Vec<&Stop<'_>> = curve.iter().filter(|stop| stop.row.is_valid()).collect();
    let point = |stop: &&Stop<'_>| {
        let figures = &stop.row.figures;
        Some(Point { throughput: figures.requests_per_second?, response: figures.latencies.latency.mean? })
    };
    let points: Option<Vec<Point>> = valid.iter().map(point).collect();
    let load = |stop: &Stop<'_>| {
        let rate = stop.case.load.rate.map(|rate| rate.to_string()).unwrap_or_default();
        stop.asked.map_or_else(|| rate.clone(), |asked| format!("{rate} ({}/s)", grouped(asked, 0)))
    };
    let (Some(lowest), Some(highest)) = (valid.first(), valid.last()) else {
        return "none of its loads is valid".to_owned();
    };
    match points.as_deref().and_then(knee) {
        Some(Knee::At(index)) => load(valid[index]),
        Some(Knee::AtLowest) => format!("at or below the lowest load measured, {}", load(lowest)),
        Some(Knee::AtHighest) if valid.len() == curve.len() => {
            format!("no knee below the highest load measured, {}", load(highest))
        }
        Some(Knee::AtHighest) => {
            format!("no knee below the highest valid load, {}; beyond it rows are invalid", load(highest))
        }
        None => "not known: it takes three valid loads".to_owned(),
    }
}
