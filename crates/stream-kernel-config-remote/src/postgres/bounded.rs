//! Connections that end at a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use stream_kernel_config::MAX_SOURCE_BYTES;

/// The most bytes that are read from a server in all: each row has some around it.
pub(super) const MAX_ANSWER_BYTES: usize = 2 * MAX_SOURCE_BYTES;

/// A reader of a bounded number of bytes. The error beyond is of the kind `FileTooLarge`.
#[derive(Debug)]
pub(super) struct Bounded<S> {
    stream: S,
    left: usize,
}

impl<S> Bounded<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, left: MAX_ANSWER_BYTES }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bounded = self.get_mut();
        let before = buffer.filled().len();
        let poll = Pin::new(&mut bounded.stream).poll_read(context, buffer);
        match bounded.left.checked_sub(buffer.filled().len() - before) {
            Some(left) => bounded.left = left,
            None => return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into())),
        }
        poll
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads this many bytes from an endless connection.
    fn read(bytes: usize) -> Poll<io::Result<()>> {
        /// An endless source of bytes.
        struct Endless;
        impl AsyncRead for Endless {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let room = buffer.remaining();
                buffer.put_slice(&vec![b'x'; room]);
                Poll::Ready(Ok(()))
            }
        }
        let (mut stream, mut room) = (Bounded::new(Endless), vec![0; bytes]);
        let mut context = Context::from_waker(std::task::Waker::noop());
        Pin::new(&mut stream).poll_read(&mut context, &mut ReadBuf::new(&mut room))
    }

    #[test]
    fn a_connection_ends_at_its_bound() {
        assert!(matches!(read(MAX_ANSWER_BYTES), Poll::Ready(Ok(()))));
        let Poll::Ready(Err(error)) = read(MAX_ANSWER_BYTES + 1) else {
            panic!("one byte too many was read")
        };
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
