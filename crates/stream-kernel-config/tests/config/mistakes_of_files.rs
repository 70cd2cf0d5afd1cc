//! Unusable files, and files that try to appear as something else.

use insta::assert_snapshot;

use crate::app::{MINIMAL, scene, with};

#[test]
fn an_unusable_file_hides_missing_keys() {
    let missing = scene().named("none.yaml").set("runtime.strict=2").mistakes();
    assert_snapshot!(missing, @"
    error: cannot read the file: No such file or directory (os error 2)
      --> none.yaml:1:1
      expected: a readable file
      hint: check the path and the file's permissions

    error: `runtime.strict`: found the number `2`
      --> command line: --set runtime.strict=2
      expected: `true` or `false`
      hint: write `true` or `false`
    ");
    let latin = scene().file("a.yaml", b"version: 1\nscenario: {name: caf\xe9}\n").mistakes();
    assert_snapshot!(latin, @r"
    error: not UTF-8
      --> a.yaml:2:21
      expected: a file in UTF-8
      hint: save the file in UTF-8
    ");
    let broken = scene().file("a.yaml", "version: 1\nscenario: {name: x\n").mistakes();
    assert_snapshot!(broken, @"
    error: not YAML: while parsing a flow mapping, did not find expected ',' or '}'
      --> a.yaml:3:1
      expected: YAML
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before
    ");
    let list = scene().file("a.yaml", "- version: 1\n").mistakes();
    assert_snapshot!(list, @"
    error: the file holds no map
      --> a.yaml:1:1
       |
     1 | - version: 1
       | ^^^^^^^^^
      expected: keys with their values
      hint: begin with `version: 1`
    ");
}

#[test]
fn a_file_may_be_as_long_as_the_bound_and_no_longer() {
    let of_length =
        |bytes: usize| scene().file("a.yaml", format!("{MINIMAL}{}", "#".repeat(bytes - MINIMAL.len())));
    assert!(of_length(1 << 20).load().finish().is_ok());
    assert_snapshot!(of_length((1 << 20) + 1).mistakes(), @"
    error: more than 1048576 bytes
      --> a.yaml:1:1
      expected: a configuration within the documented limits
      hint: shorten it
    ");
}

#[test]
fn the_content_of_a_file_cannot_steer_the_terminal() {
    let text = "\"a\\e[2J\\n\\u202e\": 1\nruntime: {on_step_error: \"\\e]0;x\\a\"}\n";
    assert_snapshot!(with(text).mistakes(), @r#"
    error: `"a\u{1b}[2J\n\u{202e}"`: unknown key
      --> a.yaml:3:1
       |
     3 | "a\e[2J\n\u202e": 1
       | ^^^^^^^^^^^^^^^^
      expected: one of `version`, `scenario`, `runtime`, `nodes`, `adapters`
      hint: check its spelling and its place, or remove it

    error: `runtime.on_step_error`: found text `\u{1b}]0;x\u{7}`
      --> a.yaml:4:26
       |
     4 | runtime: {on_step_error: "\e]0;x\a"}
       |                          ^^^^^^^^^^
      expected: one of `stop`, `continue`
      hint: choose one of them; letter case counts
    "#);
}
