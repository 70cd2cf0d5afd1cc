//! Frames, and appending to existing files.

use std::io;

use super::*;

const ZSTD: Compression = Compression::Zstd { level: 1 };

/// The result of `ends_torn` for a file that holds `bytes`.
fn check(compression: Compression, bytes: &[u8]) -> Result<bool, String> {
    let read_at = |buffer: &mut [u8], at: u64| {
        let at = usize::try_from(at).unwrap();
        buffer.copy_from_slice(bytes.get(at..at + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    ends_torn(compression, bytes.len() as u64, read_at).map_err(|error| error.to_string())
}

/// Random bytes, which do not compress: they give several blocks of the largest size.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u8::try_from(state >> 56).unwrap()
    };
    (0..len).map(|_| next()).collect()
}

/// Frames of every kind that the encoder makes: empty, short, of a repeated byte, of several blocks, of every level.
fn frames() -> Vec<Vec<u8>> {
    let contents = [Vec::new(), b"x\n".to_vec(), vec![b'x'; 400_000], noise(300), noise(300_000)];
    let encode = |level: u8, content: &[u8]| Encoder::new(level).encode(content).unwrap().to_vec();
    contents.iter().flat_map(|content| [1, 9, 19].map(|level| encode(level, content))).collect()
}

#[test]
fn a_frame_ends_where_zstd_says_that_it_ends() {
    let file = frames().concat();
    let mut start = 0;
    while start < file.len() {
        let bytes = zstd_safe::find_frame_compressed_size(&file[start..]).unwrap();
        let read_at = &mut |buffer: &mut [u8], at: u64| {
            let at = usize::try_from(at).unwrap();
            buffer.copy_from_slice(&file[at..at + buffer.len()]);
            Ok(())
        };
        assert_eq!(frame_bytes(start as u64, file.len() as u64, read_at).unwrap(), Some(bytes as u64));
        start += bytes;
    }
    assert_eq!(check(ZSTD, &file), Ok(false));
}

/// Anything after a torn frame would be read as the rest of it.
#[test]
fn nothing_is_appended_to_a_torn_frame_wherever_it_is_torn() {
    let encode = |content: &[u8]| Encoder::new(1).encode(content).unwrap().to_vec();
    let first = encode(b"first\n");
    for second in [encode(b"second\n"), encode(&noise(300))] {
        let file = [&first[..], &second].concat();
        for len in first.len() + 1..file.len() {
            let why = format!(
                "its last frame, from byte {} on, is torn (cut it with `trace check --repair`, or name another file)",
                first.len()
            );
            assert_eq!(check(ZSTD, &file[..len]), Err(why), "{len} bytes");
        }
        assert_eq!((check(ZSTD, &first), check(ZSTD, &file)), (Ok(false), Ok(false)));
    }
    assert!(
        check(ZSTD, &[&first[..], b"\0\0\0\0\0\0"].concat()).is_err(),
        "zeros of a power cut are no frame"
    );
}

#[test]
fn plain_and_compressed_records_do_not_mix() {
    let frame = Encoder::new(1).encode(b"x\n").unwrap().to_vec();
    for len in [1, 3, 4, frame.len()] {
        let refused = check(Compression::None, &frame[..len]).unwrap_err();
        assert!(refused.starts_with("its records are compressed, "), "{refused}");
    }
    for lines in ["{", "{}\n", "{}\n{"] {
        let refused = check(ZSTD, lines.as_bytes()).unwrap_err();
        assert!(refused.starts_with("its records are not compressed, "), "{refused}");
        assert_eq!(check(Compression::None, lines.as_bytes()), Ok(!lines.ends_with('\n')));
    }
    assert_eq!([Compression::None, ZSTD].map(|compression| check(compression, b"")), [Ok(false), Ok(false)]);
}

/// A level at each bound, and one beyond, which is clamped.
#[test]
fn levels_beyond_the_bounds_are_clamped() {
    let lines = noise(1_000)
        .iter()
        .flat_map(|byte| format!("{{\"line_no\":{byte}}}\n").into_bytes())
        .collect::<Vec<_>>();
    let encoded = |level: u8| Encoder::new(level).encode(&lines).unwrap().to_vec();
    assert_eq!((encoded(0), encoded(20)), (encoded(1), encoded(19)));
    assert!(encoded(19).len() < encoded(1).len());
}

#[test]
fn a_large_batch_does_not_keep_its_memory() {
    let mut encoder = Encoder::new(1);
    encoder.encode(&noise(3_000_000)).unwrap();
    encoder.shrink_to(1_000);
    assert!(encoder.frame.capacity() < 10_000);
}
