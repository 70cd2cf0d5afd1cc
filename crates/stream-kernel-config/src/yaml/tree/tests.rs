//! The tree against the YAML library's own reading, its bounds, and texts that are not configuration.

use figment::value::{Dict, Value as Merged};
use serde_json::Value;

use super::*;

fn parse(text: &str) -> Result<(Option<Node>, Vec<Fault>), Fault> {
    super::parse(text, 0)
}

/// Returns the tree as the JSON that an application would see.
fn json(node: &Node) -> Value {
    fn merged(node: &Node) -> Merged {
        match &node.tree {
            Tree::Scalar(scalar) => scalar.value(),
            Tree::List(items) => items.iter().map(merged).collect::<Vec<_>>().into(),
            Tree::Map(entries) => {
                entries.iter().map(|e| (e.key.clone(), merged(&e.value))).collect::<Dict>().into()
            }
        }
    }
    serde_json::to_value(merged(node)).unwrap()
}

/// Returns the first fault of a text, and its place.
fn refusal(text: &str) -> String {
    let fault = match parse(text) {
        Err(fault) => fault,
        Ok((_, faults)) => faults.into_iter().next().expect("a fault"),
    };
    format!("{}:{} {:?}", fault.place.line, fault.place.column, fault.problem)
}

#[test]
fn documents_read_as_the_yaml_library_reads_them() {
    let documents = [
        "a: 1\nb: [x, 2, 3.5, true, False, ~, null, '', \"1\"]\n",
        "a: 0x1f\nb: 0o17\nc: 1_000\nd: 1e3\ne: -0\nf: +1\ng: 01\nh: 1.\ni: .5\nj: yes\nk: 0b11\n",
        "a:\nb: ''\nc: {}\nd: []\n",
        "text: |\n  two\n  lines\nfolded: >-\n  one\n  line\nplain: a\n  b\n",
        "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n",
        "\"quoted \\u00e9 \\n key\": 'it''s'\n",
        "9007199254740993: 9007199254740993\nbig: 18446744073709551615\nsmall: -9223372036854775808\n",
        "a: !!str 5\nb: 2001-01-01\nc: 1:30\nd: a:b\ne: '---'\nf: \"...\"\n",
        "? a\n: 1\n<<: {b: 2}\n",
        "# comment\n---\na: 1 # comment\n...\n",
        "a: nul\nb: truest\nc: -x\nd: .x\ne: +\nf: 1x\ng: n\nh: ~x\n",
        "- a\n- - b\n  - {c: d}\n",
        "%YAML 1.2\n---\na: 1\n",
    ];
    for text in documents {
        let (root, faults) = parse(text).unwrap();
        assert!(faults.is_empty(), "{text}: {faults:?}");
        let theirs: Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(json(&root.unwrap()), theirs, "{text}");
    }
}

#[test]
fn integers_beyond_64_bits_stay_numbers() {
    for text in ["18446744073709551616", "-9223372036854775809", "9".repeat(50).as_str()] {
        let root = parse(text).unwrap().0.unwrap();
        let Tree::Scalar(scalar) = root.tree else { panic!("{text} is a scalar") };
        assert!(matches!(scalar.value(), Merged::Num(..)), "{text}");
    }
}

#[test]
fn an_empty_text_holds_nothing() {
    for text in ["", "\n\n", "# a comment\n", "\u{feff}"] {
        assert!(parse(text).unwrap().0.is_none(), "{text:?}");
    }
}

