//! Reader of the part of JSON Schema that derives produce; it refuses everything else.

use serde_json::{Map, Number, Value};

use super::{Decimal, Items, Kind, List, Node, PROFILES, Tagged};
use crate::decimal;
use crate::key_path;
use crate::mistake::{Findings, Mistakes, Problem};
use crate::origin::Origin;

/// A type whose schema this crate cannot check completely.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnsupportedSchema {
    key: String,
    reason: String,
    remedy: &'static str,
}

const SIMPLER: &str = "give the type a simpler shape, in the application's code";
const IN_STRUCT: &str = "put it into a field of a struct, in the application's code";
const OTHER_NAME: &str = "give the field another name, in the application's code";
const WITH_TAG: &str = "give the enum a tag, in the application's code: `#[serde(tag = \"kind\")]`";

impl From<UnsupportedSchema> for Mistakes {
    fn from(UnsupportedSchema { key, reason, remedy }: UnsupportedSchema) -> Self {
        let types = Origin::Row { source: "the types of the application".to_owned(), place: String::new() };
        let problem = Problem::new(format!("its type cannot be checked: {reason}")).hint(remedy);
        let mut findings = Findings::default();
        findings.add(key, types.into(), problem);
        findings.into_mistakes()
    }
}

/// Keywords without influence on valid values.
const ANNOTATIONS: [&str; 7] =
    ["$schema", "title", "description", "default", "examples", "deprecated", "readOnly"];

/// Keywords that each restrict the values of one type only.
const OF_TYPES: [&str; 12] = [
    "type",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "required",
    "additionalProperties",
];

/// Returns the schema of a whole configuration in checkable form.
pub(crate) fn read_root(schema: &Value) -> Result<Node, UnsupportedSchema> {
    let root = read(schema)?;
    let Kind::Map(keys) = &root.kind else {
        let reason = "a whole configuration that is not a struct".to_owned();
        return Err(UnsupportedSchema { key: String::new(), reason, remedy: IN_STRUCT });
    };
    if keys.iter().any(|(key, _)| key == PROFILES) {
        let reason = "a field that has the name of the profiles in a source".to_owned();
        return Err(UnsupportedSchema { key: PROFILES.to_owned(), reason, remedy: OTHER_NAME });
    }
    Ok(root)
}

/// Returns the schema in checkable form.
fn read(schema: &Value) -> Result<Node, UnsupportedSchema> {
    Reader { key: "" }.node(schema)
}

/// Reads the schema of one key.
struct Reader<'a> {
    key: &'a str,
}

