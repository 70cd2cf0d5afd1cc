//! Redis's protocol, version 2, as far as needed to read a hash.

use std::io::{self, BufRead, BufReader, Read, Write};

use stream_kernel_config::MAX_SOURCE_BYTES;

use crate::address::whole_number;

/// The longest line, in bytes: a length or an error.
const MAX_LINE_BYTES: usize = 1024;

/// The reply to a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A short text, such as `OK`.
    Simple,
    /// An error: a word, and a description.
    Error(String),
    /// A list of this many texts, which follow.
    Array(usize),
    /// Another reply, which is not read.
    Other(&'static str),
}

impl Reply {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Simple => "a short text",
            Self::Error(_) => "an error",
            Self::Array(_) => "a list",
            Self::Other(kind) => kind,
        }
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection failed, or the deadline passed.
    Io(io::Error),
    /// The bytes are not Redis's protocol.
    Protocol(&'static str),
    /// The source exceeds its bounds.
    TooMuch,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Requests, and their replies as they come in.
pub(crate) struct Replies<C> {
    connection: BufReader<C>,
    /// The bytes of texts that may still come.
    left: usize,
}

impl<C: Read + Write> Replies<C> {
    pub(crate) fn new(connection: BufReader<C>) -> Self {
        Self { connection, left: MAX_SOURCE_BYTES }
    }

    /// Sends a request, and returns its reply. [`bulk`](Self::bulk) reads the texts of a list.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Result<Reply, Failure> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
        self.connection.get_mut().write_all(&request)?;
        self.connection.get_mut().flush()?;
        let line = self.line()?;
        let (kind, rest) = line.split_at_checked(1).unwrap_or_default();
        match kind {
            "+" => Ok(Reply::Simple),
            "-" => Ok(Reply::Error(rest.to_owned())),
            "*" => Ok(Reply::Array(length(rest)?)),
            ":" => Ok(Reply::Other("a number")),
            "$" => Ok(Reply::Other("a text")),
            _ => Err(Failure::Protocol("it does not speak Redis's protocol")),
        }
    }

    /// Returns the next text of a list.
    pub(crate) fn bulk(&mut self) -> Result<Vec<u8>, Failure> {
        let line = self.line()?;
        let Some(bytes) = line.strip_prefix('$') else {
            return Err(Failure::Protocol("it lists something other than texts"));
        };
        let bytes = length(bytes)?;
        self.left = self.left.checked_sub(bytes).ok_or(Failure::TooMuch)?;
        let mut text = vec![0; bytes];
        self.connection.read_exact(&mut text)?;
        let mut end = [0; 2];
        self.connection.read_exact(&mut end)?;
        if end == *b"\r\n" { Ok(text) } else { Err(Failure::Protocol("a text is longer than announced")) }
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = Vec::new();
        let read = self.connection.by_ref().take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => String::from_utf8(line.to_vec())
                .map_err(|_| Failure::Protocol("it does not speak Redis's protocol")),
            None if read < MAX_LINE_BYTES && !line.ends_with(b"\n") => {
                Err(Failure::Io(io::ErrorKind::UnexpectedEof.into()))
            }
            None => Err(Failure::Protocol("it does not speak Redis's protocol")),
        }
    }
}

fn length(digits: &str) -> Result<usize, Failure> {
    whole_number(digits).ok_or(Failure::Protocol("a length is not a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random messages of a server, whatever the request.
    struct Said<'a>(&'a [u8], Vec<u8>);

    impl Read for Said<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Said<'_> {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.1.write(buffer)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn replies(said: &[u8]) -> Replies<Said<'_>> {
        Replies::new(BufReader::new(Said(said, Vec::new())))
    }

    #[test]
    fn requests_are_lists_of_texts() {
        let mut replies = replies(b"+OK\r\n*4\r\n$1\r\na\r\n$2\r\n\r\n\r\n$0\r\n\r\n$1\r\nb\r\n");
        assert_eq!(replies.ask(&["AUTH", "é"]).unwrap(), Reply::Simple);
        assert_eq!(replies.connection.get_ref().1, "*2\r\n$4\r\nAUTH\r\n$2\r\né\r\n".as_bytes());
        assert_eq!(replies.ask(&["HGETALL", "h"]).unwrap(), Reply::Array(4));
        let texts: Vec<_> = (0..4).map(|_| replies.bulk().unwrap()).collect();
        assert_eq!(texts, [&b"a"[..], b"\r\n", b"", b"b"]);
    }

    #[test]
    fn other_replies_are_distinguished() {
        assert_eq!(replies(b"-ERR no\r\n").ask(&["X"]).unwrap(), Reply::Error("ERR no".into()));
        assert_eq!(replies(b":1\r\n").ask(&["X"]).unwrap().kind(), "a number");
        assert_eq!(replies(b"$-1\r\n").ask(&["X"]).unwrap().kind(), "a text");
    }

    #[test]
    fn garbage_is_no_reply() {
        let line = |bytes| [vec![b'+'; bytes], b"\r\n".to_vec()].concat();
        for said in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"\xff\xff\r\n",
            b"\r\n",
            b"*x\r\n",
            b"*-1\r\n",
            b"*\r\n",
            b"+OK\n",
            &line(MAX_LINE_BYTES - 1),
        ] {
            let failure = replies(said).ask(&["X"]).unwrap_err();
            assert!(matches!(failure, Failure::Protocol(_)), "{said:?}: {failure:?}");
        }
        assert!(replies(&line(MAX_LINE_BYTES - 2)).ask(&["X"]).is_ok());
        for said in [&b""[..], b"+", b"*1"] {
            assert!(matches!(replies(said).ask(&["X"]), Err(Failure::Io(_))), "{said:?}");
        }
        for said in [&b":1\r\n"[..], b"$1\r\nabc", b"$-1\r\n", b"$+1\r\na\r\n"] {
            assert!(matches!(replies(said).bulk(), Err(Failure::Protocol(_))), "{said:?}");
        }
    }

    #[test]
    fn texts_end_at_their_bound() {
        let said = |bytes: usize| {
            [format!("${bytes}\r\n").into_bytes(), vec![b'x'; bytes], b"\r\n".to_vec()].concat()
        };
        assert_eq!(replies(&said(MAX_SOURCE_BYTES)).bulk().unwrap().len(), MAX_SOURCE_BYTES);
        assert!(matches!(replies(&said(MAX_SOURCE_BYTES + 1)).bulk(), Err(Failure::TooMuch)));
        assert!(matches!(replies(b"$99999999999999\r\n").bulk(), Err(Failure::TooMuch)));
        let twice = [said(MAX_SOURCE_BYTES), said(1)].concat();
        let mut twice = replies(&twice);
        assert!(twice.bulk().is_ok() && matches!(twice.bulk(), Err(Failure::TooMuch)));
    }
}
