//! Shapes of types beyond maps, lists and scalars: open structs, tuples, fixed arrays, sets, enums with a tag.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use std::collections::BTreeSet;

use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stream_kernel_config::{Config, Effective, Loader};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Nodes {
    /// A struct that does not deny unknown fields.
    open: Open,
    pair: (u8, String),
    triple: [i8; 3],
    names: BTreeSet<String>,
    #[schemars(length(min = 1, max = 2))]
    few: Option<Vec<bool>>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Open {
    limit: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Nothing {}

fn loader(nodes: &str) -> Loader {
    let text = format!("version: 1\nscenario: {{name: a}}\nnodes: {nodes}\nadapters: {{}}\n");
    Loader::new("APP").default_pipeline(["parse"]).built_in("file", text)
}

fn accepted<N: DeserializeOwned + JsonSchema>(layers: Loader) -> (N, Effective) {
    let loaded = layers.load::<Config<N, Nothing>>().unwrap();
    let (config, effective) = loaded.finish().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (config.nodes, effective)
}

fn mistakes<N: DeserializeOwned + JsonSchema>(layers: Loader) -> String {
    layers.load::<Config<N, Nothing>>().unwrap().finish().err().unwrap().to_string()
}

#[test]
fn open_structs_tuples_arrays_and_sets_are_read() {
    let text = "{open: {limit: 3}, pair: [4, x], triple: [1, -2, 3], names: [b, a], few: [true]}";
    let (nodes, effective) = accepted::<Nodes>(loader(text).set("nodes.pair.1=y").set("nodes.triple.0=-1"));
    let expected = Nodes {
        open: Open { limit: 3 },
        pair: (4, "y".to_owned()),
        triple: [-1, -2, 3],
        names: ["a".to_owned(), "b".to_owned()].into(),
        few: Some(vec![true]),
    };
    assert_eq!(nodes, expected);
    let again = Loader::new("APP").built_in("shown", effective.yaml());
    assert_eq!(accepted::<Nodes>(again).0, expected, "as it is shown, it reads back");
    assert_eq!(accepted::<Nodes>(loader("{}")).0, Nodes::default());
}

#[test]
fn mistakes_in_these_shapes_are_named() {
    let text =
        "{open: {limt: 3}, pair: [4, x, 5], triple: [1, 2], names: [a, b, a], few: [true, false, true]}";
    assert_snapshot!(mistakes::<Nodes>(loader(text)), @"
    error: `nodes.open.limt`: unknown key
      --> file:3:16
       |
     3 | nodes: {open: {limt: 3}, pair: [4, x, 5], triple: [1, 2], names: [a, b, a], few: [true, false, true]}
       |                ^^^^
      expected: `limit`
      hint: did you mean `limit`?

    error: `nodes.pair`: found a list of 3 items
      --> file:3:32
       |
     3 | nodes: {open: {limt: 3}, pair: [4, x, 5], triple: [1, 2], names: [a, b, a], few: [true, false, true]}
       |                                ^
      expected: a list of 2 items: a whole number from 0 to 255; then text
      hint: write as many items as are expected: `[item, item]`

    error: `nodes.triple`: found a list of 2 items
      --> file:3:51
       |
     3 | nodes: {open: {limt: 3}, pair: [4, x, 5], triple: [1, 2], names: [a, b, a], few: [true, false, true]}
       |                                                   ^
      expected: a list of 3 items, each item a whole number from -128 to 127
      hint: write as many items as are expected: `[item, item]`

    error: `nodes.names.2`: the same as `nodes.names.0` (file:3:67)
      --> file:3:73
       |
     3 | ...: {limt: 3}, pair: [4, x, 5], triple: [1, 2], names: [a, b, a], few: [true, false, true]}
       |                                                                ^
      expected: each item once
      hint: remove one of them

    error: `nodes.few`: found a list of 3 items
      --> file:3:82
       |
     3 | ...3}, pair: [4, x, 5], triple: [1, 2], names: [a, b, a], few: [true, false, true]}
       |                                                                ^
      expected: a list of 1 to 2 items, each item `true` or `false`, or null
      hint: write as many items as are expected: `[item, item]`
    ");
    let items = loader("{pair: [300, x], triple: [1, 2, 300]}").set("nodes.pair.2=y").set("nodes.few=[]");
    assert_snapshot!(mistakes::<Nodes>(items), @"
    error: `nodes.pair.0`: found the number `300`
      --> file:3:16
       |
     3 | nodes: {pair: [300, x], triple: [1, 2, 300]}
       |                ^^^
      expected: a whole number from 0 to 255
      hint: write a whole number from 0 to 255

    error: `nodes.triple.2`: found the number `300`
      --> file:3:40
       |
     3 | nodes: {pair: [300, x], triple: [1, 2, 300]}
       |                                        ^^^
      expected: a whole number from -128 to 127
      hint: write a whole number from -128 to 127

    error: `nodes.pair.2`: the list cannot have this item
      --> command line: --set nodes.pair.2=y
      expected: a list of 2 items: a whole number from 0 to 255; then text
      hint: use a number below 2

    error: `nodes.few`: found a list of 0 items
      --> command line: --set nodes.few=[]
      expected: a list of 1 to 2 items, each item `true` or `false`, or null
      hint: write as many items as are expected: `[item, item]`
    ");
}

#[test]
fn an_item_that_repeats_one_of_another_layer_names_both() {
    let mistakes = mistakes::<Nodes>(loader("{names: [a, b]}").set("nodes.names.1=a"));
    let expected = "error: `nodes.names.1`: the same as `nodes.names.0` (file:3:17)\n  --> command line: --set nodes.names.1=a";
    assert!(mistakes.starts_with(expected), "{mistakes}");
}

#[test]
fn the_editors_schema_closes_open_structs() {
    let schema = Loader::new("APP").json_schema::<Config<Nodes, Nothing>>().unwrap();
    let nodes = &schema["properties"]["nodes"];
    assert_eq!(nodes["additionalProperties"], false);
    assert_eq!(nodes["properties"]["open"]["additionalProperties"], false);
    assert_eq!(nodes["properties"]["pair"]["items"][0]["maximum"], 255);
    assert_eq!(nodes["properties"]["pair"]["items"][0].get("format"), None, "not of the standard");
}

#[test]
fn variables_know_these_shapes() {
    let variables = Loader::new("APP").variables::<Config<Nodes, Nothing>>().unwrap();
    let line = |name: &str| variables.iter().find(|variable| variable.name == name).unwrap().expected.clone();
    assert_eq!(line("APP__NODES__PAIR"), "a list of 2 items: a whole number from 0 to 255; then text");
    assert_eq!(line("APP__NODES__TRIPLE"), "a list of 3 items, each item a whole number from -128 to 127");
    assert_eq!(line("APP__NODES__NAMES"), "a list without repetition, each item text");
    assert_eq!(line("APP__NODES__FEW"), "a list of 1 to 2 items, each item `true` or `false`, or null");
}
