//! The families of a container: what it received and used from one raw sample to the next (MEASUREMENT D 19).

use super::plateau::Span;
use super::series::{ContainerSeries, Sample};
use crate::stats::Samples;

/// An interval shorter than this is too noisy to be a sample of a rate, in microseconds.
const SHORTEST_US: i64 = 500_000;

/// The samples of the four families within the window: counters differenced between neighbouring raw samples over their
/// real distance, memory as it is. A sample less than half a second after its neighbour closes no interval; the next does.
#[must_use]
pub fn families(series: &ContainerSeries, span: &Span) -> Samples {
    let window = span.window_start_us..=span.window_end_us;
    let within = |samples: &[Sample]| -> Vec<Sample> {
        samples.iter().filter(|sample| window.contains(&sample.at_us)).copied().collect()
    };
    let (cpu, received) = (within(&series.cpu), within(&series.received));
    Samples {
        cpu_seconds: rates(&cpu),
        recv_bytes_per_second: rates(&received),
        recv_bytes_per_second_per_cpu: bytes_per_cpu_second(&cpu, &received),
        memory_usage_bytes: within(&series.memory).iter().map(|sample| sample.value).collect(),
    }
}

fn rates(samples: &[Sample]) -> Vec<f64> {
    differences(samples).into_iter().filter_map(|(seconds, growth)| Some(growth? / seconds)).collect()
}

/// Length in seconds and growth of each interval; `None` where the counter began anew.
fn differences(samples: &[Sample]) -> Vec<(f64, Option<f64>)> {
    let mut intervals = Vec::new();
    let mut from: Option<Sample> = None;
    for to in samples {
        let Some(begun) = from else {
            from = Some(*to);
            continue;
        };
        if to.at_us - begun.at_us >= SHORTEST_US {
            let growth = Some(to.value - begun.value).filter(|growth| *growth >= 0.0);
            intervals.push(((to.at_us - begun.at_us) as f64 / 1e6, growth));
            from = Some(*to);
        }
    }
    intervals
}

/// Over intervals whose edges have samples of both counters and in which CPU time was used.
fn bytes_per_cpu_second(cpu: &[Sample], received: &[Sample]) -> Vec<f64> {
    let at = |samples: &[Sample], others: &[Sample]| -> Vec<Sample> {
        samples.iter().filter(|sample| others.iter().any(|other| other.at_us == sample.at_us)).copied().collect()
    };
    let (cpu, received) = (at(cpu, received), at(received, cpu));
    let pairs = differences(&cpu).into_iter().zip(differences(&received));
    pairs.filter_map(|((_, cpu), (_, bytes))| Some(bytes? / cpu.filter(|cpu| *cpu > 0.0)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window is from 5 to 9 s.
    const SPAN: Span = Span {
        ready_us: 0,
        start_us: 3_000_000,
        window_start_us: 5_000_000,
        window_end_us: 9_000_000,
        drained_us: 9_500_000,
    };

    fn samples(of: &[(f64, f64)]) -> Vec<Sample> {
        of.iter().map(|(at, value)| Sample { at_us: (at * 1e6).round() as i64, value: *value }).collect()
    }

    #[test]
    fn families_are_differences_of_neighbouring_samples_of_the_window() {
        let series = ContainerSeries {
            cpu: samples(&[(3.1, 0.6), (5.0, 1.5), (6.0, 2.0), (7.5, 3.5), (8.5, 4.5), (9.4, 4.7)]),
            received: samples(&[(3.1, 0.0), (5.0, 1e3), (6.0, 3e3), (7.5, 6e3), (8.5, 9e3), (9.4, 1e4)]),
            memory: samples(&[(3.1, 11.0), (5.0, 20.0), (6.0, 30.0), (7.5, 40.0), (8.5, 35.0), (9.4, 30.0)]),
            ..ContainerSeries::default()
        };
        let families = families(&series, &SPAN);
        // Of the samples at 5, 6, 7.5 and 8.5 s: 1 s, 1.5 s and 1 s apart.
        assert_near(&families.cpu_seconds, &[0.5, 1.0, 1.0]);
        assert_near(&families.recv_bytes_per_second, &[2_000.0, 2_000.0, 3_000.0]);
        assert_near(&families.recv_bytes_per_second_per_cpu, &[4_000.0, 2_000.0, 3_000.0]);
        assert_near(&families.memory_usage_bytes, &[20.0, 30.0, 40.0, 35.0]);
    }

    #[test]
    fn an_interval_without_cpu_time_or_without_one_of_the_counters_has_no_bytes_per_cpu_second() {
        let series = ContainerSeries {
            cpu: samples(&[(5.0, 1.0), (6.0, 1.0), (7.0, 2.0), (8.0, 4.0)]),
            received: samples(&[(5.0, 0.0), (6.0, 10.0), (8.0, 40.0), (9.0, 40.0)]),
            ..ContainerSeries::default()
        };
        let families = families(&series, &SPAN);
        assert_near(&families.cpu_seconds, &[0.0, 1.0, 2.0]);
        assert_near(&families.recv_bytes_per_second, &[10.0, 15.0, 0.0]);
        // From 6 to 8 s: 30 bytes and 3 s of CPU.
        assert_near(&families.recv_bytes_per_second_per_cpu, &[10.0]);
    }

    #[test]
    fn a_sample_soon_after_another_closes_no_interval_and_loses_nothing() {
        let series = ContainerSeries {
            received: samples(&[(5.0, 0.0), (5.4, 90.0), (6.0, 100.0)]),
            ..ContainerSeries::default()
        };
        assert_near(&families(&series, &SPAN).recv_bytes_per_second, &[100.0]);
    }

    #[test]
    fn an_interval_in_which_a_counter_began_anew_is_left_out() {
        let series = ContainerSeries {
            cpu: samples(&[(5.0, 1.0), (6.0, 2.0), (7.0, 4.0)]),
            received: samples(&[(5.0, 9.0), (6.0, 1.0), (7.0, 5.0)]),
            ..ContainerSeries::default()
        };
        let families = families(&series, &SPAN);
        assert_near(&families.recv_bytes_per_second, &[4.0]);
        assert_near(&families.recv_bytes_per_second_per_cpu, &[2.0]);
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(found.len() == expected.len() && near, "{found:?} is not {expected:?}");
    }
}
