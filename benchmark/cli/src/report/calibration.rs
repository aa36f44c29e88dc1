//! What a calibration found: reported beside true percentiles, a line each.

use std::fmt::Write as _;

use crate::calibrate::{Calibrated, Line, Loop};
use crate::library::BASELINE;

/// The whole of it, and a summary.
#[must_use]
pub fn calibration(calibrated: &[Calibrated]) -> String {
    let mut text = String::new();
    for case in calibrated {
        let runner = case.runner.map(|runner| format!(" ({runner})")).unwrap_or_default();
        let load_loop = if case.profile.load_loop == Loop::Closed { "closed loop" } else { "open loop" };
        let title = format!("{}{runner}, {load_loop}, {}", case.who, case.profile.inject);
        match &case.judged {
            Ok(judged) => {
                let look = if case.look > 1 { format!(", look {}", case.look) } else { String::new() };
                let _ = writeln!(text, "{title}, {} requests{look}", super::table::grouped(judged.number as f64, 0));
                let _ = writeln!(
                    text,
                    "  {:<8}{:>12}{:>12}{:>11}{:>10}{:>12}  {:<22}",
                    "ms", "reported", "true", "off by", "band", "theory", "99 % interval"
                );
                judged.lines.iter().for_each(|line| text.push_str(&row(line)));
            }
            Err(reason) => {
                let _ = writeln!(text, "{title}: {reason}");
            }
        }
    }
    text + &summary(calibrated)
}

fn row(line: &Line) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let off = line.reported.map_or_else(|| "-".to_owned(), |reported| format!("{:+.3}", reported - line.truth));
    let interval = line.interval.map_or_else(String::new, |(low, high)| format!("{low:.3} .. {high:.3}"));
    let verdict = match line.inside() {
        Some(true) => "inside",
        Some(false) => "OUTSIDE",
        None => "not said",
    };
    format!(
        "  {:<8}{:>12}{:>12}{off:>11}{:>10}{:>12}  {interval:<22}{verdict}\n",
        line.percentile,
        number(line.reported),
        number(Some(line.truth)),
        format!("{:.3}", line.band),
        number(line.theory),
    )
}

fn summary(calibrated: &[Calibrated]) -> String {
    let inside = calibrated.iter().filter(|case| case.inside()).count();
    let mut text = format!("{inside} of {} inside their bands", calibrated.len());
    for load_loop in [Loop::Closed, Loop::Open] {
        let of_loop = calibrated
            .iter()
            .filter(|case| case.who == BASELINE && case.profile.load_loop == load_loop && case.profile.stall.is_none());
        let medians = of_loop.filter_map(|case| {
            let line = case.judged.as_ref().ok()?.lines.first()?;
            Some(line.reported? - line.truth)
        });
        if let Some(least) = medians.reduce(f64::min) {
            let name = if load_loop == Loop::Closed { "closed" } else { "open" };
            let _ = write!(text, "; overhead of the baseline at p50, {name} loop: {least:+.3} ms");
        }
    }
    text
}
