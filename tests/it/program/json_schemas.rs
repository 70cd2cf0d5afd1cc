//! The program's JSON Schemas, given to a validator.

use jsonschema::Validator;
use serde_json::Value;

use super::folder::Folder;
use super::harness::Program;

/// Returns a validator for the schema that the command prints. It enforces formats, such as that of a date.
#[track_caller]
pub(super) fn validator_of(command: &[&str]) -> Validator {
    let schema = schema_of(command);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn schema_of(command: &[&str]) -> Value {
    let schema = Program::new(&Folder::new()).args(command).exits_with(0).stdout;
    serde_json::from_str(&schema).unwrap()
}

#[test]
fn the_schemas_are_schemas() {
    type Meta = (fn(&Value) -> bool, &'static str);
    let draft_7: Meta = (jsonschema::draft7::meta::is_valid, "http://json-schema.org/draft-07/schema#");
    let draft_2020: Meta =
        (jsonschema::draft202012::meta::is_valid, "https://json-schema.org/draft/2020-12/schema");
    for (command, (is_valid, draft)) in [(["trace", "schema"], draft_2020), (["config", "schema"], draft_7)] {
        let mut schema = schema_of(&command);
        assert_eq!(schema["$schema"], draft);
        assert!(is_valid(&schema), "{command:?}");
        schema["required"] = true.into();
        assert!(!is_valid(&schema), "the validator looks");
    }
}
