//! Tests of following a trace while it is written.

use std::fs::{File, OpenOptions};

use stream_kernel_run::files::{MAX_ROTATED, rotated_path};

use super::super::follow::{Pauses, follow};
use super::*;

/// Does one thing to the trace at each pause and ends when there is nothing more to do.
struct Script<'a>(Vec<Box<dyn FnOnce() + 'a>>);

impl Pauses for Script<'_> {
    fn ended(&self) -> Option<u8> {
        self.0.is_empty().then_some(130)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.0.remove(0)();
        Ok(())
    }
}

/// Follows the trace through a script and returns the headings printed.
fn headings(path: &Path, script: Vec<Box<dyn FnOnce() + '_>>) -> Vec<String> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out, Form::People(Palette::default()), Choice::default());
    let name = path.to_str().unwrap();
    assert_eq!(follow(name, None, &mut printer, &mut Script(script)).unwrap(), 130);
    let text = String::from_utf8(out).unwrap();
    text.lines().filter(|line| line.starts_with("run")).map(str::to_owned).collect()
}

fn append(path: &Path, text: &str) {
    io::Write::write_all(&mut OpenOptions::new().append(true).open(path).unwrap(), text.as_bytes()).unwrap();
}

fn line(line_no: u64) -> String {
    record(&format!("run:{line_no}"), (0, "parse"), ("RawLine", "Attempt"), QUIET)
}

#[test]
fn appended_records_and_the_last_input_are_shown() {
    let (_folder, path) = trace_of("");
    let (head, rest) = (line(2)[..90].to_owned(), line(2)[90..].to_owned());
    let headings = headings(
        &path,
        vec![
            Box::new(|| append(&path, &(line(1) + &head))),
            Box::new(|| append(&path, &rest)),
            Box::new(|| ()),
            Box::new(|| ()),
        ],
    );
    assert_eq!(
        headings,
        ["run 1: `run`, scenario `baseline`", "run:1  line 1  id a7", "run:2  line 2  id a7"]
    );
}

/// A frame is shown once it is whole. That the file has fewer bytes than its content is no sign that it was cut.
#[test]
fn a_compressed_trace_is_followed_frame_by_frame() {
    let (_folder, path) = trace_of("");
    let frame = |text: &str| {
        let mut frame = Vec::with_capacity(10_000);
        zstd_safe::compress(&mut frame, text.as_bytes(), 1).unwrap();
        frame
    };
    let (first, second) = (frame(&(line(1) + &line(2))), frame(&line(3)));
    let append = |bytes: &[u8]| {
        io::Write::write_all(&mut OpenOptions::new().append(true).open(&path).unwrap(), bytes).unwrap();
    };
    let headings = headings(
        &path,
        vec![
            Box::new(|| append(&first)),
            Box::new(|| append(&second[..20])),
            Box::new(|| append(&second[20..])),
            Box::new(|| ()),
            Box::new(|| ()),
        ],
    );
    let shown = [
        "run 1: `run`, scenario `baseline`",
        "run:1  line 1  id a7",
        "run:2  line 2  id a7",
        "run:3  line 3  id a7",
    ];
    assert_eq!(headings, shown);
}

#[test]
fn a_byte_order_mark_that_comes_in_pieces_is_passed_over() {
    let (_folder, path) = trace_of("");
    let (head, rest) = ["\u{feff}", &line(1)]
        .concat()
        .into_bytes()
        .split_at_checked(2)
        .map(|(a, b)| (a.to_vec(), b.to_vec()))
        .unwrap();
    let append = |bytes: &[u8]| {
        io::Write::write_all(&mut OpenOptions::new().append(true).open(&path).unwrap(), bytes).unwrap();
    };
    let headings = headings(
        &path,
        vec![Box::new(|| append(&head)), Box::new(|| append(&rest)), Box::new(|| ()), Box::new(|| ())],
    );
    assert_eq!(headings, ["run 1: `run`, scenario `baseline`", "run:1  line 1  id a7"]);
}

