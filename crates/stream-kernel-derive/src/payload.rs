//! The implementation of `Payload` for a struct.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Ident, Index, Member, Result};

use crate::attributes::{OfField, OfStruct};

/// A field of the struct.
struct Field {
    member: Member,
    /// The variable that holds it in a pattern.
    variable: Ident,
    /// Its name in the content.
    name: String,
    of: OfField,
}

pub(crate) fn implementation(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields(input)?;
    let of = OfStruct::of(&input.attrs)?;
    let kernel = &of.kernel;
    let type_name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let identity = identity(input, &of, &fields)?;
    let content = content(&of, &fields);
    let packing = of.packs.then(|| packing(&of, &fields));
    Ok(quote! {
        #[automatically_derived]
        impl #generics #kernel::Payload for #type_name #arguments #bounds {
            #identity

            fn digest(&self, content: &mut #kernel::trace::CanonicalContent) {
                #content
            }

            #packing
        }
    })
}

/// Returns the fields in their order.
fn fields(input: &DeriveInput) -> Result<Vec<Field>> {
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            let text = "a payload is a struct: make each variant a payload of its own, or implement `Payload` by hand";
            return Err(Error::new(data.enum_token.span, text));
        }
        Data::Union(data) => {
            return Err(Error::new(data.union_token.span, "a payload is a struct: it cannot be a union"));
        }
    };
    let mut fields: Vec<Field> = Vec::new();
    for (at, field) in data.fields.iter().enumerate() {
        let of = OfField::of(&field.attrs)?;
        let member = field.ident.clone().map_or_else(|| Member::Unnamed(Index::from(at)), Member::Named);
        let own_name = field.ident.as_ref().map_or_else(
            || at.to_string(),
            |ident| {
                let text = ident.to_string();
                text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
            },
        );
        let name = of.name.as_ref().map_or(own_name, syn::LitStr::value);
        if fields.iter().any(|earlier| earlier.name == name) {
            let text = format!("another field is `{name}` in the content already (choose another name)");
            return Err(Error::new_spanned(field, text));
        }
        fields.push(Field { member, variable: format_ident!("field_{at}"), name, of });
    }
    Ok(fields)
}

fn identity(input: &DeriveInput, of: &OfStruct, fields: &[Field]) -> Result<Option<TokenStream>> {
    let kernel = &of.kernel;
    // A field may have the name of the parameter.
    let text = Ident::new("identity", Span::mixed_site());
    let mut marked = fields.iter().filter(|field| field.of.is_identity);
    let field = marked.next();
    if let Some(second) = marked.next() {
        let text =
            "a second identity: for several fields write `#[payload(identity = \"{a} {b}\")]` on the struct";
        return Err(Error::new_spanned(&second.member, text));
    }
    let set = match (&of.identity, field) {
        (Some(format), Some(_)) => {
            return Err(Error::new(
                format.span(),
                "the identity is there twice: on the struct and on a field",
            ));
        }
        (Some(format), None) => {
            // Only fields with names can be captured by a format string.
            let named = fields.iter().filter_map(|field| match &field.member {
                Member::Named(name) => Some(name),
                Member::Unnamed(_) => None,
            });
            quote! {
                #[allow(unused_variables)]
                let Self { #(#named,)* .. } = self;
                #text.set(::core::format_args!(#format));
            }
        }
        (None, Some(Field { member, .. })) => quote! { #text.set(&self.#member); },
        (None, None) if of.is_public => {
            let text = "`public_identity` without an identity: mark a field with `#[payload(identity)]`";
            return Err(Error::new_spanned(&input.ident, text));
        }
        (None, None) => return Ok(None),
    };
    let is_public = of.is_public.then(|| {
        quote! {
            fn identity_is_public(&self) -> bool {
                true
            }
        }
    });
    Ok(Some(quote! {
        fn identity(&self, #text: &mut #kernel::trace::ShortText) -> bool {
            #set
            true
        }

        #is_public
    }))
}

/// Returns the statements that append every field to the content.
fn content(of: &OfStruct, fields: &[Field]) -> TokenStream {
    let kernel = &of.kernel;
    let append = fields.iter().map(|Field { member, name, of, .. }| {
        if of.is_display {
            quote! { content.display(#name, &self.#member); }
        } else {
            quote! { #kernel::trace::ContentField::append(&self.#member, #name, content); }
        }
    });
    if fields.is_empty() {
        quote! { let _ = content; }
    } else {
        quote! { #(#append)* }
    }
}

/// Returns the functions that pack and unpack all fields.
fn packing(of: &OfStruct, fields: &[Field]) -> TokenStream {
    let kernel = &of.kernel;
    let members: Vec<_> = fields.iter().map(|field| &field.member).collect();
    let variables: Vec<_> = fields.iter().map(|field| &field.variable).collect();
    quote! {
        fn always_packs() -> bool {
            true
        }

        fn pack(&self, to: &mut ::std::vec::Vec<u8>) -> bool {
            #(#kernel::Encode::encode(&self.#members, to);)*
            let _ = to;
            true
        }

        fn unpack(from: &mut &[u8]) -> ::core::option::Option<Self> {
            #(let #variables = #kernel::Encode::decode(from)?;)*
            let _ = from;
            ::core::option::Option::Some(Self { #(#members: #variables),* })
        }
    }
}

#[cfg(test)]
mod tests;
