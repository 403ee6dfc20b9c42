//! A stream that says again what it has just said, when it is told to.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is written while the flag is up goes out once more with the next flush, which takes the flag down.
pub(super) struct Twice<S> {
    inner: S,
    on: Arc<AtomicBool>,
    again: Vec<u8>,
    /// How much of `again` has gone out.
    done: usize,
}

impl<S> Twice<S> {
    pub(super) fn new(inner: S, on: Arc<AtomicBool>) -> Self {
        Self { inner, on, again: Vec::new(), done: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Twice<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Twice<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        if self.on.load(Ordering::Relaxed) {
            self.again.extend(&bytes[..written]);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.done < this.again.len() {
            let left = &this.again[this.done..];
            let written = ready!(Pin::new(&mut this.inner).poll_write(context, left))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.done += written;
        }
        if this.done > 0 {
            this.on.store(false, Ordering::Relaxed);
            this.again.clear();
            this.done = 0;
        }
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
