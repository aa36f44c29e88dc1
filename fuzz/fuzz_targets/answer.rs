#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| benchmark_protocol::fuzz::answer(bytes));
