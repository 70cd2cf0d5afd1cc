//! Rows from streamed JSON: a source's content is never in memory twice.

use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use stream_kernel_config::Problem;

use crate::http::ReadError;

/// The name of an optional field, and of a required one beside it.
type Field = (&'static str, &'static str);

/// Hands each element of a list to `each`, until that finds a problem. The list is the whole answer, or a field of it.
pub(crate) fn for_each<T: DeserializeOwned>(
    reader: &mut dyn Read,
    field: Option<Field>,
    mut each: impl FnMut(T) -> Result<(), Problem>,
) -> Result<(), ReadError> {
    let mut problem = None;
    let mut keep = |element| each(element).map_err(|found| problem = Some(found));
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let elements = Elements { field, each: &mut keep, element: PhantomData };
    let result = elements.deserialize(&mut json).and_then(|()| json.end());
    match (problem, result) {
        (Some(problem), _) => Err(ReadError::Problem(problem)),
        (None, result) => result.map_err(ReadError::Answer),
    }
}

/// Returns the decoded base64.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

/// Returns bytes in base64.
#[cfg(feature = "etcd")]
pub(crate) fn encoded(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

struct Elements<'a, T> {
    field: Option<Field>,
    each: &'a mut dyn FnMut(T) -> Result<(), ()>,
    element: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Elements<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.field {
            Some(_) => deserializer.deserialize_map(self),
            None => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Elements<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.field.is_some() { "an object" } else { "a list of keys and values" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<T>()? {
            (self.each)(element).map_err(|()| A::Error::custom("stopped"))?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Some((name, beside)) = self.field else { return Err(A::Error::custom("not a list")) };
        let mut elements = Some(Elements { field: None, ..self });
        let mut has_beside = false;
        while let Some(found) = object.next_key::<String>()? {
            if found == name {
                object.next_value_seed(elements.take().ok_or_else(|| A::Error::duplicate_field(name))?)?;
            } else {
                has_beside |= found == beside;
                object.next_value::<IgnoredAny>()?;
            }
        }
        if has_beside { Ok(()) } else { Err(A::Error::missing_field(beside)) }
    }
}
