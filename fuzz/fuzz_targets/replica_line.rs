#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| benchmark::fuzz::replica_line(bytes));
