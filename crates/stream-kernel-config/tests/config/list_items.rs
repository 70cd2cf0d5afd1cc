//! Items of lists in assignments and variables: the item changes, and the rest of the list keeps value and origin.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_config::{Config, Effective, Loader, Origin};

use crate::app::{MINIMAL, Money, Scene, scene, with};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Nodes {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    #[serde(default = "ten")]
    above: Option<Money>,
    #[serde(default = "two_tags")]
    tags: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[expect(clippy::unnecessary_wraps, reason = "serde asks for a default of the key's type")]
fn ten() -> Option<Money> {
    Some(Money(1000))
}

fn two_tags() -> Vec<String> {
    vec!["a".to_owned(), "b".to_owned()]
}

impl Default for Nodes {
    fn default() -> Self {
        let rule =
            |name: &str, above| Rule { name: name.to_owned(), above: Some(Money(above)), tags: two_tags() };
        Self { rules: vec![rule("low", 123), rule("high", 4_567)] }
    }
}

const FILE: &str =
    "version: 1\nscenario: {name: a}\nnodes:\n  rules:\n    - {name: x, above: 1.00}\n    - name: y\n";

fn file() -> Loader {
    Loader::new("APP").default_pipeline(["parse"]).built_in("file", FILE)
}

/// Returns the rules, the origin of each key path, and how `config show` lists the rules.
fn loaded(layers: Loader, origins: &[&str]) -> (Vec<Rule>, Vec<String>, String) {
    let loaded = layers.load::<Config<Nodes, Nothing>>().unwrap();
    let origins = origins.iter().map(|key| loaded.origin(key).to_string()).collect();
    let (config, effective): (_, Effective) = loaded.finish().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let shown = effective.entries().iter().find(|entry| entry.key == "nodes.rules").unwrap().to_string();
    (config.nodes.rules, origins, shown)
}

fn mistakes(layers: Loader) -> String {
    layers.load::<Config<Nodes, Nothing>>().unwrap().finish().unwrap_err().to_string()
}

#[test]
fn an_item_changes_and_the_others_keep_their_origin() {
    let keys = [
        "nodes.rules",
        "nodes.rules.0.name",
        "nodes.rules.0.above",
        "nodes.rules.0.tags",
        "nodes.rules.1.name",
    ];
    let (rules, origins, shown) = loaded(file().set("nodes.rules.0.above=2.50"), &keys);
    assert_eq!(
        (rules[0].above, rules[0].name.as_str(), rules[1].name.as_str()),
        (Some(Money(250)), "x", "y")
    );
    let set = "command line: --set nodes.rules.0.above=2.50";
    assert_eq!(origins, [set, "file:5:14", set, "built-in default", "file:6:13"]);
    assert_eq!(
        shown,
        "nodes.rules: [{name: x, above: 2.50, tags: [a, b]}, {name: \"y\", above: 10.00, tags: [a, b]}]  # \
         command line: --set nodes.rules.0.above=2.50"
    );
}

#[test]
fn a_default_list_can_be_changed_and_stays_a_default() {
    let keys = ["nodes.rules.0.name", "nodes.rules.1.above", "nodes.rules.1.name"];
    let loader = file().built_in("file", MINIMAL).set("nodes.rules.0.name=new").set("nodes.rules.0.tags.1=c");
    let (rules, origins, _) = loaded(loader, &keys);
    let names: Vec<_> =
        rules.iter().map(|rule| (rule.name.as_str(), rule.above, rule.tags.join(" "))).collect();
    assert_eq!(
        names,
        [("new", Some(Money(123)), "a c".to_owned()), ("high", Some(Money(4_567)), "a b".to_owned())],
        "exact decimals stay exact"
    );
    assert_eq!(
        origins,
        ["command line: --set nodes.rules.0.name=new", "built-in default", "built-in default"]
    );
}

#[test]
fn a_list_within_an_item_has_items_too() {
    let (rules, origins, _) =
        loaded(file().set("nodes.rules.1.tags.0=z"), &["nodes.rules.1.tags.0", "nodes.rules.1.tags.1"]);
    assert_eq!(rules[1].tags, ["z", "b"], "the default of a key in an item");
    assert_eq!(origins, ["command line: --set nodes.rules.1.tags.0=z", "built-in default"]);
}

#[test]
fn maps_in_items_merge_and_anything_else_replaces() {
    let rules = |loader| loaded(loader, &[]).0;
    let whole = rules(file().set("nodes.rules.0={above: null}"));
    assert_eq!((whole[0].name.as_str(), whole[0].above), ("x", None), "a map merges, as maps do elsewhere");
    let tags = rules(file().set("nodes.rules.0.tags=[only]"));
    assert_eq!(tags[0].tags, ["only"]);
}

#[test]
fn later_layers_replace_the_list_or_change_it_again() {
    let rules = |loader| loaded(loader, &[]).0;
    let replaced = rules(file().set("nodes.rules.0.name=z").set("nodes.rules=[{name: q}]"));
    assert_eq!(replaced.iter().map(|rule| &*rule.name).collect::<Vec<_>>(), ["q"]);
    let again = rules(
        file()
            .environment([("APP__NODES__RULES__1__NAME".into(), "from env".into())])
            .set("nodes.rules.0.name=first")
            .set("nodes.rules.0.name=second")
            .flag("--rule f", "nodes.rules.0.above", "3"),
    );
    let names: Vec<_> = again.iter().map(|rule| &*rule.name).collect();
    assert_eq!((names, again[0].above), (vec!["second", "from env"], Some(Money(300))));
}

#[test]
fn variables_name_items_by_a_number() {
    let loader = file().environment([
        ("APP__NODES__RULES".into(), "[{name: a}, {name: b}]".into()),
        ("APP__NODES__RULES__1".into(), "{above: 7}".into()),
        ("APP__NODES__RULES__0__TAGS__1".into(), "t".into()),
    ]);
    let (rules, origins, _) = loaded(loader, &["nodes.rules.1.above", "nodes.rules.0.tags.1"]);
    assert_eq!((rules[1].above, &*rules[0].tags), (Some(Money(700)), &["a".to_owned(), "t".to_owned()][..]));
    assert_eq!(
        origins,
        [
            "environment variable APP__NODES__RULES__1={above: 7}",
            "environment variable APP__NODES__RULES__0__TAGS__1=t"
        ]
    );
    let unknown = mistakes(file().environment([("APP__NODES__RULES__1__NAMES".into(), "b".into())]));
    assert!(unknown.contains("unknown environment variable"), "{unknown}");
}

#[test]
fn an_item_that_is_not_there_is_a_mistake() {
    let loader = file()
        .set("nodes.rules.2.name=z")
        .set("nodes.rules.0.tags.2=z")
        .set("nodes.rules.first.name=z")
        .set("nodes.rules.00.name=z")
        .set("nodes.rules.0.nam=z")
        .set("nodes.rules.1.above=")
        .set("nodes.rules.1=")
        .set("nodes.rules.1.above=much")
        .set("runtime.pipeline.1=z")
        .set("runtime.tracing.sinks.0.kind=stdout")
        .environment([("APP__NODES__RULES__3__NAME".into(), "z".into())]);
    assert_snapshot!(mistakes(loader), @"
    error: `nodes.rules.3`: the list has 2 items
      --> environment variable APP__NODES__RULES__3__NAME=z
      expected: the number of an item that is there, counted from 0
      hint: use a number from 0 to 1, or set `nodes.rules` as a whole

    error: `nodes.rules.2`: the list has 2 items
      --> command line: --set nodes.rules.2.name=z
      expected: the number of an item that is there, counted from 0
      hint: use a number from 0 to 1, or set `nodes.rules` as a whole

    error: `nodes.rules.0.tags.2`: the list has 2 items
      --> command line: --set nodes.rules.0.tags.2=z
      expected: the number of an item that is there, counted from 0
      hint: use a number from 0 to 1, or set `nodes.rules.0.tags` as a whole

    error: `nodes.rules.first`: not the number of an item
      --> command line: --set nodes.rules.first.name=z
      expected: the number of an item, counted from 0
      hint: write the number of an item, such as `nodes.rules.0`, or set `nodes.rules` as a whole

    error: `nodes.rules.00`: not the number of an item
      --> command line: --set nodes.rules.00.name=z
      expected: the number of an item, counted from 0
      hint: write the number of an item, such as `nodes.rules.0`, or set `nodes.rules` as a whole

    error: `nodes.rules.0.nam`: unknown key
      --> command line: --set nodes.rules.0.nam=z
      expected: one of `name`, `above`, `tags`
      hint: did you mean `name`?

    error: `nodes.rules.1.above`: the value is blank
      --> command line: --set nodes.rules.1.above=
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: give it a value, write `null` to switch it off, or remove it (the default is `10.00`)

    error: `nodes.rules.1`: the item is blank
      --> command line: --set nodes.rules.1=
      expected: a map with the keys `name`, `above`, `tags`
      hint: give it a value, or remove it

    error: `nodes.rules.1.above`: found text `much`
      --> command line: --set nodes.rules.1.above=much
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: write digits and at most one point, such as `12.50`

    error: `runtime.pipeline.1`: the list has 1 item
      --> command line: --set runtime.pipeline.1=z
      expected: the number of an item that is there, counted from 0
      hint: use 0, or set `runtime.pipeline` as a whole

    error: `runtime.tracing.sinks.0`: the list has no items
      --> command line: --set runtime.tracing.sinks.0.kind=stdout
      expected: the number of an item that is there, counted from 0
      hint: set `runtime.tracing.sinks` as a whole
    ");
}

#[test]
fn the_last_item_can_be_set_and_the_one_beyond_cannot() {
    let of = |number: usize| file().set(format!("nodes.rules.{number}.name=z"));
    assert_eq!(loaded(of(1), &[]).0[1].name, "z");
    assert!(mistakes(of(2)).contains("the list has 2 items"));
    assert!(
        mistakes(file().set(format!("nodes.rules.{}0.name=z", usize::MAX)))
            .contains("not the number of an item")
    );
}

#[test]
fn a_missing_key_of_an_item_is_blamed_on_the_item() {
    let loader = Loader::new("APP")
        .default_pipeline(["parse"])
        .built_in(
            "file",
            "version: 1\nscenario: {name: a}\nnodes:\n  rules:\n    - above: 1\n    - above: 2\n",
        )
        .set("nodes.rules.0.name=z");
    let mistakes = mistakes(loader);
    assert!(
        mistakes.starts_with("error: `nodes.rules.1.name`: required value is missing\n  --> file:6:7"),
        "{mistakes}"
    );
    assert!(!mistakes.contains("rules.0"), "{mistakes}");
}

#[test]
fn nothing_follows_from_a_list_that_is_mistaken() {
    let text = format!("{MINIMAL}nodes: {{rules: }}\n");
    let mistakes = mistakes(file().built_in("file", text).set("nodes.rules.5.name=z"));
    assert!(mistakes.contains("the value is blank") && !mistakes.contains("rules.5"), "{mistakes}");
    let no_list = format!("{MINIMAL}nodes: {{rules: 5}}\n");
    let mistakes = self::mistakes(file().built_in("file", no_list).set("nodes.rules.0.name=z"));
    assert!(mistakes.contains("`nodes.rules.0`: the value so far is not a list"), "{mistakes}");
}

#[test]
fn items_of_the_runtimes_lists_can_be_set() {
    let sinks = "runtime: {tracing: {sinks: [{kind: stdout}, {kind: jsonl, jsonl: {path: a}}]}}\n";
    let loaded =
        with(sinks).set("runtime.tracing.sinks.1.jsonl.path=b").set("runtime.pipeline.1=check").load();
    assert_eq!(loaded.config().runtime.pipeline, ["parse", "check", "write"]);
    assert_eq!(loaded.origin("runtime.pipeline.0"), Origin::Default);
    let path = "runtime.tracing.sinks.1.jsonl.path";
    assert_eq!(loaded.origin(path), Origin::Flag { text: format!("--set {path}=b") });
}

#[test]
fn keys_in_stores_and_mounted_files_name_no_items() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("version", "1"), ("scenario.name", "a"), ("runtime.pipeline.0", "z")] {
        std::fs::write(folder.path().join(name), value).unwrap();
    }
    let scene: Scene = scene().with(|loader| loader.file(folder.path()));
    let mistakes = scene.mistakes();
    assert!(mistakes.starts_with("error: `runtime.pipeline`: no keys below this one"), "{mistakes}");
}
