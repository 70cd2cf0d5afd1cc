//! Gives random bytes to [`stream_kernel_tests::fuzzing::checkpoint`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stream_kernel_tests::fuzzing::checkpoint(bytes));
