//! Gives random bytes to [`stream_kernel_tests::fuzzing::line`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stream_kernel_tests::fuzzing::line(bytes));
