//! Enums whose variants are maps with a tag: the tag chooses the keys that are checked.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stream_kernel_config::{Config, Effective, Loader};

use crate::app::Money;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Nodes {
    fee: Option<Fee>,
    steps: Vec<Fee>,
    shape: Shape,
}

/// Internally tagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Fee {
    /// Nothing to pay.
    None,
    /// The same for each load.
    Fixed { amount: Money },
    /// A share of the amount.
    Share(Share),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Share {
    percent: u8,
    #[serde(default)]
    amount: String,
}

/// Adjacently tagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "of")]
enum Shape {
    Circle { radius: u32 },
    Square { side: u32 },
}

impl Default for Shape {
    fn default() -> Self {
        Self::Circle { radius: 1 }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Nothing {}

fn loader(nodes: &str) -> Loader {
    let text = format!("version: 1\nscenario: {{name: a}}\nnodes: {nodes}\nadapters: {{}}\n");
    Loader::new("APP").default_pipeline(["parse"]).built_in("file", text)
}

fn accepted(layers: Loader) -> (Nodes, Effective) {
    let loaded = layers.load::<Config<Nodes, Nothing>>().unwrap();
    let (config, effective) = loaded.finish().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (config.nodes, effective)
}

fn mistakes<N: DeserializeOwned + JsonSchema>(layers: Loader) -> String {
    match layers.load::<Config<N, Nothing>>() {
        Ok(loaded) => loaded.finish().err().unwrap().to_string(),
        Err(mistakes) => mistakes.to_string(),
    }
}

#[test]
fn each_variant_is_read_with_its_keys() {
    let text = "{fee: {kind: fixed, amount: 0.10}, steps: [{kind: none}, {kind: share, percent: 3}], \
                shape: {type: Square, of: {side: 2}}}";
    let (nodes, effective) = accepted(loader(text));
    let share = Fee::Share(Share { percent: 3, amount: String::new() });
    let expected = Nodes {
        fee: Some(Fee::Fixed { amount: Money(10) }),
        steps: vec![Fee::None, share],
        shape: Shape::Square { side: 2 },
    };
    assert_eq!(nodes, expected);
    let again = Loader::new("APP").built_in("shown", effective.yaml());
    assert_eq!(accepted(again).0, expected, "as it is shown, it reads back");
    let shown: Vec<_> = effective.entries().iter().map(ToString::to_string).collect();
    assert!(shown.contains(&"nodes.shape.of.side: 2  # file:3:126".to_owned()), "{shown:?}");
    assert_eq!(accepted(loader("{}")).0, Nodes::default());
}

#[test]
fn keys_of_a_variant_can_be_assigned() {
    let text = "{fee: {kind: share, percent: 3}, steps: [{kind: fixed, amount: 1}]}";
    let (nodes, _) = accepted(
        loader(text)
            .environment([("APP__NODES__SHAPE__OF__RADIUS".into(), "9".into())])
            .set("nodes.fee.amount=5")
            .set("nodes.steps.0.amount=5"),
    );
    assert_eq!(
        nodes.fee,
        Some(Fee::Share(Share { percent: 3, amount: "5".to_owned() })),
        "text, as it is there"
    );
    assert_eq!(nodes.steps, [Fee::Fixed { amount: Money(500) }]);
    assert_eq!(nodes.shape, Shape::Circle { radius: 9 }, "the default's variant");
    let (nodes, _) = accepted(loader("{}").set("nodes.shape.of.side=4").set("nodes.shape.type=Square"));
    assert_eq!(nodes.shape, Shape::Square { side: 4 }, "in any order");
}

#[test]
fn mistakes_in_a_variant_are_named() {
    let text = "{fee: {kind: fixt, amount: 1}, steps: [{kind: fixed, percent: 3}, {amount: 1}, 5], shape: {type: Square, \
                of: {radius: 2}}}";
    assert_snapshot!(mistakes::<Nodes>(loader(text)), @"
    error: `nodes.fee.kind`: found text `fixt`
      --> file:3:21
       |
     3 | nodes: {fee: {kind: fixt, amount: 1}, steps: [{kind: fixed, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {rad...
       |                     ^^^^
      expected: one of `none`, `fixed`, `share`
      hint: choose one of them; letter case counts

    error: `nodes.steps.0.percent`: unknown key
      --> file:3:61
       |
     3 | nodes: {fee: {kind: fixt, amount: 1}, steps: [{kind: fixed, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {radius: 2}}}
       |                                                             ^^^^^^^
      expected: one of `kind`, `amount`
      hint: check its spelling and its place, or remove it

    error: `nodes.steps.2`: found the number `5`
      --> file:3:87
       |
     3 | ...amount: 1}, steps: [{kind: fixed, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {radius: 2}}}
       |                                                                ^
      expected: a map with the key `kind`, one of `none`, `fixed`, `share`
      hint: write keys with their values: `{key: value}`

    error: `nodes.shape.of.radius`: unknown key
      --> file:3:118
       |
     3 | ...d, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {radius: 2}}}
       |                                                                ^^^^^^
      expected: `side`
      hint: check its spelling and its place, or remove it

    error: `nodes.steps.0.amount`: required value is missing
      --> file:3:47
       |
     3 | nodes: {fee: {kind: fixt, amount: 1}, steps: [{kind: fixed, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {radius: 2}}}
       |                                               ^
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals
      hint: set `nodes.steps.0.amount`

    error: `nodes.steps.1.kind`: required value is missing
      --> file:3:74
       |
     3 | ...{kind: fixt, amount: 1}, steps: [{kind: fixed, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {radius: 2}}}
       |                                                                ^
      expected: one of `none`, `fixed`, `share`
      hint: set `nodes.steps.1.kind`

    error: `nodes.shape.of.side`: required value is missing
      --> file:3:117
       |
     3 | ...ed, percent: 3}, {amount: 1}, 5], shape: {type: Square, of: {radius: 2}}}
       |                                                                ^
      expected: a whole number from 0 to 4294967295
      hint: set `nodes.shape.of.side`
    ");
    let set = loader("{}").set("nodes.shape.oof.side=1").set("nodes.shape.of.sid=1").set("nodes.fee=");
    assert_snapshot!(mistakes::<Nodes>(set), @"
    error: `nodes.shape.oof`: unknown key
      --> command line: --set nodes.shape.oof.side=1
      expected: one of `type`, `of`
      hint: did you mean `of`?

    error: `nodes.shape.of.sid`: unknown key
      --> command line: --set nodes.shape.of.sid=1
      expected: `radius`
      hint: check its spelling and its place, or remove it

    error: `nodes.fee`: the value is blank
      --> command line: --set nodes.fee=
      expected: a map with the key `kind`, one of `none`, `fixed`, `share`, or null
      hint: give it keys, write `null` to switch it off, or remove it (the default is `null`)
    ");
}

#[test]
fn variables_name_the_keys_of_all_variants_once() {
    let variables = Loader::new("APP").variables::<Config<Nodes, Nothing>>().unwrap();
    let of_fee: Vec<_> = variables.iter().filter(|variable| variable.key.starts_with("nodes.fee")).collect();
    let lines: Vec<_> =
        of_fee.iter().map(|variable| format!("{}: {}", variable.name, variable.expected)).collect();
    assert_snapshot!(lines.join("\n"), @"
    APP__NODES__FEE: a map with the key `kind`, one of `none`, `fixed`, `share`, or null
    APP__NODES__FEE__KIND: one of `none`, `fixed`, `share`
    APP__NODES__FEE__AMOUNT: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals
    APP__NODES__FEE__PERCENT: a whole number from 0 to 255
    ");
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "of")]
#[expect(dead_code, reason = "only its schema counts")]
enum Painted {
    Circle { colour: u8 },
    Square { colour: u8 },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Paintings {
    painted: Painted,
}

#[test]
fn a_key_below_the_content_of_variants_is_one_variable() {
    let variables = Loader::new("APP").variables::<Paintings>().unwrap();
    let is_meant = |variable: &&stream_kernel_config::Variable| variable.name == "APP__PAINTED__OF__COLOUR";
    assert_eq!(variables.iter().filter(is_meant).count(), 1);
}

#[test]
fn the_editors_schema_takes_a_variant_in_a_profile() {
    let schema = Loader::new("APP").json_schema::<Config<Nodes, Nothing>>().unwrap();
    let fixed = &schema["properties"]["nodes"]["properties"]["shape"]["anyOf"][1];
    assert_eq!((&fixed["additionalProperties"], &fixed["required"]), (&json!(false), &json!(["type", "of"])));
    assert_eq!(fixed["properties"]["of"]["title"], "nodes.shape.of");
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct External {
    x: Outside,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
enum Outside {
    Nothing,
    Some(u8),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Untagged {
    x: Either,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema counts")]
enum Either {
    Text(String),
    Number(u8),
}

#[test]
fn enums_without_a_tag_in_their_maps_are_refused() {
    assert_snapshot!(mistakes::<External>(loader("{}")), @r#"
    error: `nodes.x`: its type cannot be checked: an enum whose variants are keys with their data (externally tagged)
      --> the types of the application
      hint: give the enum a tag, in the application's code: `#[serde(tag = "kind")]`
    "#);
    assert_snapshot!(mistakes::<Untagged>(loader("{}")), @r#"
    error: `nodes.x`: its type cannot be checked: an enum without a tag (`untagged`)
      --> the types of the application
      hint: give the enum a tag, in the application's code: `#[serde(tag = "kind")]`
    "#);
}
