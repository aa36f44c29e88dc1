//! Means.

/// The arithmetic mean; `None` of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, number) = values.fold((0.0, 0_u32), |(sum, number), value| (sum + value, number + 1));
    (number > 0).then(|| sum / f64::from(number))
}

/// The geometric mean; `None` of nothing, and a single value itself to the last bit.
pub(crate) fn geometric_mean(values: &[f64]) -> Option<f64> {
    match values {
        [value] => Some(*value),
        values => mean(values.iter().map(|value| value.ln())).map(f64::exp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_mean_and_one_value_is_its_own() {
        assert_eq!((mean([].into_iter()), geometric_mean(&[])), (None, None));
        assert_eq!((mean([0.1].into_iter()), geometric_mean(&[0.1])), (Some(0.1), Some(0.1)));
        assert_eq!(mean([1.0, 2.0, 6.0].into_iter()), Some(3.0));
        assert!((geometric_mean(&[1.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
    }
}
