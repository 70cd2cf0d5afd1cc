//! Decimals are exact: bare and quoted alike, at the bounds and one beyond.

use insta::assert_snapshot;

use crate::app::{MINIMAL, Money, scene};

/// Returns the cents of a money setting with this text in a file.
fn cents(text: &str) -> Option<u64> {
    let file = format!("{MINIMAL}nodes: {{evaluate_policies: {{daily_amount: {text}}}}}\n");
    let (config, _) = scene().file("a.yaml", file).load().finish().ok()?;
    config.nodes.evaluate_policies.daily_amount.map(|Money(cents)| cents)
}

#[test]
fn bare_and_quoted_decimals_are_read_alike_and_exactly() {
    let read = [
        ("0", 0),
        ("0.29", 29),
        ("5000", 500_000),
        ("1.1", 110),
        ("999999999999999.99", 99_999_999_999_999_999),
        ("0123.45", 12_345),
        ("90071992547409.93", 9_007_199_254_740_993),
    ];
    for (text, expected) in read {
        for text in [text.to_owned(), format!("'{text}'"), format!("\"{text}\"")] {
            assert_eq!(cents(&text), Some(expected), "{text}");
        }
        let set =
            scene().file("a.yaml", MINIMAL).set(&format!("nodes.evaluate_policies.daily_amount={text}"));
        assert_eq!(set.load().config().nodes.evaluate_policies.daily_amount, Some(Money(expected)), "{text}");
    }
}

#[test]
fn other_spellings_are_refused() {
    for text in [
        "1000000000000000.00",
        "0.001",
        "-0.01",
        "+1",
        "1e3",
        "0x10",
        "1_000",
        ".5",
        "5.",
        ".inf",
        "' 1'",
        "''",
    ] {
        assert_eq!(cents(text), None, "{text}");
    }
}

#[test]
fn mistakes_in_decimals_show_the_text_as_written() {
    let check = |text: &str| {
        scene()
            .file("a.yaml", MINIMAL)
            .set(&format!("nodes.evaluate_policies.daily_amount={text}"))
            .mistakes()
    };
    assert_snapshot!(check("1000000000000000.00"), @"
    error: `nodes.evaluate_policies.daily_amount`: found the number `1000000000000000.00`
      --> command line: --set nodes.evaluate_policies.daily_amount=1000000000000000.00
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: write a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals
    ");
    assert_snapshot!(check("0.001"), @r"
    error: `nodes.evaluate_policies.daily_amount`: found the number `0.001`
      --> command line: --set nodes.evaluate_policies.daily_amount=0.001
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: round it: it is taken exactly as written
    ");
    assert_snapshot!(check("1e3"), @r"
    error: `nodes.evaluate_policies.daily_amount`: found the number `1e3`
      --> command line: --set nodes.evaluate_policies.daily_amount=1e3
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: write digits and at most one point, such as `12.50`
    ");
    assert_snapshot!(check("[1]"), @"
    error: `nodes.evaluate_policies.daily_amount`: found a list
      --> command line: --set nodes.evaluate_policies.daily_amount=[1]
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: write a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals
    ");
}
