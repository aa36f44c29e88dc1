//! The knee of a curve of latency against load: beyond it, more load buys more waiting than work.
//!
//! It is where power is highest, the throughput divided by the mean response time: L. Kleinrock, "Power and deterministic rules of
//! thumb for probabilistic problems in computer communications", ICC 1979. There a tangent from the origin touches the curve.
//! Unlike a knee found by eye, it does not move with the scales of the axes.

/// What was measured at one load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Successes a second: what was achieved, not what was asked for.
    pub throughput: f64,
    /// Mean response time, from the instant at which a request was due. Any unit, the same for all points.
    pub response: f64,
}

/// Where the knee of a curve is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knee {
    /// At this point, by its index; the loads around it have less power.
    At(usize),
    /// At the lowest load or below it.
    AtLowest,
    /// At the highest load or above it.
    AtHighest,
}

/// Points that a curve needs: one, and one on either side of it.
const FEWEST_POINTS: usize = 3;

/// The knee of points in the order of their loads; of equal powers the lower load's. `None` with fewer than three points, and where
/// a throughput or a response time is not above zero.
#[must_use]
pub fn knee(points: &[Point]) -> Option<Knee> {
    let is_measured = |point: &Point| point.throughput > 0.0 && point.response > 0.0 && point.response.is_finite();
    if points.len() < FEWEST_POINTS || !points.iter().all(is_measured) {
        return None;
    }
    let power = |point: &Point| point.throughput / point.response;
    let mut best = 0;
    for index in 1..points.len() {
        if power(&points[index]) > power(&points[best]) {
            best = index;
        }
    }
    Some(match best {
        0 => Knee::AtLowest,
        best if best == points.len() - 1 => Knee::AtHighest,
        best => Knee::At(best),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of a queue that serves one request a second, at these utilisations.
    fn curve(utilisations: &[f64], response: impl Fn(f64) -> f64) -> Vec<Point> {
        utilisations.iter().map(|load| Point { throughput: *load, response: response(*load) }).collect()
    }

    /// M/M/1: 1 / (1 - load), so that power is load (1 - load), highest at a half.
    fn exponential(load: f64) -> f64 {
        1.0 / (1.0 - load)
    }

    /// M/D/1: 1 + load / (2 (1 - load)), whose power is highest at 2 - sqrt 2, which is 0.586.
    fn deterministic(load: f64) -> f64 {
        1.0 + load / (2.0 * (1.0 - load))
    }

    #[test]
    fn the_knee_of_known_queues_is_where_the_formula_has_it() {
        assert_eq!(knee(&curve(&[0.25, 0.5, 0.75, 0.9, 0.95], exponential)), Some(Knee::At(1)));
        // Powers: 0.25/1.1667 = 0.2143, 0.5/1.5 = 0.3333, 0.6/1.75 = 0.3429, 0.75/2.5 = 0.3, 0.9/5.5 = 0.1636.
        assert_eq!(knee(&curve(&[0.25, 0.5, 0.6, 0.75, 0.9], deterministic)), Some(Knee::At(2)));
    }

    #[test]
    fn a_curve_that_still_rises_or_already_falls_has_its_knee_outside() {
        assert_eq!(knee(&curve(&[0.1, 0.2, 0.3], exponential)), Some(Knee::AtHighest));
        assert_eq!(knee(&curve(&[0.6, 0.7, 0.8], exponential)), Some(Knee::AtLowest));
        // Without queueing, more load is always better.
        assert_eq!(knee(&curve(&[0.25, 0.5, 0.75], |_| 1.0)), Some(Knee::AtHighest));
    }

    #[test]
    fn throughput_that_was_asked_for_and_not_achieved_has_no_power() {
        let points =
            [(100.0, 1.0), (200.0, 1.2), (210.0, 9.0)].map(|(throughput, response)| Point { throughput, response });
        assert_eq!(knee(&points), Some(Knee::At(1)));
    }

    #[test]
    fn too_few_points_have_no_knee() {
        assert_eq!(knee(&curve(&[0.25, 0.5], exponential)), None);
        assert_eq!(knee(&[Point { throughput: 0.0, response: 1.0 }; 3]), None);
    }
}
