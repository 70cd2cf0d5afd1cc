//! Messages: one enum per application, its payload types, and the macros that tie them together.

use std::any::Any;

use stream_kernel_trace::{CanonicalContent, Message, ShortText};

/// A payload's description of itself for tracing.
pub trait Payload {
    /// Writes the name that people use for the payload's subject; returns false if there is none.
    fn identity(&self, identity: &mut ShortText) -> bool {
        let _ = identity;
        false
    }

    /// Returns whether the identity reveals nothing about anybody, so that a trace that hides identities may show it.
    fn identity_is_public(&self) -> bool {
        false
    }

    /// Appends every field to the canonical content, always in the same order.
    fn digest(&self, content: &mut CanonicalContent);

    /// Reads from what the payload holds outside itself, so that the processor has it when the message is due. It is
    /// called some lines ahead when another worker hands lines over; by default it does nothing.
    fn prefetch(&self) {}

    /// Returns whether every value can be [packed](Self::pack). Return true if you can: lines then take less time on
    /// several workers.
    fn always_packs() -> bool {
        false
    }

    /// Appends the payload as bytes, to be [unpacked](Self::unpack) by another worker, and returns whether that is
    /// possible. If not, the worker is sent the line and makes the payload from it again, which takes longer.
    fn pack(&self, to: &mut Vec<u8>) -> bool {
        let _ = to;
        false
    }

    /// Takes a packed payload off the front of `from`; `None` if there is none.
    fn unpack(from: &mut &[u8]) -> Option<Self>
    where
        Self: Sized,
    {
        let _ = from;
        None
    }
}

/// A kind of message: the position of a variant in its message enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind(u8);

impl Kind {
    /// Returns the kind of the variant at `position`; for the macros.
    #[doc(hidden)]
    pub const fn at(position: u8) -> Self {
        Self(position)
    }

    /// Returns the kind of messages of the enum `M` that carry the payload `P`.
    pub const fn of<M: MessageSet, P: VariantOf<M>>() -> Self {
        P::KIND
    }

    /// Returns the position of the variant in its enum, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the kind's name in the message enum `M`.
    pub fn name_in<M: MessageSet>(self) -> &'static str {
        M::KINDS[self.index()]
    }
}

/// The message enum of an application; made by [`messages!`](crate::messages).
pub trait MessageSet: Message + Send + Sized + 'static {
    /// The names of the kinds, by [`Kind::index`].
    const KINDS: &'static [&'static str];

    /// Returns the message's kind.
    fn kind(&self) -> Kind;

    /// Prefetches the message's content: see [`Payload::prefetch`].
    fn prefetch(&self);

    /// Returns whether messages of a kind can always be packed: see [`Payload::always_packs`].
    fn always_packs(kind: Kind) -> bool;

    /// Appends the message as bytes: see [`Payload::pack`].
    fn pack(&self, to: &mut Vec<u8>) -> bool;

    /// Takes a packed message off the front of `from`; `None` if there is none.
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

/// A payload that is a variant of the message enum `M`; made by [`messages!`](crate::messages).
pub trait VariantOf<M: MessageSet>: Payload + Into<M> + Sized + 'static {
    /// The kind of messages that carry this payload.
    const KIND: Kind;

    /// Takes the payload out of `message`.
    ///
    /// # Errors
    ///
    /// Returns the message unchanged if it is of another kind.
    fn from_message(message: M) -> Result<Self, M>;

    /// Returns the payload in `message`, `None` if it is of another kind.
    fn peek(message: &M) -> Option<&Self>;
}

/// The outputs of a step: one payload type, several ([`outputs!`](crate::outputs)), or [`Nothing`].
pub trait Emits<M: MessageSet>: Into<M> {
    /// Returns the kinds of message that it can be.
    fn kinds() -> Vec<Kind>;

    /// Returns the payload that it carries if that is a `P`, and itself if not.
    #[doc(hidden)]
    fn into_payload<P: VariantOf<M>>(self) -> Result<P, Self>;
}

