//! Environment variables as layers: `PREFIX__A__B` sets the key `a.b`.

use std::ffi::OsString;

use super::{Assignment, Layers};
use crate::check::Retired;
use crate::key_path;
use crate::mistake::{Findings, Problem};
use crate::nearest::nearest;
use crate::origin::{Origin, Provenance};
use crate::schema::{Kind, Node};

/// Returns every variable that would be heeded, in the schema's order: name, key path and schema.
pub(crate) fn variable_names<'s>(prefix: &str, schema: &'s Node) -> Vec<(String, String, &'s Node)> {
    fn visit<'s>(name: &str, path: &str, node: &'s Node, found: &mut Vec<(String, String, &'s Node)>) {
        let Kind::Map(keys) = &node.kind else { return };
        for (key, child) in keys {
            let name = format!("{name}__{}", key.to_uppercase());
            let path = key_path::join(path, key);
            found.push((name.clone(), path.clone(), child));
            visit(&name, &path, child, found);
        }
    }
    let mut found = Vec::new();
    visit(prefix, "", schema, &mut found);
    found
}

/// Puts the variables that begin with `prefix__` over the layers so far, sorted by name so that a key in a map comes after
/// the map; others are not looked at.
pub(crate) fn add_environment(
    layers: &mut Layers,
    findings: &mut Findings,
    (prefix, schema, retired): (&str, &Node, &[Retired]),
    variables: Vec<(OsString, OsString)>,
) {
    let known = variable_names(prefix, schema);
    let marker = format!("{prefix}__");
    let mut ours: Vec<_> = variables
        .into_iter()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(marker.as_bytes()))
        .collect();
    ours.sort();
    for (name, value) in ours {
        let name = name.to_string_lossy().into_owned();
        let origin = Origin::Variable { name: name.clone(), value: value.to_string_lossy().into_owned() };
        let mut refuse = |key: &str, problem| {
            let provenance = Provenance::new(layers.next_number(), origin.clone());
            findings.add(key, provenance, problem);
            layers.push_nothing();
        };
        let Some((_, key, _)) = known.iter().find(|(known, _, _)| *known == name) else {
            let key = name[marker.len()..].to_lowercase().replace("__", ".");
            refuse(
                &key,
                unknown_variable(&key, &name, known.iter().map(|(name, _, _)| name.as_str()), retired),
            );
            continue;
        };
        match value.into_string() {
            Ok(value) => {
                Assignment { origin, key: key.clone(), value }.add_to(layers, findings, schema, retired);
            }
            Err(_) => refuse(key, Problem::new("not UTF-8").expected("a value in UTF-8").hint("set it anew")),
        }
    }
}

fn unknown_variable<'a>(
    key: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
    retired: &[Retired],
) -> Problem {
    let problem = Problem::new("unknown environment variable")
        .expected("the variable of a key that exists")
        .hint("unset it");
    match retired.iter().find(|retired| retired.covers(key)) {
        Some(retired) => problem.hint(&retired.hint),
        None => problem.did_you_mean(nearest(name, known)),
    }
}