impl Reader<'_> {
    fn node(&self, schema: &Value) -> Result<Node, UnsupportedSchema> {
        let is_annotation = |key: &String| ANNOTATIONS.contains(&key.as_str());
        let Some(schema) = schema.as_object().filter(|schema| !schema.keys().all(is_annotation)) else {
            return Err(self.unsupported("a schema that allows anything or nothing"));
        };
        let mut node = if let Some(choices) = schema.get("anyOf") {
            self.only(schema, &["anyOf"])?;
            self.optional(choices)?
        } else if let Some(bounds) = schema.get("x-decimal") {
            self.only(schema, &["type", "x-decimal"])?;
            let (_, nullable) = types(schema);
            Node { kind: Kind::Decimal(self.decimal(bounds)?), nullable, default: None, description: None }
        } else if let Some(names) = enumeration(schema) {
            self.only(schema, &["type", "enum", "const", "oneOf"])?;
            let (names, nullable) = self.names(names)?;
            Node { kind: Kind::OneOf(names), nullable, default: None, description: None }
        } else if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            self.only(schema, &["oneOf", "type"])?;
            let tagged = Box::new(self.tagged(choices)?);
            Node { kind: Kind::Tagged(tagged), nullable: false, default: None, description: None }
        } else {
            self.typed(schema)?
        };
        let description = schema.get("description").and_then(Value::as_str).map(str::to_owned);
        node.description = description.or(node.description);
        node.default = schema.get("default").cloned().or(node.default);
        Ok(node)
    }

    /// `anyOf` of a schema and null: the schema of an `Option` of an enum.
    fn optional(&self, choices: &Value) -> Result<Node, UnsupportedSchema> {
        let null = |choice: &&Value| choice.get("type").is_some_and(|name| name == "null");
        match choices.as_array().map(Vec::as_slice) {
            Some([choice, other]) if null(&other) && !null(&choice) => {
                Ok(Node { nullable: true, ..self.node(choice)? })
            }
            _ => Err(self.without_tag("an enum without a tag (`untagged`)")),
        }
    }

    /// `oneOf` of maps, of which each has one text at the same key: an enum with a tag.
    fn tagged(&self, choices: &[Value]) -> Result<Tagged, UnsupportedSchema> {
        let external = "an enum whose variants are keys with their data (externally tagged)";
        let tag =
            choices.first().and_then(|choice| choice["properties"].as_object()).and_then(|properties| {
                let is_tag = |key: &&String| {
                    choices.iter().all(|choice| name_of(&choice["properties"][*key]).is_some())
                };
                properties.keys().find(is_tag)
            });
        let tag = tag.ok_or_else(|| self.without_tag(external))?;
        let (mut names, mut variants) = (Vec::new(), Vec::new());
        for choice in choices {
            let Kind::Map(keys) = self.node(choice)?.kind else { return Err(self.without_tag(external)) };
            names.extend(name_of(&choice["properties"][tag]).map(str::to_owned));
            variants.push(keys);
        }
        let kind = Kind::OneOf(names);
        let names = Node { kind, nullable: false, default: None, description: None };
        Ok(Tagged { tag: tag.clone(), names, variants })
    }

    fn typed(&self, schema: &Map<String, Value>) -> Result<Node, UnsupportedSchema> {
        let (names, nullable) = types(schema);
        let kind = match names.as_slice() {
            ["boolean"] => Kind::Bool,
            ["integer"] => self.integer(schema)?,
            ["number"] => {
                let bound = |name| schema.get(name).and_then(Value::as_f64);
                Kind::Number { minimum: bound("minimum"), maximum: bound("maximum") }
            }
            ["string"] => {
                let min_chars = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
                Kind::Text { min_chars: usize::try_from(min_chars).unwrap_or(usize::MAX) }
            }
            ["array"] => Kind::List(self.list(schema)?),
            ["object"] => self.map(schema)?,
            _ => return Err(self.unsupported("no single type")),
        };
        self.only(schema, &OF_TYPES)?;
        // The format of a number is its width; that of a text would need a check.
        if matches!(kind, Kind::Text { .. }) && schema.contains_key("format") {
            return Err(self.unsupported("keyword `format` of a text"));
        }
        Ok(Node { kind, nullable, default: None, description: None })
    }

    fn list(&self, schema: &Map<String, Value>) -> Result<List, UnsupportedSchema> {
        let items = match schema.get("items") {
            Some(Value::Array(each)) => {
                Items::Each(each.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)
            }
            same => Items::Same(Box::new(self.node(same.unwrap_or(&Value::Null))?)),
        };
        let bound = |name: &str, implied| match schema.get(name) {
            None => Ok(implied),
            Some(bound) => bound
                .as_u64()
                .and_then(|bound| usize::try_from(bound).ok())
                .ok_or_else(|| self.unsupported(&format!("`{name}` of {bound}"))),
        };
        let count = bound("minItems", 0)?..=bound("maxItems", usize::MAX)?;
        if let Items::Each(each) = &items
            && count != (each.len()..=each.len())
        {
            return Err(self.unsupported("a tuple that may have fewer or more items"));
        }
        Ok(List { items, count, is_set: schema.get("uniqueItems") == Some(&Value::Bool(true)) })
    }

    fn map(&self, schema: &Map<String, Value>) -> Result<Kind, UnsupportedSchema> {
        match (schema.get("properties").and_then(Value::as_object), schema.get("additionalProperties")) {
            (None, Some(values)) if values.is_object() => Ok(Kind::FreeMap(Box::new(self.node(values)?))),
            // Without `deny_unknown_fields`, a type ignores unknown keys. As a key of a configuration, one is misspelt.
            (None, None | Some(Value::Bool(false))) => Ok(Kind::Map(Vec::new())),
            (Some(properties), None | Some(Value::Bool(false))) => properties
                .iter()
                .map(|(key, schema)| {
                    let path = key_path::join(self.key, key);
                    Ok((key.clone(), Reader { key: &path }.node(schema)?))
                })
                .collect::<Result<_, _>>()
                .map(Kind::Map),
            _ => Err(self.unsupported("a map that takes any key with a value of any type")),
        }
    }

    fn integer(&self, schema: &Map<String, Value>) -> Result<Kind, UnsupportedSchema> {
        let (lowest, highest) = match schema.get("format").and_then(Value::as_str) {
            None | Some("int64" | "int") => (i64::MIN.into(), i64::MAX.into()),
            Some("uint8") => (0, u8::MAX.into()),
            Some("uint16") => (0, u16::MAX.into()),
            Some("uint32") => (0, u32::MAX.into()),
            Some("uint64" | "uint") => (0, i128::from(u64::MAX)),
            Some("int8") => (i8::MIN.into(), i8::MAX.into()),
            Some("int16") => (i16::MIN.into(), i16::MAX.into()),
            Some("int32") => (i32::MIN.into(), i32::MAX.into()),
            Some(other) => return Err(self.unsupported(&format!("integer format `{other}`"))),
        };
        let bound = |name, implied: i128| match schema.get(name) {
            None => Ok(implied),
            Some(bound) => bound
                .as_number()
                .and_then(Number::as_i128)
                .ok_or_else(|| self.unsupported(&format!("`{name}` of {bound}"))),
        };
        Ok(Kind::Integer {
            minimum: bound("minimum", lowest)?.max(lowest),
            maximum: bound("maximum", highest)?.min(highest),
        })
    }

    fn decimal(&self, extension: &Value) -> Result<Decimal, UnsupportedSchema> {
        let read = || {
            let places = u8::try_from(extension.get("places")?.as_u64()?).ok()?;
            let bound = |name| decimal::parse(extension.get(name)?.as_str()?, places).ok();
            Some(Decimal { places, minimum: bound("minimum")?, maximum: bound("maximum")? })
        };
        read().ok_or_else(|| self.unsupported("`x-decimal` needs `places`, `minimum` and `maximum`"))
    }

    fn names(&self, values: Vec<&Value>) -> Result<(Vec<String>, bool), UnsupportedSchema> {
        let nullable = values.iter().any(|value| value.is_null());
        let names: Option<Vec<String>> = values
            .into_iter()
            .filter(|value| !value.is_null())
            .map(|v| v.as_str().map(str::to_owned))
            .collect();
        match names {
            Some(names) if !names.is_empty() => Ok((names, nullable)),
            _ => Err(self.unsupported("a choice between values that are not text")),
        }
    }

    /// Refuses keywords that are neither annotations nor `known`.
    fn only(&self, schema: &Map<String, Value>, known: &[&str]) -> Result<(), UnsupportedSchema> {
        match schema.keys().find(|key| !known.contains(&key.as_str()) && !ANNOTATIONS.contains(&key.as_str()))
        {
            Some(keyword) => Err(self.unsupported(&format!("keyword `{keyword}`"))),
            None => Ok(()),
        }
    }

    fn unsupported(&self, reason: &str) -> UnsupportedSchema {
        UnsupportedSchema { key: self.key.to_owned(), reason: reason.to_owned(), remedy: SIMPLER }
    }

    fn without_tag(&self, reason: &str) -> UnsupportedSchema {
        UnsupportedSchema { remedy: WITH_TAG, ..self.unsupported(reason) }
    }
}

