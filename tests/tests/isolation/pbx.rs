//! The hostile adapter's phone system: calls that are up, and the word that starts a deed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;

/// Room for a thread that only reads lines.
const STACK: usize = 128 * 1024;

#[derive(Debug, Default)]
struct State {
    /// The calls that are up, as they are listed.
    calls: Vec<String>,
    /// To the adapter that said hello last.
    adapter: Option<TcpStream>,
    hellos: usize,
    /// What it is told first.
    host: String,
    /// What it told of its deeds.
    said: Vec<String>,
}

impl State {
    fn list(&self) -> String {
        format!("LIST\n{}END", self.calls.concat())
    }
}

/// A phone system. It serves one connection of a host; who connects and says nothing is let be.
#[derive(Debug)]
pub(crate) struct Pbx {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl Pbx {
    /// With these calls up, each `key line number state`.
    pub(crate) fn start(calls: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = calls.iter().map(|call| format!("CALL {call}\n")).collect();
        let state = Arc::new(Mutex::new(State { calls, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                let serving = move || serve(&stream, &shared);
                std::thread::Builder::new().stack_size(STACK).spawn(serving).unwrap();
            }
        });
        Self { port, state }
    }

    /// Says a line to the adapter.
    pub(crate) fn say(&self, line: &str) {
        let mut state = lock(&self.state);
        if let Some(adapter) = &mut state.adapter {
            // Should it be gone, what is waited for next does not come.
            let _ = adapter.write_all(format!("{line}\n").as_bytes());
        }
    }

    /// Shows the adapter all calls, unasked.
    pub(crate) fn list(&self) {
        let list = lock(&self.state).list();
        self.say(&list);
    }

    /// Which process the host is; every adapter is told from now on.
    pub(crate) fn host_is(&self, process: u32) {
        let told = format!("HOST {process}");
        lock(&self.state).host = format!("{told}\n");
        self.say(&told);
    }

    /// Has a deed done.
    pub(crate) fn deed(&self, name: &str) {
        lock(&self.state).said.clear();
        self.say(&format!("DEED {name}"));
    }

    /// What a deed came to; none: it did not come back within this time.
    pub(crate) fn did(&self, name: &str, patience: Duration) -> Option<String> {
        let (until, begin) = (Instant::now() + patience, format!("DID {name}: "));
        loop {
            let said = lock(&self.state).said.iter().find_map(|line| Some(line.strip_prefix(&begin)?.to_owned()));
            if said.is_some() || Instant::now() > until {
                return said;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How often an adapter has said hello.
    pub(crate) fn hellos(&self) -> usize {
        lock(&self.state).hellos
    }

    /// Waits until an adapter has said hello more often than that.
    pub(crate) fn wait_hello(&self, after: usize) {
        let until = Instant::now() + PATIENCE;
        while self.hellos() <= after {
            assert!(Instant::now() < until, "no adapter says hello");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn serve(stream: &TcpStream, shared: &Mutex<State>) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let mut state = lock(shared);
        if line == "HELLO" {
            let Ok(mut adapter) = stream.try_clone() else { return };
            // An adapter that ends in the middle of it says hello again.
            let _ = adapter.write_all(format!("{}{}\n", state.host, state.list()).as_bytes());
            state.adapter = Some(adapter);
            state.hellos += 1;
        } else {
            state.said.push(line);
        }
    }
}

fn lock(mutex: &Mutex<State>) -> MutexGuard<'_, State> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
