//! The eight columns of a family (`*_count` ... `*_max`): what pandas' `describe()` says of its samples.

/// Count, mean, spread and quartiles of samples. Everything but the count is `None` where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Family {
    /// How many samples there are; `None` where nothing was measured.
    pub count: Option<u64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Sample standard deviation (divisor n - 1); from two samples on.
    pub std: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// First quartile.
    pub p25: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// Third quartile.
    pub p75: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

impl Family {
    /// Of samples in any order. Quartiles are interpolated linearly between the two nearest ranks, the default of
    /// numpy and pandas (Hyndman and Fan's type 7): position `q (n - 1)`.
    #[must_use]
    pub fn of(mut samples: Vec<f64>) -> Self {
        if samples.is_empty() {
            return Self::default();
        }
        samples.sort_by(f64::total_cmp);
        let n = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / n;
        let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
        Self {
            count: Some(samples.len() as u64),
            mean: Some(mean),
            std: (samples.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            min: samples.first().copied(),
            p25: Some(quantile(&samples, 0.25)),
            p50: Some(quantile(&samples, 0.5)),
            p75: Some(quantile(&samples, 0.75)),
            max: samples.last().copied(),
        }
    }
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor();
    let (low, high) = (sorted[below as usize], sorted[position.ceil() as usize]);
    low + (high - low) * (position - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_samples_are_described_as_pandas_does() {
        // pandas.Series([4, 1, 3, 10]).describe(): deviations from 4.5 squared are 0.25 + 12.25 + 2.25 + 30.25 = 45;
        // std = sqrt(45 / 3); sorted 1 3 4 10, positions 0.75, 1.5 and 2.25.
        let family = Family::of(vec![4.0, 1.0, 3.0, 10.0]);
        let expected = Family {
            count: Some(4),
            mean: Some(4.5),
            std: Some(15.0_f64.sqrt()),
            min: Some(1.0),
            p25: Some(2.5),
            p50: Some(3.5),
            p75: Some(5.5),
            max: Some(10.0),
        };
        assert_eq!(family, expected);
    }

    #[test]
    fn one_sample_has_no_spread_and_no_sample_has_nothing() {
        let one = Family::of(vec![7.0]);
        assert_eq!((one.count, one.mean, one.std, one.p25, one.max), (Some(1), Some(7.0), None, Some(7.0), Some(7.0)));
        assert_eq!(Family::of(Vec::new()), Family::default());
    }
}
