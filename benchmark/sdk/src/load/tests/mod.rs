//! Whole loads, with clients whose behaviour is known.

mod bare;
mod calls;
mod lost;
mod open_loop;
mod operations;
mod successes;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message::{Histogram as Wire, Phase, ReplicaResult};
use benchmark_protocol::resources::Resources;
use benchmark_protocol::tests::Calls;
use clap::Parser;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::schedule::Schedule;
use super::{Begun, Load, Shape, watch};
use crate::clock::{now_ns, sleep_until};
use crate::engine::Engine;
use crate::options::Options;
use crate::response::Response;
use crate::workload::Workload;

/// Runs a load of a library as the flags say: of these calls, else of `call_api`.
fn load<E: Engine>(
    flags: &str,
    calls: Option<Box<dyn Calls>>,
    stop_after: Option<Duration>,
) -> Result<ReplicaResult, String> {
    let program = ["program", "--test", "call_api", "--target", "http://h/"];
    let options = Options::parse_from(program.into_iter().chain(flags.split(' ')));
    let workload =
        calls.map_or_else(|| Workload::new(&options, (1, 0), &[], false), |calls| Ok(Workload::of(calls))).unwrap();
    let engine = E::new(&options).unwrap();
    let start_ns = now_ns() + 5_000_000;
    let arrivals = options.arrivals(1, 0);
    let schedule = Schedule::of(&options, arrivals).after(start_ns);
    let load = Arc::new(Load::new(workload, schedule, arrivals, engine.shape(&options)));
    thread::scope(|scope| {
        scope.spawn(|| watch::watch(&load, |_| {}));
        scope.spawn(|| {
            if let Some(after) = stop_after {
                sleep_until(start_ns + after.as_nanos() as u64);
                load.stop();
            }
        });
        sleep_until(start_ns);
        engine.run(&load)
    })?;
    Ok(load.result("1.0.0", 1, Default::default(), Resources::default()))
}

fn answer(response: &mut Response) {
    response.head(200, |_| None);
    response.chunk(b"{}");
}

fn histogram(wire: &Wire) -> Histogram<u64> {
    Deserializer::new().deserialize(&mut STANDARD.decode(&wire.0).unwrap().as_slice()).unwrap()
}

/// However many slots take turns, each of them is in the sample as often as the others; all calls are where they are few.
#[test]
fn the_time_to_the_first_byte_is_taken_of_an_even_sample() {
    let load = |flags: &str| {
        let program = ["program", "--test", "call_api", "--target", "http://h/"];
        let options = Options::parse_from(program.into_iter().chain(flags.split(' ')));
        let workload = Workload::new(&options, (1, 0), &[], false).unwrap();
        let shape = Shape {
            slots: 1,
            recorders: 1,
            timeout: options.timeout,
            own_network: false,
            recording: true,
            keeps_connections: true,
        };
        Load::new(workload, Schedule::of(&options, None), None, shape)
    };
    let sampled = |load: &Load, ordinals: &mut dyn Iterator<Item = u64>| {
        let begun = |ordinal| Begun { ordinal, started_ns: 1, issued_ns: 1, phase: Phase::Window };
        ordinals.filter(|ordinal| load.is_sampled(begun(*ordinal))).count()
    };
    let (long, short) = (load("--duration 10s"), load("--requests 1000"));
    for slots in [1, 2, 3, 8, 32, 64, 100] {
        for slot in 0..slots.min(3) {
            let number = sampled(&long, &mut (slot..).step_by(slots as usize).take(8_000));
            assert!((900..=1_100).contains(&number), "{number} of 8,000 of slot {slot} of {slots}");
        }
    }
    assert_eq!(sampled(&short, &mut (0..1_000)), 1_000);
}
