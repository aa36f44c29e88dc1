//! Student's t distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// By how many standard errors the true mean lies off at most, at this two-sided level: the quantile at `(1 + level) / 2`.
///
/// `degrees` need not be a whole number (Welch), and must be above zero.
pub(super) fn quantile(level: f64, degrees: f64) -> f64 {
    let standard = StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are above zero");
    standard.inverse_cdf(f64::midpoint(1.0, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook, table 1.3.6.7.2 (<https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm>).
    #[test]
    fn quantiles_are_those_of_the_table() {
        for (level, degrees, expected) in [
            (0.95, 4.0, 2.776),
            (0.99, 1.0, 63.657),
            (0.99, 2.0, 9.925),
            (0.99, 4.0, 4.604),
            (0.99, 9.0, 3.250),
            (0.99, 30.0, 2.750),
            (0.99, 100.0, 2.626),
            (0.998, 4.0, 7.173),
            (0.998, 9.0, 4.297),
            (0.998, 60.0, 3.232),
        ] {
            let actual = quantile(level, degrees);
            assert!((actual - expected).abs() < 0.000_51, "{level} at {degrees}: {actual} is not {expected}");
        }
    }

    #[test]
    fn many_degrees_are_a_normal_distribution_and_broken_ones_lie_between_their_neighbours() {
        assert!((quantile(0.99, 1e6) - 2.575_83).abs() < 1e-4);
        assert!(quantile(0.99, 4.0) > quantile(0.99, 4.5) && quantile(0.99, 4.5) > quantile(0.99, 5.0));
    }
}
