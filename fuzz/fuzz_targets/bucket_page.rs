#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| benchmark::fuzz::bucket_page(bytes));