#[test]
fn only_a_single_plain_document_is_accepted() {
    let check = |text, expected: &str| {
        let refusal = refusal(text);
        assert!(refusal.contains(expected), "{text:?}: {refusal}");
    };
    check("a: 1\n---\nb: 1\n", "2:1 Problem { what: \"a second YAML document");
    check("a: *x\n", "1:4 Problem { what: \"not YAML: while parsing node, found unknown anchor");
    check("a: &x [*x]\n", "1:8 Problem { what: \"an alias within the value that it repeats");
    check("a: !x 1\n", "1:4 Problem { what: \"YAML tag `!x`");
    check("a: 1\n[b]: 2\n", "2:1 Problem { what: \"a map or list as a key");
    check("a: 1\nb: \0c: 2\n", "2:4 Problem { what: \"character \\\\u{0} is not allowed");
    check("a: 1\né: \u{85}\u{1b}\n", "2:5 Problem { what: \"character \\\\u{1b} is not allowed");
    check("a: b: c\n", "1:5 Problem { what: \"not YAML");
    check("a: 1\na: 2\n", "2:1 Problem { what: \"key given twice, first at line 1, column 1");
}

#[test]
fn every_bound_holds_and_is_enforced_one_beyond() {
    let long = |bytes: usize| format!("a: {}", "x".repeat(bytes - 3));
    assert!(parse(&long(MAX_BYTES)).is_ok());
    assert!(refusal(&long(MAX_BYTES + 1)).contains("more than 1048576 bytes"));

    // The list is a value as well.
    let wide = |values: usize| format!("[{}]", "x,".repeat(values - 1));
    assert!(parse(&wide(MAX_VALUES)).is_ok());
    assert!(refusal(&wide(MAX_VALUES + 1)).contains("more than 10000 keys and values"));

    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&deep(MAX_DEPTH)).is_ok());
    assert!(refusal(&deep(MAX_DEPTH + 1)).contains("values nested deeper than 32"));
    assert!(refusal(&"[".repeat(MAX_BYTES)).contains("recursion limit exceeded"), "the parser reads ahead");

    let key = |bytes: usize| format!("{}: 1", "k".repeat(bytes));
    assert!(parse(&key(MAX_KEY_BYTES)).is_ok());
    assert!(refusal(&key(MAX_KEY_BYTES + 1)).contains("a key of more than 256 bytes"));
}

#[test]
fn aliases_count_as_what_they_repeat() {
    // Each line holds ten of the line before: values grow as powers of ten.
    let tenfold = |level: usize| format!("- &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10));
    let bomb = format!("- &a0 x\n{}", (1..9).map(tenfold).collect::<String>());
    assert!(refusal(&bomb).contains("more than 10000 keys and values"));

    // Each line nests the line before once more: depth grows by one.
    let chain = |levels: usize| {
        let level = |n: usize| format!("- &a{n} [*a{}]\n", n - 1);
        format!("- &a0 x\n{}", (1..=levels).map(level).collect::<String>())
    };
    assert!(parse(&chain(MAX_DEPTH - 2)).is_ok());
    assert!(refusal(&chain(MAX_DEPTH - 1)).contains("values nested deeper than 32"));
}

#[test]
fn no_text_makes_the_reader_panic_or_disagree_with_the_library() {
    let seed = "a: &x {b: [1, 'two', \"th\\u00e9\"]}\nc:\n  - *x\n  - |\n    text\n  - ? k\n    : v\n!!str d: ~ # e\n";
    // No new `?`: in flow style the library takes one for a key's mark even without a following space.
    let alphabet: Vec<char> = "ab:-[]{},&*!|>'\"%@`#\n\t \u{0}\u{feff}é\\~01.<=_".chars().collect();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..3_000 {
        let mut text: Vec<char> = seed.chars().collect();
        for _ in 0..=random(4) {
            let at = random(text.len());
            match random(3) {
                0 => text[at] = alphabet[random(alphabet.len())],
                1 => text.insert(at, alphabet[random(alphabet.len())]),
                _ => drop(text.remove(at)),
            }
        }
        let text: String = text.into_iter().collect();
        let Ok((root, faults)) = parse(&text) else { continue };
        let (true, Ok(theirs)) = (faults.is_empty(), serde_yaml::from_str::<Value>(&text)) else { continue };
        assert_eq!(root.as_ref().map_or(Value::Null, json), theirs, "{text}");
    }
}
