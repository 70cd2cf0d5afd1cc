use syn::parse_quote;

use super::*;

/// Returns the error of deriving for `input`.
fn error(input: &DeriveInput) -> String {
    implementation(input).expect_err("it cannot be derived").to_string()
}

#[test]
fn only_structs_are_payloads() {
    let an_enum = error(&parse_quote! { enum Reading { Hot, Cold } });
    assert!(an_enum.contains("make each variant a payload of its own"), "{an_enum}");
    let a_union = error(&parse_quote! { union Reading { a: u8, b: i8 } });
    assert!(a_union.contains("cannot be a union"), "{a_union}");
}

#[test]
fn an_identity_is_given_once() {
    let on_fields = error(&parse_quote! {
        struct Reading { #[payload(identity)] a: u8, #[payload(identity)] b: u8 }
    });
    assert!(on_fields.contains("a second identity"), "{on_fields}");
    let on_both = error(&parse_quote! {
        #[payload(identity = "{a}")] struct Reading { #[payload(identity)] a: u8 }
    });
    assert!(on_both.contains("twice: on the struct and on a field"), "{on_both}");
    let without_text = error(&parse_quote! { #[payload(identity)] struct Reading { a: u8 } });
    assert!(without_text.contains("is a format string"), "{without_text}");
    let nothing = error(&parse_quote! { #[payload(public_identity)] struct Reading { a: u8 } });
    assert!(nothing.contains("mark a field with `#[payload(identity)]`"), "{nothing}");
}

#[test]
fn unknown_and_repeated_attributes_are_errors() {
    let of_struct = error(&parse_quote! { #[payload(packed)] struct Reading { a: u8 } });
    assert!(of_struct.contains("a struct has `identity = \"...\"`"), "{of_struct}");
    let of_field = error(&parse_quote! { struct Reading { #[payload(skip)] a: u8 } });
    assert!(of_field.contains("a field has `identity`, `display`"), "{of_field}");
    for repeated in [
        parse_quote! { #[payload(pack, pack)] struct Reading { a: u8 } },
        parse_quote! { #[payload(crate = a)] #[payload(crate = b)] struct Reading { a: u8 } },
        parse_quote! { struct Reading { #[payload(name = "b", name = "c")] a: u8 } },
        parse_quote! { struct Reading { #[payload(display, display)] a: u8 } },
    ] {
        let text = error(&repeated);
        assert_eq!(text, "it is there twice (remove one)");
    }
}

#[test]
fn names_in_the_content_are_words_and_differ() {
    for name in ["", "a=b", "a b", "a\nb"] {
        let text = error(&parse_quote! { struct Reading { #[payload(name = #name)] a: u8 } });
        assert!(text.contains("a name has letters, digits and `_`"), "{name:?}: {text}");
    }
    let text = error(&parse_quote! { struct Reading { #[payload(name = "b")] a: u8, b: u8 } });
    assert!(text.contains("another field is `b` in the content already"), "{text}");
}
