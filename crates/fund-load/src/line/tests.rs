//! Reading of lines, and the echo of unreadable ones.

use stream_kernel_run::LineContent;

use super::read_attempt;

/// Returns `id/customer/cents/seconds` of a valid line, `REASON id/customer` of an invalid one.
fn check(line: impl AsRef<[u8]>) -> String {
    match read_attempt(1, &LineContent::Whole(line.as_ref().into())) {
        Ok(attempt) => {
            format!("{}/{}/{}/{}", attempt.id, attempt.customer_id, attempt.amount.0, attempt.time.seconds)
        }
        Err((line, reason)) => {
            let echoed = [&line.id, &line.customer_id].map(|id| id.with_text(str::to_owned));
            format!("{} {}/{}", reason.code(), echoed[0], echoed[1])
        }
    }
}

#[test]
fn good_lines_are_read_whatever_their_spelling() {
    let read = "7/8/100/946684800";
    for line in [
        r#"{"id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#,
        r#" { "time" : "2000-01-01T00:00:00Z" , "load_amount" : "$1.00" , "customer_id" : 8 , "id" : 7 } "#,
        r#"{"\u0069d":"\u0037","customer_id":" 8\t","load_amount":"\n$1.00","time":"2000-01-01T00:00:00Z\f","x":[1e999,"\ud800"]}"#,
    ] {
        assert_eq!(check(line), read, "{line}");
    }
}

#[test]
fn nesting_is_bounded_at_127_including_the_top_object() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        check(format!(
            r#"{{"id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z","x":{open}{close},"y":"[[[{{\"[["}}"#
        ))
    };
    assert_eq!(nested(127), "7/8/100/946684800");
    assert_eq!(nested(128), "INPUT_PARSE_ERROR /");
    assert_eq!(check("[".repeat(1_000_000)), "INPUT_PARSE_ERROR /");
}

/// Closed brackets are no longer open, however many there are.
#[test]
fn adjacent_lists_are_not_nested() {
    let (lists, objects) = (["[]"; 200].join(","), ["{}"; 200].join(","));
    let line = format!(
        r#"{{"x":[{lists},{objects}],"id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}}"#
    );
    assert_eq!(check(line), "7/8/100/946684800");
}

#[test]
fn brackets_in_texts_are_not_nesting() {
    let text = r#"\"[{\\"#.repeat(200);
    let line = format!(
        r#"{{"x":"{text}","id":"7","customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}}"#
    );
    assert_eq!(check(line), "7/8/100/946684800");
}

#[test]
fn half_a_surrogate_pair_in_a_value_makes_the_line_unreadable() {
    let with_id = |id: &str| {
        check(format!(
            r#"{{"id":{id},"customer_id":"8","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}}"#
        ))
    };
    for id in [r#""\ud800""#, r#"["\ud800"]"#, r#"[["x\udc00\ud800"]]"#, r#"{"\udfff":1}"#, r#"["\ud800\n"]"#]
    {
        assert_eq!(with_id(id), "INPUT_PARSE_ERROR /", "{id}");
    }
    // These values are only unusable: the customer is still echoed.
    for id in [r#"["\ud83d\ude00"]"#, r#"["\\ud800"]"#, r#"["\u00e9"]"#, "[1]", "null"] {
        assert_eq!(with_id(id), "INPUT_PARSE_ERROR /8", "{id}");
    }
}
