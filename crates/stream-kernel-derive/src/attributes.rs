//! The attributes `#[payload(...)]` of a struct and of its fields.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Path, Result, parse_quote};

/// The attributes of a struct.
pub(crate) struct OfStruct {
    /// The identity as a format string.
    pub(crate) identity: Option<LitStr>,
    /// Whether the identity may be shown in a trace that hides identities.
    pub(crate) is_public: bool,
    /// Whether the payload goes from worker to worker as bytes.
    pub(crate) packs: bool,
    /// The path of `stream_kernel_exec`.
    pub(crate) kernel: Path,
}

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct OfField {
    /// Whether the field is the identity.
    pub(crate) is_identity: bool,
    /// Whether its content is the text that people read.
    pub(crate) is_display: bool,
    /// Its name in the content, if another than its own.
    pub(crate) name: Option<LitStr>,
}

impl OfStruct {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut of = Self {
            identity: None,
            is_public: false,
            packs: false,
            kernel: parse_quote!(::stream_kernel_exec),
        };
        let mut has_kernel = false;
        each(attributes, |meta| {
            if meta.path.is_ident("identity") {
                let text = meta.value().and_then(syn::parse::ParseBuffer::parse).map_err(|_| {
                    meta.error(
                        "an identity of a struct is a format string: `identity = \"{method} {target}\"`",
                    )
                })?;
                once(meta, of.identity.replace(text).is_some())
            } else if meta.path.is_ident("public_identity") {
                once(meta, std::mem::replace(&mut of.is_public, true))
            } else if meta.path.is_ident("pack") {
                once(meta, std::mem::replace(&mut of.packs, true))
            } else if meta.path.is_ident("crate") {
                of.kernel = meta.value()?.parse()?;
                once(meta, std::mem::replace(&mut has_kernel, true))
            } else {
                Err(meta.error(
                    "unknown attribute: a struct has `identity = \"...\"`, `public_identity`, `pack` and \
                     `crate = path`",
                ))
            }
        })?;
        Ok(of)
    }
}

impl OfField {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut of = Self::default();
        each(attributes, |meta| {
            if meta.path.is_ident("identity") {
                once(meta, std::mem::replace(&mut of.is_identity, true))
            } else if meta.path.is_ident("display") {
                once(meta, std::mem::replace(&mut of.is_display, true))
            } else if meta.path.is_ident("name") {
                let name: LitStr = meta.value()?.parse()?;
                if !is_name(&name.value()) {
                    return Err(syn::Error::new(
                        name.span(),
                        "a name has letters, digits and `_`: others would be taken for the end of the name",
                    ));
                }
                once(meta, of.name.replace(name).is_some())
            } else {
                Err(meta.error("unknown attribute: a field has `identity`, `display` and `name = \"...\"`"))
            }
        })?;
        Ok(of)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Passes each item of the attributes `#[payload(...)]` to `take`.
fn each(attributes: &[Attribute], mut take: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("payload")) {
        attribute.parse_nested_meta(|meta| take(&meta))?;
    }
    Ok(())
}

/// Reports an item that `was_there` before.
fn once(meta: &ParseNestedMeta<'_>, was_there: bool) -> Result<()> {
    if was_there { Err(meta.error("it is there twice (remove one)")) } else { Ok(()) }
}
