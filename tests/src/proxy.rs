//! A wire that can be cut, and slow: what connects to it reaches somebody else, until it does not.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::host::PATIENCE;

/// A relay on loopback.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    /// How long whatever is passed on waits, each way, in milliseconds.
    delay: Arc<AtomicU64>,
    gate: Arc<Gate>,
}

/// Where what comes from the far end stops, in the middle of a message.
#[derive(Debug, Default)]
struct Gate {
    stop: Mutex<Stop>,
    turned: Condvar,
}

#[derive(Debug, Default)]
enum Stop {
    #[default]
    Open,
    /// At the next such text, after so many bytes of it.
    At(Vec<u8>, usize),
    /// There it was.
    Here,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, stop: Stop) {
        *self.lock() = stop;
        self.turned.notify_all();
    }

    /// How much of a piece may pass before the gate opens again.
    fn first(&self, piece: &[u8]) -> usize {
        let stop = self.lock();
        let Stop::At(text, keep) = &*stop else { return piece.len() };
        let found = piece.windows(text.len()).position(|window| window == text.as_slice());
        found.map_or(piece.len(), |at| (at + keep).min(piece.len()))
    }

    /// The first part is on its way: nothing else, until somebody opens.
    fn wait(&self) {
        self.turn(Stop::Here);
        let mut stop = self.lock();
        while matches!(*stop, Stop::Here) {
            stop = self.turned.wait(stop).unwrap_or_else(PoisonError::into_inner);
        }
    }
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
        let gate: Arc<Gate> = Arc::default();
        let turned = Arc::clone(&gate);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if lock(&shared).cut {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let mut ends = Vec::new();
                for (from, to, gate) in [(&near, &far, None), (&far, &near, Some(&turned))] {
                    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { continue };
                    ends.extend(to.try_clone());
                    let (slow, gate) = (Arc::clone(&slow), gate.cloned());
                    std::thread::spawn(move || {
                        // However it ends, the other direction ends, too.
                        let _ = pass_on(&mut from, &mut to, &slow, gate.as_deref());
                        let _ = to.shutdown(Shutdown::Both);
                        let _ = from.shutdown(Shutdown::Both);
                    });
                }
                lock(&shared).open.extend(ends);
            }
        });
        Ok(Self { port, state, delay, gate })
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

    /// What comes from the far end stops at the next such text, after so many bytes of it.
    pub fn stop_in(&self, text: &str, keep: usize) {
        self.gate.turn(Stop::At(text.as_bytes().to_vec(), keep));
    }

    /// Waits until it has stopped there.
    ///
    /// # Errors
    /// The text did not come.
    pub fn stopped(&self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        let mut stop = self.gate.lock();
        while !matches!(*stop, Stop::Here) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("nothing was stopped in time: {stop:?}"));
            }
            stop = self.gate.turned.wait_timeout(stop, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// The rest goes on.
    pub fn go(&self) {
        self.gate.turn(Stop::Open);
    }

    /// Mends it.
    pub fn mend(&self) {
        lock(&self.state).cut = false;
    }
}

fn pass_on(from: &mut TcpStream, to: &mut TcpStream, delay: &AtomicU64, gate: Option<&Gate>) -> io::Result<()> {
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
        let first = gate.map_or(read, |gate| gate.first(&piece[..read]));
        to.write_all(&piece[..first])?;
        if let (Some(gate), true) = (gate, first < read) {
            gate.wait();
            to.write_all(&piece[first..read])?;
        }
    }
}
