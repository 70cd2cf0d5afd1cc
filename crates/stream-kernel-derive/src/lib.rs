#![doc = include_str!("../README.md")]

mod attributes;
mod payload;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `Payload` for a struct: see `stream_kernel_exec::Payload`.
#[proc_macro_derive(Payload, attributes(payload))]
pub fn derive_payload(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    payload::implementation(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
