//! A hub in this thread, with real sockets at both ends.
//!
//! Nobody reads while time is taken; what was sent is read between the turns, by the same thread. So the CPU time is
//! that of sending alone, ours and the reference's on the same sockets.

use std::io::{IoSlice, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use jackfield::hub::{AskView, Batch, Hub, LineKey, NewSession, Outlet, SessionId, View, Wanted};
use jackfield::metrics::Metrics;
use serde_json::json;
use tokio::net::TcpListener;

use crate::measure::thread_cpu;

/// Events that a line keeps.
const REPLAY: usize = 1_000;
/// A socket's buffers: a burst of a hundred events fits.
const BUFFER: usize = 212_992;
/// Pings between two looks: far fewer bytes than any event.
const MOST_PINGS: usize = 4;

/// The hub and its clients.
pub(crate) struct Bed {
    hub: Hub,
    /// The hub's ends.
    servers: Vec<Arc<tokio::net::TcpStream>>,
    /// The clients' ends of those who see line 0.
    clients: Vec<TcpStream>,
    /// The other clients' ends: open, and nothing comes.
    others: Vec<TcpStream>,
    probe: SessionId,
    seq: u64,
}

impl Bed {
    /// Clients, of whom the client with the number n sees the line `line_of(n)`.
    pub(crate) async fn new(clients: usize, line_of: impl Fn(usize) -> u32) -> Result<Self, String> {
        let ask: AskView = Arc::new(|_, _, _| true);
        let hub = Hub::start(ask, Metrics::new().hub);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let probe = hub.next_session();
        let (servers, listening, others) = Default::default();
        let mut bed = Self { hub, servers, clients: listening, others, probe, seq: 0 };
        for number in 0..clients {
            let client = TcpStream::connect(address).map_err(|e| format!("client {number}: {e}"))?;
            let (server, _) = listener.accept().await.map_err(|e| format!("client {number}: {e}"))?;
            let prepare = || {
                socket2::SockRef::from(&client).set_recv_buffer_size(BUFFER)?;
                socket2::SockRef::from(&server).set_send_buffer_size(BUFFER)?;
                server.set_nodelay(true)?;
                client.set_nonblocking(true)
            };
            prepare().map_err(|e: std::io::Error| format!("client {number}: {e}"))?;
            let (server, line, id) = (Arc::new(server), LineKey(line_of(number)), bed.hub.next_session());
            let reader = tokio::spawn(std::future::pending::<()>()).abort_handle();
            let outlet = Outlet::Tcp(Arc::clone(&server));
            bed.hub.line(line, REPLAY).await;
            bed.hub.join(NewSession { id, outlet, reader, heard: Arc::new(AtomicU64::new(u64::MAX)) }).await;
            bed.hub.want(id, json!(1), vec![Wanted { line, resume: None }], b"{}".to_vec()).await;
            bed.hub.view(id, line, View { prelude: Bytes::new(), status: b"{}".to_vec(), has_epoch: true }).await;
            bed.servers.push(server);
            if line.0 == 0 { bed.clients.push(client) } else { bed.others.push(client) }
        }
        bed.settled().await;
        Self::drain(&bed.clients);
        Self::drain(&bed.others);
        Ok(bed)
    }

    /// Waits until the hub has written everything that it has.
    async fn settled(&self) {
        // The first answer may come before what was taken with the question is written, the second not.
        for _ in 0..2 {
            self.hub.is_there(self.probe).await;
        }
    }

    /// Sends bursts through the hub on line 0; the CPU time.
    pub(crate) async fn publish(&mut self, frame: &Bytes, burst: usize, bursts: usize) -> Result<Duration, String> {
        let mut spent = Duration::ZERO;
        for _ in 0..bursts {
            let begin = thread_cpu();
            for _ in 0..burst {
                self.seq += 1;
                let ends = [u32::try_from(frame.len()).unwrap_or(u32::MAX)].into();
                let batch = Batch { epoch: 1, first_seq: self.seq, bytes: frame.clone(), ends, born: None };
                self.hub.publish(LineKey(0), batch).await;
            }
            self.settled().await;
            spent += thread_cpu() - begin;
            self.came(burst * frame.len())?;
        }
        Ok(spent)
    }

    /// The same bytes to the same sockets by nothing but `write`, or `writev` for a burst.
    pub(crate) fn plain(&self, frame: &Bytes, burst: usize, bursts: usize) -> Result<Duration, String> {
        let mut spent = Duration::ZERO;
        for _ in 0..bursts {
            let begin = thread_cpu();
            for server in &self.servers {
                let written = if burst == 1 {
                    rustix::io::write(server, frame)
                } else {
                    let slices: Vec<IoSlice<'_>> = (0..burst).map(|_| IoSlice::new(frame)).collect();
                    rustix::io::writev(server, &slices)
                };
                let written = written.map_err(|e| format!("write: {e}"))?;
                if written != burst * frame.len() {
                    return Err(format!("a socket took {written} bytes of {}", burst * frame.len()));
                }
            }
            spent += thread_cpu() - begin;
            self.came(burst * frame.len())?;
        }
        Ok(spent)
    }

    /// Reads what has come, and compares its size: a hub that loses something must not look fast.
    fn came(&self, expected: usize) -> Result<(), String> {
        for (number, client) in self.clients.iter().enumerate() {
            let mut came = 0;
            for _ in 0..1_000 {
                came += Self::drain(std::slice::from_ref(client));
                if came >= expected {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            // Pings of two bytes may be among it.
            if came < expected || came - expected > MOST_PINGS * 2 || came % 2 != expected % 2 {
                return Err(format!("{came} bytes came at client {number}, {expected} were sent"));
            }
        }
        Ok(())
    }

    /// Reads all that is there; how many bytes.
    fn drain(ends: &[TcpStream]) -> usize {
        let mut buffer = [0; 64 * 1024];
        let mut came = 0;
        for mut client in ends {
            while let Ok(count @ 1..) = client.read(&mut buffer) {
                came += count;
            }
        }
        came
    }
}
