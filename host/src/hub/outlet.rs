//! Where a session's bytes go: never waits.

use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// The most pieces of one write.
pub(super) const MOST_PIECES: usize = 64;

/// A client's socket, as the hub writes to it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outlet {
    /// Plain TCP: the hub writes the shared bytes itself.
    Tcp(Arc<TcpStream>),
    /// TLS: a task of the session encrypts and writes what stands in a short queue.
    Queue(mpsc::Sender<Bytes>),
}

impl Outlet {
    /// Writes as much as goes at once. How many bytes, or `WouldBlock`.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn write(&self, pieces: &[Bytes]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => {
                if let [piece] = pieces {
                    return stream.try_write(piece);
                }
                let mut slices = [IoSlice::new(&[]); MOST_PIECES];
                let count = pieces.len().min(MOST_PIECES);
                for (slice, piece) in slices.iter_mut().zip(pieces) {
                    *slice = IoSlice::new(piece);
                }
                stream.try_write_vectored(&slices[..count])
            }
            Self::Queue(queue) => {
                let mut taken = 0;
                for piece in pieces {
                    match queue.try_send(piece.clone()) {
                        Ok(()) => taken += piece.len(),
                        Err(mpsc::error::TrySendError::Closed(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
                        Err(mpsc::error::TrySendError::Full(_)) if taken > 0 => return Ok(taken),
                        Err(mpsc::error::TrySendError::Full(_)) => return Err(io::ErrorKind::WouldBlock.into()),
                    }
                }
                Ok(taken)
            }
        }
    }

    /// Waits, apart from the hub, until something can be written again (or never will be).
    pub fn writable(&self) -> impl Future<Output = ()> + Send + 'static {
        enum Wait {
            Tcp(Arc<TcpStream>),
            Queue(mpsc::Sender<Bytes>),
        }
        let wait = match self {
            Self::Tcp(stream) => Wait::Tcp(Arc::clone(stream)),
            Self::Queue(queue) => Wait::Queue(queue.clone()),
        };
        async move {
            match wait {
                Wait::Tcp(stream) => drop(stream.writable().await),
                Wait::Queue(queue) => drop(queue.reserve().await),
            }
        }
    }

    /// Ends writing: what was written goes out, then the other side sees the end.
    pub fn finish(&self) {
        if let Self::Tcp(stream) = self {
            // A socket that is broken already needs no end.
            let _ = socket2::SockRef::from(&**stream).shutdown(std::net::Shutdown::Write);
        }
    }
}
