//! Ranges of numbers: `from` to `to`, both included where a step lands on them.

/// The most values that a range may have.
const MOST_VALUES: f64 = 10_000.0;

/// What lies between one value and the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// Each value is the one before times this.
    Factor(f64),
    /// Each value is the one before plus this.
    Step(f64),
}

/// The values of a range. A step that misses `to` by a rounding error meets it: each value is computed from `from` anew,
/// so that errors do not add up, and the last is `to` itself. Whole numbers are rounded, each once.
///
/// # Errors
/// Why there are no values, or too many.
pub(super) fn values(from: f64, to: f64, pace: Pace, whole: bool) -> Result<Vec<f64>, String> {
    if from > to {
        return Err("the range is empty: `from` is above `to`".to_owned());
    }
    let steps = match pace {
        Pace::Factor(factor) if factor <= 1.0 => return Err("`factor` must be above 1".to_owned()),
        Pace::Factor(_) if from <= 0.0 => return Err("a range by `factor` begins above 0".to_owned()),
        Pace::Factor(factor) => (to / from).ln() / factor.ln(),
        Pace::Step(step) if step <= 0.0 => return Err("`step` must be above 0".to_owned()),
        Pace::Step(step) => (to - from) / step,
    };
    // As many steps as fit, where a millionth of one counts as fitting.
    let steps = (steps + 1e-6).floor();
    if steps >= MOST_VALUES {
        return Err(format!("the range has more than {MOST_VALUES} values"));
    }
    let value = |step: i32| {
        let value = match pace {
            Pace::Factor(factor) => from * factor.powi(step),
            Pace::Step(width) => from + width * f64::from(step),
        };
        let value = if (value - to).abs() <= to.abs() * 1e-9 { to } else { value };
        if whole { value.round() } else { value }
    };
    let mut values: Vec<f64> = (0..=steps as i32).map(value).collect();
    values.dedup();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_included_where_a_step_lands_on_them() {
        assert_eq!(values(10.0, 50.0, Pace::Step(10.0), true).unwrap(), [10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(values(10.0, 50.0, Pace::Step(15.0), true).unwrap(), [10.0, 25.0, 40.0]);
        assert_eq!(values(1.0, 512.0, Pace::Factor(2.0), true).unwrap().last(), Some(&512.0));
        assert_eq!(values(1.0, 511.0, Pace::Factor(2.0), true).unwrap().last(), Some(&256.0));
        assert_eq!(values(7.0, 7.0, Pace::Factor(2.0), true).unwrap(), [7.0]);
    }

    #[test]
    fn rounding_loses_no_end_and_adds_none() {
        // 0.1 + 2 x 0.1 is 0.30000000000000004, and ln(1000) / ln(10) is 2.9999999999999996.
        assert_eq!(values(0.1, 0.3, Pace::Step(0.1), false).unwrap(), [0.1, 0.2, 0.3]);
        assert_eq!(values(1.0, 1000.0, Pace::Factor(10.0), true).unwrap(), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(values(4096.0, 16_777_216.0, Pace::Factor(4.0), true).unwrap().len(), 7);
        assert_eq!(values(0.1, 0.29, Pace::Step(0.1), false).unwrap().len(), 2);
    }

    #[test]
    fn whole_numbers_that_round_to_the_same_are_one() {
        assert_eq!(values(1.0, 3.0, Pace::Factor(1.3), true).unwrap(), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_range_without_values_or_with_too_many_is_refused() {
        for (from, to, pace, says) in [
            (2.0, 1.0, Pace::Step(1.0), "empty"),
            (1.0, 2.0, Pace::Step(0.0), "`step`"),
            (1.0, 2.0, Pace::Factor(1.0), "`factor`"),
            (0.0, 2.0, Pace::Factor(2.0), "above 0"),
            (1.0, 1e9, Pace::Step(1.0), "more than 10000"),
        ] {
            let error = values(from, to, pace, true).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
