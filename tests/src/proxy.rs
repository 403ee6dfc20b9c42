//! A wire that can be cut, and slow: what connects to it reaches somebody else, until it does not.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A relay on loopback.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    /// How long whatever is passed on waits, each way, in milliseconds.
    delay: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct State {
    cut: bool,
    open: Vec<TcpStream>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Relays to a port of this machine, as long as the test runs.
    ///
    /// # Errors
    /// There is no port.
    pub fn to(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let delay: Arc<AtomicU64> = Arc::default();
        let slow = Arc::clone(&delay);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if lock(&shared).cut {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let mut ends = Vec::new();
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { continue };
                    ends.extend(to.try_clone());
                    let slow = Arc::clone(&slow);
                    std::thread::spawn(move || {
                        // However it ends, the other direction ends, too.
                        let _ = pass_on(&mut from, &mut to, &slow);
                        let _ = to.shutdown(Shutdown::Both);
                        let _ = from.shutdown(Shutdown::Both);
                    });
                }
                lock(&shared).open.extend(ends);
            }
        });
        Ok(Self { port, state, delay })
    }

    /// Where to connect.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on everything takes so long, each way.
    pub fn delay(&self, by: Duration) {
        self.delay.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Cuts the wire; whoever connects from now on is hung up on.
    pub fn cut(&self) {
        let mut state = lock(&self.state);
        state.cut = true;
        for end in state.open.drain(..) {
            // It may be gone already.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Mends it.
    pub fn mend(&self) {
        lock(&self.state).cut = false;
    }
}

fn pass_on(from: &mut TcpStream, to: &mut TcpStream, delay: &AtomicU64) -> io::Result<()> {
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        let wait = delay.load(Ordering::Relaxed);
        if wait > 0 {
            std::thread::sleep(Duration::from_millis(wait));
        }
        to.write_all(&piece[..read])?;
    }
}