#[test]
fn a_quiet_input_is_shown_and_later_continued() {
    let (_folder, path) = trace_of("");
    let wait = |pauses: usize| (0..pauses).map(|_| Box::new(|| ()) as Box<dyn FnOnce()>);
    let quiet_for = |pauses| -> Vec<Box<dyn FnOnce() + '_>> {
        fs::write(&path, line(1)).unwrap();
        let more: Box<dyn FnOnce() + '_> = Box::new(|| append(&path, &line(1)));
        wait(pauses).chain([more]).chain(wait(2)).collect()
    };
    assert_eq!(headings(&path, quiet_for(4)).len(), 2, "the input is still held");
    let headings = headings(&path, quiet_for(5));
    assert_eq!(headings[2..], ["run:1  line 1  id a7  (continued)"]);
}

#[test]
fn a_truncated_trace_is_read_from_its_beginning() {
    let (_folder, path) = trace_of(&(line(1) + &line(2)));
    let headings = headings(
        &path,
        vec![
            Box::new(|| {
                File::create(&path).unwrap();
            }),
            Box::new(|| append(&path, &line(3))),
            Box::new(|| ()),
            Box::new(|| ()),
        ],
    );
    let run = "run 1: `run`, scenario `baseline`";
    assert_eq!(headings, [run, "run:1  line 1  id a7", "run:2  line 2  id a7", run, "run:3  line 3  id a7"]);
}

#[test]
fn only_a_regular_file_can_be_followed() {
    for name in ["-", "/dev/null"] {
        let failure = show(&options(Path::new(name), &["--follow"]), Palette::default(), &mut Vec::new());
        let failure = failure.unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("not a regular file"), "{failure}");
    }
}

#[test]
fn following_survives_wrong_lines_but_needs_a_record() {
    let (_folder, path) = trace_of(&(line(1) + "{\"trace_id\":\"r\n" + &line(2)));
    assert_eq!(headings(&path, vec![Box::new(|| ())])[1..], ["run:1  line 1  id a7", "run:2  line 2  id a7"]);

    fs::write(&path, "no record\n").unwrap();
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out, Form::Json, Choice::default());
    let mut script = Script(vec![Box::new(|| ())]);
    let failure = follow(path.to_str().unwrap(), None, &mut printer, &mut script).unwrap_err();
    assert!(failure.to_string().contains("trace.jsonl`, line 1: no record"), "{failure}");
}

/// Renames the file and its old files, each to its next number, and leaves a new one that holds `text`.
fn rotate(path: &Path, text: &str) {
    let name = |number: u16| if number == 0 { path.to_owned() } else { rotated_path(path, number) };
    let oldest = (0..=MAX_ROTATED).take_while(|number| name(*number).exists()).last().unwrap();
    for number in (0..=oldest).rev() {
        fs::rename(name(number), name(number + 1)).unwrap();
    }
    fs::write(path, text).unwrap();
}

/// From what it was before it is followed to what it becomes, however often it is rotated between two looks, and
/// what is torn spoils nothing.
#[test]
fn a_rotated_trace_is_followed_from_file_to_file() {
    let (_folder, path) = trace_of(&line(1));
    rotate(&path, &line(2));
    let headings = headings(
        &path,
        vec![
            Box::new(|| {
                append(&path, &line(3));
                rotate(&path, "");
            }),
            Box::new(|| {
                append(&path, &line(4)[..90]);
                rotate(&path, &line(5));
                rotate(&path, "");
                rotate(&path, &line(6));
            }),
            Box::new(|| ()),
            Box::new(|| append(&path, &line(7))),
            Box::new(|| ()),
        ],
    );
    let inputs: Vec<_> = headings.iter().skip(1).map(|heading| &heading[..5]).collect();
    assert_eq!(inputs, ["run:1", "run:2", "run:3", "run:5", "run:6", "run:7"]);
}

/// Behind a gap there is no telling where the trace goes on.
#[test]
fn a_trace_with_a_gap_is_followed_from_its_present_file() {
    let (_folder, path) = trace_of(&line(3));
    fs::write(rotated_path(&path, 2), line(1)).unwrap();
    let headings =
        headings(&path, vec![Box::new(|| rotate(&path, &line(4))), Box::new(|| ()), Box::new(|| ())]);
    assert_eq!(headings[1..], ["run:3  line 3  id a7", "run:4  line 4  id a7"]);
}
