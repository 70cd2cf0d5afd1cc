//! Lines in pieces, interrupted lines, and lines left at the end.

use super::*;
use std::io::{BufReader, Read};

/// Reads `input` with a bound of 8 bytes per line, in chunks of every small size, and returns the lines.
fn check(input: &[u8]) -> Vec<String> {
    let lines_by_chunks_of = |chunk_bytes| {
        let mut reader = LineReader::new(BufReader::with_capacity(chunk_bytes, input), 8);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            assert_eq!(line.line_no(), lines.len() as u64 + 1);
            lines.push(match line.into_content() {
                LineContent::Whole(text) => String::from_utf8(text.to_vec()).unwrap(),
                LineContent::Overlong { bytes, sha256 } => format!("{bytes} bytes, {:02x}..", sha256[0]),
            });
        }
        assert_eq!(reader.bytes_read(), input.len() as u64);
        lines
    };
    let lines = lines_by_chunks_of(1_000);
    for chunk_bytes in 1..20 {
        assert_eq!(lines_by_chunks_of(chunk_bytes), lines, "read {chunk_bytes} bytes at a time");
    }
    lines
}

fn overlong(text: &[u8]) -> String {
    format!("{} bytes, {:02x}..", text.len(), Sha256::digest(text)[0])
}

#[test]
fn lines_end_at_lf_and_a_last_one_without_it_counts() {
    assert_eq!(check(b""), [""; 0]);
    assert_eq!(check(b"\n"), [""]);
    assert_eq!(check(b"a\nb"), ["a", "b"]);
    assert_eq!(check(b"a\n\nb\n"), ["a", "", "b"]);
}

#[test]
fn one_cr_belongs_to_the_line_end_if_lf_follows() {
    assert_eq!(check(b"a\r\nb\r\r\nc\rd\r"), ["a", "b\r", "c\rd\r"]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_byte_0_only() {
    assert_eq!(check(b"\xef\xbb\xbfa\n\xef\xbb\xbfb"), ["a", "\u{feff}b"]);
    assert_eq!(check(b"\xef\xbb\xbf"), [""; 0], "a file of a mark alone holds no line");
    assert_eq!(check(b"\xef\xbb\xbf\n"), [""]);
    assert_eq!(check(b"\xef\xbb\xbf\xef\xbb\xbf"), ["\u{feff}"]);
}

#[test]
fn the_bound_holds_for_the_text_alone_and_one_beyond_is_skipped() {
    assert_eq!(check(b"12345678\n12345678\r\n12345678"), ["12345678"; 3]);
    assert_eq!(check(b"\xef\xbb\xbf12345678\r\n"), ["12345678"]);
    assert_eq!(check(b"123456789\nb\n"), [overlong(b"123456789"), "b".into()]);
    assert_eq!(check(b"12345678\r"), [overlong(b"12345678\r")], "a CR without LF counts");
    assert_eq!(check(b"\xef\xbb\xbf123456789\r\n"), [overlong(b"123456789")]);
}

#[test]
fn a_skipped_line_is_known_by_its_whole_text() {
    let long = b"0123456789abcdef\r0123456789abcdef".repeat(50);
    for end in [&b""[..], b"\n", b"\r\n"] {
        assert_eq!(check(&[&long, end].concat()), [overlong(&long)]);
    }
    assert_eq!(check(&[&long[..], b"\r"].concat()), [overlong(&[&long[..], b"\r"].concat())]);
    assert_eq!(check(&[BYTE_ORDER_MARK, &long].concat()), [overlong(&long)]);
}

#[test]
fn a_reader_goes_on_where_another_one_ended() {
    let mut reader = LineReader::new(&b"\xef\xbb\xbfx\n"[..], 8).after(7, 100);
    let line = reader.next_line().unwrap().unwrap();
    assert_eq!((line.line_no(), reader.bytes_read()), (8, 105));
    assert_eq!(*line.content(), LineContent::Whole(b"\xef\xbb\xbfx"[..].into()), "no mark: not byte 0");
}

#[test]
fn buffered_lines_are_whole_ones() {
    let mut reader = LineReader::new(BufReader::with_capacity(10, &b"ab\ncd\r\n\nxyz\nend"[..]), 8);
    let next = |reader: &mut LineReader<_>| reader.next_line().unwrap().map(RawLine::into_content);
    let whole = |text: &[u8]| Some(LineContent::Whole(text.into()));
    assert!(reader.buffered_line().is_none(), "nothing was read yet");
    assert_eq!(next(&mut reader), whole(b"ab"));
    let buffered: Vec<_> = std::iter::from_fn(|| reader.buffered_line()).collect();
    assert_eq!(
        buffered,
        [(2, "cd"), (3, "")].map(|(line_no, text)| RawLine::new(line_no, whole(text.as_bytes()).unwrap()))
    );
    assert_eq!(reader.bytes_read(), 8, "`xyz` is not there as a whole");
    assert_eq!(next(&mut reader), whole(b"xyz"));
    assert!(reader.buffered_line().is_none(), "the last one has no LF");
    assert_eq!(next(&mut reader), whole(b"end"));
    assert_eq!(next(&mut reader), None);
    assert!(reader.buffered_line().is_none());
}

/// A pipe may have nothing more for hours.
#[test]
fn a_buffered_line_is_not_waited_for() {
    struct Once<'a>(Option<&'a [u8]>);
    impl Read for Once<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.take().expect("the next read would wait").read(buffer)
        }
    }
    let mut reader = LineReader::new(BufReader::new(Once(Some(b"a\nb\n"))), 8);
    reader.next_line().unwrap();
    assert!(reader.buffered_line().is_some());
    assert!(reader.buffered_line().is_none());
}