/// Returns a value as the type `B` if that is its own type: the compiler knows, so it costs nothing.
#[doc(hidden)]
#[inline]
pub fn same_type<A: 'static, B: 'static>(value: A) -> Result<B, A> {
    let mut value = Some(value);
    let any: &mut dyn Any = &mut value;
    match (any.downcast_mut::<Option<B>>().and_then(Option::take), value) {
        (Some(same), _) => Ok(same),
        (None, Some(other)) => Err(other),
        (None, None) => unreachable!("only a value of this type is taken"),
    }
}

/// The output of a step that emits nothing; it has no value.
#[derive(Clone, Copy, Debug)]
pub enum Nothing {}

/// Makes the message enum of an application from its payload types: one variant each, with the same name.
///
/// The payloads implement [`Payload`]. The macro adds the enum, its conversions, and the traits for typing steps and
/// for routing and tracing messages.
///
/// ```
/// use stream_kernel_exec::trace::{CanonicalContent, Message};
/// use stream_kernel_exec::{MessageSet, Payload};
///
/// pub struct Line(String);
/// impl Payload for Line {
///     fn digest(&self, content: &mut CanonicalContent) {
///         content.text("text", &self.0);
///     }
/// }
/// pub struct Words(u64);
/// impl Payload for Words {
///     fn digest(&self, content: &mut CanonicalContent) {
///         content.unsigned("count", self.0);
///     }
/// }
/// stream_kernel_exec::messages! {
///     /// What moves through the word counter.
///     pub enum Counting { Line, Words }
/// }
///
/// assert_eq!(Counting::KINDS, ["Line", "Words"]);
/// assert_eq!(Counting::from(Words(3)).type_name(), "Words");
/// ```
#[macro_export]
macro_rules! messages {
    ($(#[$attribute:meta])* $visibility:vis enum $name:ident { $($payload:ident),+ $(,)? }) => {
        $(#[$attribute])*
        $visibility enum $name {
            $(#[doc = concat!("A message that carries a [`", stringify!($payload), "`].")] $payload($payload)),+
        }

        const _: () = {
            #[repr(u8)]
            enum Position { $($payload),+ }

            impl $crate::trace::Message for $name {
                fn type_name(&self) -> &'static str {
                    match self { $(Self::$payload(_) => stringify!($payload)),+ }
                }
                fn identity(&self, identity: &mut $crate::trace::ShortText) -> bool {
                    match self { $(Self::$payload(payload) => $crate::Payload::identity(payload, identity)),+ }
                }
                fn identity_is_public(&self) -> bool {
                    match self { $(Self::$payload(payload) => $crate::Payload::identity_is_public(payload)),+ }
                }
                fn digest(&self, content: &mut $crate::trace::CanonicalContent) {
                    match self { $(Self::$payload(payload) => $crate::Payload::digest(payload, content)),+ }
                }
            }

            impl $crate::MessageSet for $name {
                const KINDS: &'static [&'static str] = &[$(stringify!($payload)),+];
                #[inline]
                fn kind(&self) -> $crate::Kind {
                    match self { $(Self::$payload(_) => $crate::Kind::at(Position::$payload as u8)),+ }
                }
                #[inline]
                fn prefetch(&self) {
                    match self { $(Self::$payload(payload) => $crate::Payload::prefetch(payload)),+ }
                }
                fn always_packs(kind: $crate::Kind) -> bool {
                    [$(<$payload as $crate::Payload>::always_packs),+][kind.index()]()
                }
                fn pack(&self, to: &mut ::std::vec::Vec<u8>) -> bool {
                    to.push(match self { $(Self::$payload(_) => Position::$payload as u8),+ });
                    match self { $(Self::$payload(payload) => $crate::Payload::pack(payload, to)),+ }
                }
                fn unpack(from: &mut &[u8]) -> ::core::option::Option<Self> {
                    let (&kind, rest) = from.split_first()?;
                    *from = rest;
                    $(if kind == Position::$payload as u8 {
                        return <$payload as $crate::Payload>::unpack(from).map(Self::$payload);
                    })+
                    ::core::option::Option::None
                }
            }

            $(
                impl ::core::convert::From<$payload> for $name {
                    #[inline]
                    fn from(payload: $payload) -> Self {
                        Self::$payload(payload)
                    }
                }

                impl $crate::VariantOf<$name> for $payload {
                    const KIND: $crate::Kind = $crate::Kind::at(Position::$payload as u8);
                    #[inline]
                    fn from_message(message: $name) -> ::core::result::Result<Self, $name> {
                        // With a single variant the second arm is never taken.
                        #[allow(unreachable_patterns)]
                        match message {
                            $name::$payload(payload) => ::core::result::Result::Ok(payload),
                            other => ::core::result::Result::Err(other),
                        }
                    }
                    #[inline]
                    fn peek(message: &$name) -> ::core::option::Option<&Self> {
                        #[allow(unreachable_patterns)]
                        match message {
                            $name::$payload(payload) => ::core::option::Option::Some(payload),
                            _ => ::core::option::Option::None,
                        }
                    }
                }

                impl $crate::Emits<$name> for $payload {
                    fn kinds() -> ::std::vec::Vec<$crate::Kind> {
                        ::std::vec![<Self as $crate::VariantOf<$name>>::KIND]
                    }
                    #[inline]
                    fn into_payload<P: $crate::VariantOf<$name>>(self) -> ::core::result::Result<P, Self> {
                        $crate::same_type(self)
                    }
                }
            )+

            impl ::core::convert::From<$crate::Nothing> for $name {
                fn from(nothing: $crate::Nothing) -> Self {
                    match nothing {}
                }
            }

            impl $crate::Emits<$name> for $crate::Nothing {
                fn kinds() -> ::std::vec::Vec<$crate::Kind> {
                    ::std::vec::Vec::new()
                }
                fn into_payload<P: $crate::VariantOf<$name>>(self) -> ::core::result::Result<P, Self> {
                    match self {}
                }
            }
        };
    };
}

/// Makes the output type of a step that emits several kinds: an enum of some of the payloads of a message enum.
///
/// ```
/// # use stream_kernel_exec::trace::CanonicalContent;
/// # pub struct Line; pub struct Words; pub struct Blank;
/// # impl stream_kernel_exec::Payload for Line { fn digest(&self, _: &mut CanonicalContent) {} }
/// # impl stream_kernel_exec::Payload for Words { fn digest(&self, _: &mut CanonicalContent) {} }
/// # impl stream_kernel_exec::Payload for Blank { fn digest(&self, _: &mut CanonicalContent) {} }
/// # stream_kernel_exec::messages! { pub enum Counting { Line, Words, Blank } }
/// stream_kernel_exec::outputs! {
///     /// What becomes of a line.
///     pub enum Split of Counting { Words, Blank }
/// }
/// use stream_kernel_exec::{Emits, VariantOf};
/// assert_eq!(Split::kinds(), [<Words as VariantOf<Counting>>::KIND, <Blank as VariantOf<Counting>>::KIND]);
/// ```
#[macro_export]
macro_rules! outputs {
    ($(#[$attribute:meta])* $visibility:vis enum $name:ident of $messages:ident { $($payload:ident),+ $(,)? }) => {
        $(#[$attribute])*
        $visibility enum $name {
            $(#[doc = concat!("Emits a [`", stringify!($payload), "`].")] $payload($payload)),+
        }

        $(impl ::core::convert::From<$payload> for $name {
            #[inline]
            fn from(payload: $payload) -> Self {
                Self::$payload(payload)
            }
        })+

        impl ::core::convert::From<$name> for $messages {
            #[inline]
            fn from(output: $name) -> Self {
                match output { $($name::$payload(payload) => Self::$payload(payload)),+ }
            }
        }

        impl $crate::Emits<$messages> for $name {
            fn kinds() -> ::std::vec::Vec<$crate::Kind> {
                ::std::vec![$(<$payload as $crate::VariantOf<$messages>>::KIND),+]
            }
            #[inline]
            fn into_payload<P: $crate::VariantOf<$messages>>(self) -> ::core::result::Result<P, Self> {
                match self { $(Self::$payload(payload) => $crate::same_type(payload).map_err(Self::$payload)),+ }
            }
        }
    };
}
