//! Rows out of JSON as it comes in: what a source holds is never in memory twice.

use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use stream_kernel_config::Problem;

use crate::http::ReadError;

/// Hands each element of a list to `each`, until that has a problem with one.
#[cfg(feature = "consul")]
pub(crate) fn for_each<T: DeserializeOwned>(
    reader: &mut dyn Read,
    each: impl FnMut(T) -> Result<(), Problem>,
) -> Result<(), ReadError> {
    read(reader, each, |json, elements| elements.deserialize(json))
}

/// Hands each element of the list in a field to `each`, until that has a problem with one. The field may be missing,
/// the other one, `beside`, may not.
#[cfg(feature = "etcd")]
pub(crate) fn for_each_in<T: DeserializeOwned>(
    reader: &mut dyn Read,
    field: &'static str,
    beside: &'static str,
    each: impl FnMut(T) -> Result<(), Problem>,
) -> Result<(), ReadError> {
    read(reader, each, |json, elements| json.deserialize_map(Object { field, beside, elements }))
}

/// Returns what base64 stands for.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

/// Returns bytes in base64.
#[cfg(feature = "etcd")]
pub(crate) fn encoded(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

type Json<'a> = serde_json::Deserializer<serde_json::de::IoRead<BufReader<&'a mut dyn Read>>>;

fn read<'a, T: DeserializeOwned>(
    reader: &'a mut dyn Read,
    mut each: impl FnMut(T) -> Result<(), Problem>,
    deserialize: impl FnOnce(&mut Json<'a>, Elements<'_, T>) -> serde_json::Result<()>,
) -> Result<(), ReadError> {
    let mut problem = None;
    let mut keep = |element| each(element).map_err(|found| problem = Some(found));
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let elements = Elements { each: &mut keep, element: PhantomData };
    let result = deserialize(&mut json, elements).and_then(|()| json.end());
    match (problem, result) {
        (Some(problem), _) => Err(ReadError::Problem(problem)),
        (None, result) => result.map_err(ReadError::Answer),
    }
}

struct Elements<'a, T> {
    each: &'a mut dyn FnMut(T) -> Result<(), ()>,
    element: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Elements<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Elements<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of keys and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<T>()? {
            (self.each)(element).map_err(|()| A::Error::custom("stopped"))?;
        }
        Ok(())
    }
}

#[cfg(feature = "etcd")]
struct Object<'a, T> {
    field: &'static str,
    beside: &'static str,
    elements: Elements<'a, T>,
}

#[cfg(feature = "etcd")]
impl<'de, T: DeserializeOwned> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut elements = Some(self.elements);
        let mut has_beside = false;
        while let Some(name) = object.next_key::<String>()? {
            if name == self.field {
                let elements = elements.take().ok_or_else(|| A::Error::duplicate_field(self.field))?;
                object.next_value_seed(elements)?;
            } else {
                has_beside |= name == self.beside;
                object.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        if has_beside { Ok(()) } else { Err(A::Error::missing_field(self.beside)) }
    }
}
