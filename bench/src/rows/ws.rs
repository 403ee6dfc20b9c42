//! Fan-out beside a server of Node with the package `ws`, where Node is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use jackfield::hub::frame;

use crate::Scale;
use crate::bed::Bed;
use crate::host::built;
use crate::measure::{ROUNDS, Turns};
use crate::table::{Figure, Outcome};
use crate::{event, machine};

/// How long what was sent may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(scale: &Scale) -> Outcome {
    let clients = scale.fanout.min(machine::files() / 3);
    let event = event::call_started().ok_or("the model makes no callStarted")?.to_json();
    let frame = frame::text(event.as_bytes());
    let mut node = Node::start(&installed()?, clients)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let mut bed = Bed::new(clients, |_| 0).await?;
        let mut figures = Vec::new();
        for (kind, burst, bursts, goal) in [("an event", 1, 40, 1.5), ("100 events at once", 100, 4, 20.0)] {
            let each = |time: Duration| time.as_secs_f64() * 1e6 / (clients * bursts) as f64;
            let mut turns = Turns::default();
            for round in 0..=ROUNDS {
                let ours = each(bed.publish(&frame, burst, bursts).await?);
                let mut theirs = Duration::ZERO;
                for _ in 0..bursts {
                    theirs += node.send(event.len(), frame.len(), burst)?;
                }
                if round > 0 {
                    turns.add(ours, each(theirs));
                }
            }
            let pair = turns.pair();
            let better = 1.0 / pair.ratio.median;
            let what = format!("{kind} of {} bytes to {clients} clients", frame.len());
            let figure = Figure::compared(what, "µs CPU a client", pair, "npm ws");
            figures.push(figure.goal(format!("{goal} times better (it is {better:.1})"), better >= goal));
        }
        Ok(figures)
    })
}

/// The folder with the server and the package, which is installed once.
fn installed() -> Result<PathBuf, String> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("ws");
    let folder = built()?.join("bench-ws");
    let text = |e: std::io::Error| format!("{}: {e}", folder.display());
    std::fs::create_dir_all(&folder).map_err(text)?;
    for file in ["server.mjs", "package.json"] {
        std::fs::copy(ours.join(file), folder.join(file)).map_err(text)?;
    }
    if !folder.join("node_modules/ws").exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder).stdin(Stdio::null());
        let status = npm.stdout(Stdio::null()).status().map_err(|e| format!("npm, which comes with Node: {e}"))?;
        if !status.success() {
            return Err("npm cannot install the package ws".to_owned());
        }
    }
    Ok(folder)
}

/// The server, and its clients.
struct Node {
    child: Child,
    say: ChildStdin,
    hear: BufReader<ChildStdout>,
    clients: Vec<TcpStream>,
}

impl Node {
    fn start(folder: &Path, clients: usize) -> Result<Self, String> {
        let mut node = Command::new("node");
        node.arg("server.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().map_err(|e| format!("node: {e}"))?;
        let (Some(say), Some(hear)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("node: no pipes".to_owned());
        };
        let mut node = Self { child, say, hear: BufReader::new(hear), clients: Vec::new() };
        let port = node.line("port ")?;
        for number in 0..clients {
            let client = connect(port.trim()).map_err(|e| format!("client {number} of npm ws: {e}"))?;
            node.clients.push(client);
        }
        Ok(node)
    }

    fn line(&mut self, begins: &str) -> Result<String, String> {
        let mut line = String::new();
        self.hear.read_line(&mut line).map_err(|e| format!("node: {e}"))?;
        line.strip_prefix(begins).map(str::to_owned).ok_or_else(|| format!("node says {line:?}"))
    }

    /// Sends messages to everybody; the CPU time of the server's process. What came is read afterwards.
    fn send(&mut self, message: usize, frame: usize, burst: usize) -> Result<Duration, String> {
        writeln!(self.say, "{message} {burst}").map_err(|e| format!("node: {e}"))?;
        let answer = self.line("sent ")?;
        let mut words = answer.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
        let (Some(micros), Some(clients)) = (words.next(), words.next()) else {
            return Err(format!("node says {answer:?}"));
        };
        if clients != self.clients.len() as u64 {
            return Err(format!("node has {clients} clients of {}", self.clients.len()));
        }
        let mut bytes = vec![0; frame * burst];
        for client in &mut self.clients {
            client.read_exact(&mut bytes).map_err(|e| format!("a client of npm ws: {e}"))?;
        }
        Ok(Duration::from_micros(micros))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(port: &str) -> std::io::Result<TcpStream> {
    let mut client = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    socket2::SockRef::from(&client).set_recv_buffer_size(212_992)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.write_all(
        b"GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101") { Ok(client) } else { Err(std::io::Error::other("refused")) }
}
