#![doc = include_str!("../README.md")]

#[allow(dead_code, unused_imports, reason = "the run on several processes, which comes next, uses it")]
mod mesh;