/// A file may grow between two reads.
#[test]
fn an_input_that_grows_after_its_end_was_seen_has_ended() {
    /// Reads one piece after the other; before each but the first, it returns the end of the file once.
    struct Growing<'a>(Vec<&'a [u8]>);
    impl Read for Growing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Ok(0) } else { self.0.remove(0).read(buffer) }
        }
    }
    for (before, lines) in [("", 0), ("a\n", 1), ("a\nb", 2), ("a\n123456789", 2)] {
        let growing = Growing(vec![before.as_bytes(), b"", b"\nc\n", b"", b"d"]);
        let mut reader = LineReader::new(BufReader::new(growing), 8);
        for _ in 0..lines {
            assert!(reader.next_line().unwrap().is_some());
        }
        for _ in 0..3 {
            assert_eq!(reader.next_line().unwrap(), None, "after {before:?}");
        }
        assert_eq!((reader.line_no(), reader.bytes_read()), (lines, before.len() as u64));
    }
}

#[test]
fn an_interrupted_read_loses_nothing() {
    struct Interrupted<'a>(&'a [u8], bool);
    impl Read for Interrupted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(&mut buffer[..2]) }
        }
    }
    let mut reader = LineReader::new(BufReader::new(Interrupted(b"abcdef\ngh", false)), 8);
    let (mut lines, mut interruptions) = (Vec::new(), 0);
    loop {
        match reader.next_line() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => interruptions += 1,
            Err(error) => panic!("{error}"),
            Ok(Some(line)) => lines.push(line.into_content()),
            Ok(None) => break,
        }
        // After a stop here, the next run begins with the first byte of this line.
        let of_lines = [0, 7, 9][lines.len()];
        assert_eq!((reader.line_no(), reader.bytes_read()), (lines.len() as u64, of_lines));
    }
    assert!(interruptions > 2);
    assert_eq!(lines, [b"abcdef", &b"gh"[..]].map(|text| LineContent::Whole(text.into())));
}

/// Returns the lines of a reader that leaves a last line without LF, the bytes of these lines, and the number of bytes
/// left.
fn leave(input: &[u8]) -> (usize, u64, u64) {
    let read_by_chunks_of = |chunk_bytes| {
        let input = BufReader::with_capacity(chunk_bytes, input);
        let mut reader = LineReader::new(input, 8).unterminated_line(UnterminatedLine::Leave);
        let mut lines = 0;
        assert_eq!(reader.bytes_left(), 0, "its end was not seen");
        while reader.next_line().unwrap().is_some() {
            lines += 1;
        }
        assert_eq!(reader.next_line().unwrap(), None);
        (lines, reader.bytes_read(), reader.bytes_left())
    };
    let read = read_by_chunks_of(1_000);
    for chunk_bytes in 1..20 {
        assert_eq!(read_by_chunks_of(chunk_bytes), read, "read {chunk_bytes} bytes at a time");
    }
    read
}

#[test]
fn a_last_line_without_lf_can_be_left() {
    assert_eq!(leave(b""), (0, 0, 0));
    assert_eq!(leave(b"a"), (0, 0, 1));
    assert_eq!(leave(b"a\nbc\n"), (2, 5, 0));
    assert_eq!(leave(b"a\nbc\r"), (1, 2, 3));
    assert_eq!(leave(b"a\n0123456789abcdef\r"), (1, 2, 17), "overlong");
    assert_eq!(leave(b"\xef\xbb\xbf"), (0, 3, 0), "a file of a mark alone holds no line");
    assert_eq!(leave(b"\xef\xbb"), (0, 0, 2), "a part of a mark");
    assert_eq!(leave(b"\xef\xbb\xbfa"), (0, 0, 4));
}

#[test]
fn a_taken_line_is_not_left() {
    let mut reader = LineReader::new(&b"a\nbc"[..], 8);
    while reader.next_line().unwrap().is_some() {}
    assert_eq!((reader.bytes_read(), reader.bytes_left()), (4, 0));
}
