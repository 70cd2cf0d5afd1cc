//! Check of one value whose expected type is neither a map nor a list.

use figment::value::{Num, Value as Merged};
use serde_json::Value;

use crate::decimal::{self, DecimalError};
use crate::excerpt::excerpt;
use crate::masking::without_credentials;
use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::schema::{Decimal, Kind, Node, integer};
use crate::yaml::Scalar;

/// Returns the value in canonical form. `written` is its original text, if it is a scalar.
pub(crate) fn read(node: &Node, merged: &Merged, written: Option<&Scalar>) -> Result<Value, Problem> {
    let raw = written.map(|scalar| scalar.text.as_str());
    let is_null = written.is_some_and(Scalar::is_null);
    let refuse = || {
        Problem::new(format!("found {}", describe(merged, written)))
            .expected(node.in_words())
            .hint(general_hint(node))
    };
    if let Merged::Empty(..) = merged {
        return Err(refuse().hint(match node.kind {
            Kind::Text { .. } if !is_null => "put it in quotes if it is a text; only `null` and `~` are null",
            _ if node.nullable => "write `null` or `~`: no other word is null",
            Kind::Map(_) | Kind::FreeMap(_) => "remove the key or write `{}`",
            _ => "remove the key or give it a value",
        }));
    }
    match (&node.kind, merged) {
        (Kind::Bool, Merged::Bool(_, value)) => Ok(Value::Bool(*value)),
        (Kind::Bool, Merged::String(_, text)) => Err(boolean_hint(refuse(), text)),
        (Kind::Integer { minimum, maximum }, Merged::Num(_, number)) => match whole(*number) {
            Some(value) if (minimum..=maximum).contains(&&value) => Ok(integer(value)),
            // An upper bound of the type itself is not mentioned as expected.
            Some(value) if value > *maximum && minimum < maximum => {
                Err(refuse().hint(format!("write a whole number from {minimum} to {maximum}")))
            }
            _ => Err(refuse()),
        },
        (Kind::Number { minimum, maximum }, Merged::Num(_, number)) => {
            let number = float(*number);
            let fits = number.is_finite()
                && minimum.is_none_or(|minimum| number >= minimum)
                && maximum.is_none_or(|maximum| number <= maximum);
            if fits { Ok(number.into()) } else { Err(refuse()) }
        }
        (Kind::Integer { .. } | Kind::Number { .. }, Merged::String(_, text)) => {
            Err(number_hint(refuse(), text))
        }
        (Kind::Decimal(bounds), Merged::Num(..) | Merged::String(..)) => {
            exact(bounds, raw.unwrap_or_default(), refuse)
        }
        (Kind::Text { min_chars }, Merged::String(_, text)) if text.chars().count() >= *min_chars => {
            Ok(text.as_str().into())
        }
        (Kind::Text { .. }, Merged::Bool(..) | Merged::Num(..)) => Err(refuse().hint("put it in quotes")),
        (Kind::OneOf(names), Merged::String(_, text)) if names.contains(text) => Ok(text.as_str().into()),
        (Kind::OneOf(names), Merged::String(_, text)) => {
            Err(refuse().did_you_mean(nearest(text, names.iter().map(String::as_str))))
        }
        (Kind::List(_), Merged::String(..)) => {
            Err(refuse().hint("write `[item, item]`, or an item a line after `- `"))
        }
        _ => Err(refuse()),
    }
}

/// Returns the hint for a mistake without a specific one.
fn general_hint(node: &Node) -> String {
    let hint = match node.kind {
        Kind::Bool => "write `true` or `false`",
        Kind::Integer { minimum, maximum } if minimum == maximum => return format!("write `{minimum}`"),
        Kind::Integer { .. } | Kind::Number { .. } | Kind::Decimal(_) => {
            return format!("write {}", node.kind.in_words());
        }
        Kind::Text { .. } => "write a text",
        Kind::OneOf(_) => "choose one of them; letter case counts",
        Kind::List(_) => "write a list: `[item, item]`",
        Kind::Map(_) | Kind::FreeMap(_) | Kind::Tagged(_) => "write keys with their values: `{key: value}`",
    };
    hint.to_owned()
}

/// Reads a decimal from its raw text, never from a float.
fn exact(bounds: &Decimal, raw: &str, refuse: impl Fn() -> Problem) -> Result<Value, Problem> {
    let read = |digits| decimal::parse(digits, bounds.places);
    match read(raw) {
        Ok(units) if (bounds.minimum..=bounds.maximum).contains(&units) => {
            Ok(decimal::format(units, bounds.places).into())
        }
        Ok(_) | Err(DecimalError::TooLarge) => Err(refuse()),
        Err(DecimalError::Places { .. }) => Err(refuse().hint("round it: it is taken exactly as written")),
        Err(DecimalError::Form) => match raw.strip_prefix('-').map(read) {
            None | Some(Err(DecimalError::Form)) => {
                Err(refuse().hint("write digits and at most one point, such as `12.50`"))
            }
            // A number below all bounds is reported with the bounds.
            Some(_) => Err(refuse()),
        },
    }
}

/// Describes the value found, such as "text `yes`".
fn describe(merged: &Merged, written: Option<&Scalar>) -> String {
    let raw = written.map(|scalar| scalar.text.as_str());
    let is_null = written.is_some_and(Scalar::is_null);
    let raw = excerpt(&without_credentials(raw.unwrap_or_default()));
    match merged {
        Merged::Empty(..) if is_null => "null".to_owned(),
        Merged::Empty(..) | Merged::Bool(..) => format!("`{raw}`"),
        Merged::Num(..) => format!("the number `{raw}`"),
        Merged::String(..) | Merged::Char(..) if raw.is_empty() => "empty text".to_owned(),
        Merged::String(..) | Merged::Char(..) => format!("text `{raw}`"),
        Merged::Array(..) => "a list".to_owned(),
        Merged::Dict(..) => "a map".to_owned(),
    }
}

/// Adds a hint about a text in place of a number: the quotes or the spelling may be the only fault.
fn number_hint(problem: Problem, text: &str) -> Problem {
    let as_number = |text: &str| Scalar { text: text.to_owned(), plain: true }.value();
    if let Merged::Num(..) = as_number(text) {
        // Without quotes it would have been accepted as one.
        return problem.hint("remove the quotes");
    }
    let digits = text.replace('_', "");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let digits = digits.trim_start_matches('0');
    let digits =
        if digits.is_empty() || digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
    let meant = format!("{sign}{digits}");
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match as_number(&meant) {
        Merged::Num(..) if is_plain && meant != text => {
            problem.hint(format!("write `{meant}`: no zeros in front, and nothing between the digits"))
        }
        _ => problem,
    }
}

fn boolean_hint(problem: Problem, text: &str) -> Problem {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" | "1" | "enable" | "enabled" => problem.hint("write `true`"),
        "no" | "off" | "n" | "0" | "disable" | "disabled" => problem.hint("write `false`"),
        // Without quotes it would have been accepted, unless its letter case is mixed.
        word @ ("true" | "false") => {
            problem.hint(format!("write `{word}`, without quotes and in lower case"))
        }
        other => problem.did_you_mean(nearest(other, ["true", "false"])),
    }
}

fn whole(number: Num) -> Option<i128> {
    number.to_i128().or_else(|| number.to_u128().and_then(|value| i128::try_from(value).ok()))
}

#[expect(clippy::cast_precision_loss, reason = "a key of type float holds the nearest float")]
fn float(number: Num) -> f64 {
    number.to_f64().or_else(|| whole(number).map(|value| value as f64)).unwrap_or(f64::NAN)
}
