//! What monitoring itself costs: CPU time of the containers of Prometheus and cAdvisor.

use std::time::Duration;

use super::error::MetricsError;
use super::prometheus::Prometheus;
use super::series::{CPU, ContainerSeries, Sample};

/// The containers of docker-compose.monitoring.yml, whatever the project is called.
const CONTAINERS: &str = r#"name=~".+[-_](prometheus|cadvisor)[-_][0-9]+""#;

/// How long Prometheus may take to say it.
const LIMIT: Duration = Duration::from_secs(2);

/// CPU time that they used between two instants (microseconds since the epoch), in seconds; `None` where they are not seen.
///
/// # Errors
/// When Prometheus does not answer, or not with samples.
pub async fn monitoring_cpu_seconds(
    prometheus: &Prometheus,
    from_us: i64,
    to_us: i64,
) -> Result<Option<f64>, MetricsError> {
    let span = Duration::from_micros(u64::try_from(to_us - from_us).unwrap_or(0));
    let series = prometheus.raw(&[CPU], CONTAINERS, to_us, span, LIMIT).await?;
    Ok(used(&series, span))
}

/// The counters' growth, brought from the time between the first and the last sample to the whole span: load of this kind is even.
fn used(series: &[ContainerSeries], span: Duration) -> Option<f64> {
    let of_one = |samples: &[Sample]| {
        let [first, .., last] = samples else { return None };
        let seconds = (last.at_us - first.at_us) as f64 / 1e6;
        (seconds > 0.0).then(|| (last.value - first.value) / seconds * span.as_secs_f64())
    };
    series.iter().filter_map(|series| of_one(&series.cpu)).reduce(|a, b| a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_between_samples_stands_for_the_whole_span() {
        let series = |values: &[(i64, f64)]| ContainerSeries {
            run_id: None,
            container_id: String::new(),
            cpu: values.iter().map(|(ms, value)| Sample { at_us: ms * 1_000, value: *value }).collect(),
            received: Vec::new(),
            memory: Vec::new(),
        };
        let span = Duration::from_secs(3);
        // 0.2 CPU s in 2 s are 0.3 in 3; 0.1 in 1 s are 0.3.
        let both = [series(&[(500, 1.0), (1_500, 1.1), (2_500, 1.2)]), series(&[(1_000, 7.0), (2_000, 7.1)])];
        assert!((used(&both, span).unwrap() - 0.6).abs() < 1e-9);
        assert_eq!(used(&[series(&[(500, 1.0)])], span), None);
        assert_eq!(used(&[], span), None);
    }
}
