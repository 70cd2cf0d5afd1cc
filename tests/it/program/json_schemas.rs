//! The program's JSON Schemas, given to a validator.

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::folder::Folder;
use super::harness::Program;

/// Returns a validator for the schema that the command prints. It holds formats, such as that of a date, to be binding.
#[track_caller]
pub(super) fn validator_of(command: &[&str]) -> Validator {
    let schema = schema_of(command);
    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&schema).unwrap()
}

fn schema_of(command: &[&str]) -> Value {
    let schema = Program::new(&Folder::new()).args(command).exits_with(0).stdout;
    serde_json::from_str(&schema).unwrap()
}

#[test]
fn the_schemas_are_schemas() {
    for command in [["trace", "schema"], ["config", "schema"]] {
        let mut schema = schema_of(&command);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        jsonschema::draft202012::meta::validate(&schema)
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        schema["required"] = true.into();
        assert!(!jsonschema::draft202012::meta::is_valid(&schema), "the validator looks");
    }
}
