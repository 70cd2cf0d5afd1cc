//! Appended input: a complete run goes on with it, under faults as well.

use std::path::Path;

use stream_kernel_disk::SimulatedDisk;
use stream_kernel_run::checkpoint::verify;

use super::input::lines;
use super::scene::{CHECKPOINT, INPUT, Process, Scene};
use super::sweep::sweep;

/// Completes a run of `before`, and returns one of all of `input` that resumes it.
fn continued(name: &'static str, before: &[u8], input: &[u8]) -> Scene {
    let disk = completed(before);
    disk.put(Path::new(INPUT), input);
    Scene::of(name, &[], disk)
}

fn completed(input: &[u8]) -> SimulatedDisk {
    let scene = Scene::fresh("before", &[], input);
    let disk = scene.disk.after_kill(1);
    scene.process(&disk, 1).unwrap();
    disk
}

#[track_caller]
fn check(name: &'static str, before: &[u8], appended: &[u8]) {
    let input = [before, appended].concat();
    let scene = continued(name, before, &input).must_adjudicate(&input);
    assert_eq!(scene.trace(), Scene::fresh("whole", &[], &input).trace(), "{name}");
    sweep(&scene, 60);
}

#[test]
fn lines_that_are_appended_are_read_and_no_other() {
    check("appended", &lines(11, 15), &lines(12, 15));
}

#[test]
fn nothing_appended_changes_nothing() {
    check("nothing appended", &lines(13, 15), b"");
}

#[test]
fn appended_input_completes_an_unterminated_line() {
    let before = lines(14, 9);
    check("line end appended", before.trim_ascii_end(), &[b"\n", &lines(15, 9)[..]].concat());
}

#[test]
fn a_first_line_may_follow_a_lone_byte_order_mark() {
    check("line after mark", b"\xef\xbb\xbf", &lines(16, 9));
    check("blank line after mark", b"\xef\xbb\xbf", b"\n\n");
    check("line after nothing", b"", &lines(17, 9));
}

/// Otherwise two lines would become one, after the first was decided, or a line with a CR would lose it.
#[test]
fn a_growing_unterminated_line_is_refused() {
    let before = lines(18, 9);
    let (before, with_cr) = (before.trim_ascii_end(), [before.trim_ascii_end(), b"\r"].concat());
    for (before, appended, told) in [
        (before, &b" "[..], "had no line end"),
        (before, b"\r\n", "had no line end"),
        (before, b"{}\n", "had no line end"),
        (&with_cr, b"{}\n", "had no line end"),
        (&with_cr, b"\n", "ended in CR"),
    ] {
        let disk = completed(before);
        disk.put(Path::new(INPUT), &[before, appended].concat());
        let files = || disk.files().into_iter().map(|path| (disk.contents(&path), path)).collect::<Vec<_>>();
        let untouched = files();
        let failure = Scene::fresh("grown", &[], before).process(&disk, 2).unwrap_err();
        assert!(failure.is_refusal() && failure.to_string().contains(told), "{failure}");
        assert_eq!(files(), untouched);
        let (_, findings) = verify(&disk, Path::new(CHECKPOINT), &mut |_| Ok(())).unwrap();
        assert_eq!(findings, [failure.to_string()], "that can be found without a run");
    }
}

/// Input appended after the run has seen the end is for the next run: after an unterminated last line it would look
/// like a line of its own.
#[test]
fn an_input_that_grows_at_its_end_is_read_on_by_the_next_run() {
    fn grow(disk: &SimulatedDisk, line_no: u64) {
        let input = disk.contents(Path::new(INPUT)).unwrap();
        if line_no == 9 && !input.ends_with(b"\n") {
            disk.put(Path::new(INPUT), &[&input[..], b"\n", &lines(20, 3)].concat());
        }
    }
    let before = lines(19, 9);
    let scene = Scene::fresh("grows", &[], before.trim_ascii_end());
    let disk = scene.disk.after_kill(1);
    scene.run(&disk, Process { meanwhile: Some(grow), ..Process::default() }).unwrap();
    scene.check_result(&disk, false).unwrap();
    let whole = [before, lines(20, 3)].concat();
    Scene::fresh("whole", &[], &whole).must_adjudicate(&whole).check_end(&disk, 2, false).unwrap();
}
