//! The reference of all configuration keys, from the program's list of its variables.

use std::path::Path;

use serde_json::Value;

use crate::cli_reference::output_of;
use crate::failure::Failure;

const HEAD: &str = "\
# Every key of the configuration

What `fund-load` can be told, with what may stand there and what stands there if nothing does. This page is made from the types by
`cargo xtask gen`; the same in other forms: `fund-load config env`, `fund-load config schema`, and `fund-load config show --origin` for
the values that count, each with its place. [Sources, profiles and their order](configuration.md) are described by hand.

An environment variable sets each key: `runtime.strict` is `FUND_LOAD__RUNTIME__STRICT`. `FUND_LOAD_PROFILE` chooses a profile.

";

/// Returns the page.
pub(crate) fn markdown(program: &Path) -> Result<String, Failure> {
    let variables = output_of(program, &["config", "env", "--json"])?;
    let variables: Vec<Value> = serde_json::from_str(&variables).unwrap_or_default();
    let mut text = HEAD.to_owned();
    let mut group = "";
    for variable in &variables {
        let field = |name: &str| variable[name].as_str().unwrap_or_default().replace('|', "\\|");
        let key = variable["key"].as_str().unwrap_or_default();
        if key.is_empty() {
            continue;
        }
        let begins = key.split('.').next().unwrap_or_default();
        if begins != group {
            group = begins;
            text += &format!("{}## `{group}`\n\n", if text.ends_with("|\n") { "\n" } else { "" });
            text += "| key | what it is | what may stand there | default |\n|---|---|---|---|\n";
        }
        let default =
            variable["default"].as_str().map(|default| format!("`{}`", default.replace('|', "\\|")));
        let default = default.unwrap_or_default();
        text += &format!("| `{key}` | {} | {} | {default} |\n", field("description"), field("expected"));
    }
    Ok(text)
}
