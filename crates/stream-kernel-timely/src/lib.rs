#![doc = include_str!("../README.md")]

mod home;
mod moves;
mod owner;
mod owners;
mod packet;
mod part;
mod told;
mod worker;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;
