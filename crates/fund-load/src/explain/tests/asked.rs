//! Requests, and how they are read.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn read(arguments: &[&str]) -> Result<Options, String> {
    let arguments = ["explain", "FILE"].iter().chain(arguments);
    Arguments::try_parse_from(arguments).map(|read| read.options).map_err(|error| error.to_string())
}

#[test]
fn either_a_line_or_an_id_is_required() {
    assert_eq!(read(&["--line", "1"]).unwrap().line, Some(1));
    let neither = read(&[]).unwrap_err();
    assert!(neither.contains("<--line <N>|--id <ID>>"), "{neither}");
    assert!(read(&["--line", "1", "--id", "7"]).unwrap_err().contains("cannot be used with"));
    for wrong in [["--line", "0"], ["--line", "x"]] {
        assert!(read(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_id_too_long_for_a_record_is_found_by_its_shown_part() {
    let long = "x".repeat(300);
    let trace = traced(BASELINE, &[], attempt(&long, "2", "$1.00", "2000-01-04T00:00:00Z").as_bytes());
    let asked = read(&["--id", &long]).unwrap().id.unwrap();
    let told = explain(&trace, Asked::Id(&asked));
    assert!(told.starts_with("line 1  id xxxx") && told.contains("INVALID_ID_FORMAT"), "{told}");
}
