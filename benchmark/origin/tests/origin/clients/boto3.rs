//! boto3: a script of single requests, each with what must come of it.

use super::place::{Place, needs, succeed};

#[test]
fn boto3_does_a_round_trip() {
    let Some(python) = needs("python-with-boto3", "BENCHMARK_TEST_PYTHON") else { return };
    let place = Place::new("boto3");
    let mut command = place.command(&python);
    place.aws_environment(&mut command);
    command.arg("-I").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/origin/clients/round_trip.py"));
    let text = succeed(&mut command);
    assert!(text.ends_with("done\n"), "{text}");
    place.assert_untouched();
}
