//! Ends of bounded files.

use std::io::Write;

use zstd_safe::DCtx;

use super::*;

/// Files in memory.
struct Files {
    files: Vec<Vec<u8>>,
    in_all: u64,
}

impl Write for Files {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.files.last_mut().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for Files {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn room(&self) -> Room {
        let left = self.in_all.saturating_sub(self.files.last().unwrap().len() as u64);
        Room { left, in_all: self.in_all }
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        self.files.push(Vec::new());
        Ok(())
    }
}

/// Writes batches and returns the resulting files.
fn written(batches: &[&str], in_all: u64, compression: Compression) -> Vec<Vec<u8>> {
    let mut output = Output::new(Files { files: vec![Vec::new()], in_all });
    output.compress(compression);
    for lines in batches {
        output.write(lines.as_bytes(), Batch { bytes: lines.len(), records: 1, ..Batch::default() }).unwrap();
    }
    assert_eq!(output.progress.records, batches.len() as u64);
    let bytes: usize = output.destination.files.iter().map(Vec::len).sum();
    assert_eq!(output.progress.bytes, bytes as u64);
    output.destination.files
}

fn plain(batches: &[&str], in_all: u64) -> String {
    let files = written(batches, in_all, Compression::None);
    let text = |file: Vec<u8>| String::from_utf8(file).unwrap().replace('\n', ".");
    files.into_iter().map(text).collect::<Vec<_>>().join("|")
}

#[test]
fn a_file_ends_before_a_line_beyond_its_bound() {
    assert_eq!(plain(&["aa\n", "bb\n", "cc\n"], 6), "aa.bb.|cc.");
    assert_eq!(plain(&["aa\n", "bb\n", "cc\n"], 5), "aa.|bb.|cc.");
    assert_eq!(plain(&["aa\nbb\ncc\n"], 6), "aa.bb.|cc.", "within a batch, too");
    assert_eq!(plain(&["aa\n", "bb\ncc\ndd\n"], 8), "aa.bb.|cc.dd.");
}

#[test]
fn a_line_beyond_the_bound_is_alone() {
    assert_eq!(plain(&["a\nbbbb\nc\n"], 4), "a.|bbbb.|c.");
    assert_eq!(plain(&["bbbb\na\nc\n"], 4), "bbbb.|a.c.");
    assert_eq!(plain(&["aa\nbb\n"], 1), "aa.|bb.");
}

fn decompressed(file: &[u8]) -> String {
    let (mut decoder, mut text, mut rest) = (DCtx::create(), String::new(), file);
    while !rest.is_empty() {
        let bytes = zstd_safe::find_frame_compressed_size(rest).unwrap();
        let mut lines = Vec::with_capacity(1 << 20);
        decoder.decompress(&mut lines, &rest[..bytes]).unwrap();
        assert!(lines.ends_with(b"\n"));
        text += std::str::from_utf8(&lines).unwrap();
        rest = &rest[bytes..];
    }
    text
}

/// Lines of about 40 bytes that hardly compress.
fn lines(count: u64) -> String {
    let line = |line: u64| format!("{:040x}", u128::from(line).wrapping_pow(37));
    (1..=count).map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn a_file_ends_with_a_whole_frame() {
    let zstd = Compression::Zstd { level: 1 };
    let batches = [lines(20), lines(30), lines(10)];
    let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
    let [one] = &written(&batches, u64::MAX, zstd)[..] else { panic!("one file is enough") };
    let bytes_of = |lines| written(&[lines], u64::MAX, zstd)[0].len() as u64;
    let two = bytes_of(batches[0]) + bytes_of(batches[1]);
    for (in_all, lines) in [(two, 50), (two - 1, 20)] {
        let files = written(&batches, in_all, zstd);
        assert_eq!(decompressed(&files[0]).lines().count(), lines);
        assert_eq!(files.len(), 2);
        assert_eq!(files.concat(), *one, "the frames are the same");
    }
}

/// A batch whose frame would be larger than any file is split at line ends.
#[test]
fn a_frame_beyond_the_bound_becomes_several() {
    let zstd = Compression::Zstd { level: 1 };
    let lines = lines(100);
    for in_all in [1, 60, 200, 1_000] {
        let files = written(&[&lines], in_all, zstd);
        let texts: Vec<String> = files.iter().map(|file| decompressed(file)).collect();
        assert_eq!(texts.concat(), lines, "{in_all}");
        for (file, text) in files.iter().zip(texts) {
            assert!(file.len() as u64 <= in_all || text.lines().count() == 1, "{in_all}");
        }
    }
}