/// Returns the names of the types, apart from null, and whether null is one of them.
fn types(schema: &Map<String, Value>) -> (Vec<&str>, bool) {
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let nullable = names.contains(&"null");
    (names.into_iter().filter(|name| *name != "null").collect(), nullable)
}

/// Returns the only text that a schema allows.
fn name_of(schema: &Value) -> Option<&str> {
    match enumeration(schema.as_object()?)?.as_slice() {
        [only] => only.as_str(),
        _ => None,
    }
}

/// Returns the values that `enum`, `const` or a `oneOf` of these list; none when the schema has none of them.
fn enumeration(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    if let Some(values) = schema.get("enum") {
        return values.as_array().map(|values| values.iter().collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    let choices = schema.get("oneOf")?.as_array()?;
    let listed = choices.iter().map(|choice| enumeration(choice.as_object()?));
    listed.collect::<Option<Vec<_>>>().map(|values| values.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn uncheckable_schemas_are_refused() {
        let refused = |schema: Value| read(&schema).unwrap_err().reason;
        assert_eq!(refused(json!(true)), "a schema that allows anything or nothing");
        assert_eq!(refused(json!({"$ref": "#"})), "no single type");
        assert_eq!(refused(json!({"type": "string", "format": "ip"})), "keyword `format` of a text");
        assert_eq!(refused(json!({"type": "string", "pattern": "x"})), "keyword `pattern`");
        assert_eq!(refused(json!({"type": "integer", "format": "int128"})), "integer format `int128`");
        assert_eq!(refused(json!({"type": "integer", "minimum": 0.5})), "`minimum` of 0.5");
        assert_eq!(refused(json!({"enum": [1, 2]})), "a choice between values that are not text");
        let external = refused(json!({"oneOf": [{"type": "object"}]}));
        assert!(external.contains("externally tagged"), "{external}");
        let untagged = refused(json!({"anyOf": [{"type": "object"}, {"type": "string"}]}));
        assert!(untagged.contains("without a tag"), "{untagged}");
        assert_eq!(
            refused(json!({"type": "object", "properties": {}, "additionalProperties": true})),
            "a map that takes any key with a value of any type"
        );
    }

    #[test]
    fn an_unsupported_type_is_named_by_its_key() {
        let schema = json!({"type": "object", "additionalProperties": false,
            "properties": {"a": {"type": "array", "items": {"type": ["string", "integer"]}}}});
        assert_eq!(
            Mistakes::from(read(&schema).unwrap_err()).to_string(),
            "error: `a`: its type cannot be checked: no single type\n  --> the types of the application\n  hint: give \
             the type a simpler shape, in the application's code"
        );
    }

    #[test]
    fn the_shapes_that_derives_give_an_enum_read_the_same() {
        let kind = Kind::OneOf(vec!["a".to_owned(), "b".to_owned()]);
        for schema in [
            json!({"type": ["string", "null"], "enum": ["a", "b", null]}),
            json!({"anyOf": [{"oneOf": [{"type": "string", "const": "a"}, {"enum": ["b"]}]}, {"type": "null"}]}),
        ] {
            let node = read(&schema).unwrap();
            assert_eq!((node.kind, node.nullable), (kind.clone(), true), "{schema}");
        }
    }
}
