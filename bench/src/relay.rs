//! The least that could stand between a phone system and clients: it knows no calls and no protocol, and writes as many
//! bytes to one client for each line of the phone system as the host does. A process of its own, as the host is.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The process: `relay BYTES CLIENTS`. The first connection is the phone system, the others are clients, each with the
/// number that comes first; then it says `ready`.
pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    let numbers: Vec<usize> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    let [size, clients] = numbers.as_slice() else { return Err("usage: relay BYTES CLIENTS".to_owned()) };
    crate::machine::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(relay(*size, *clients)).map_err(|e| format!("relay: {e}"))
}

async fn relay(size: usize, clients: usize) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let (mut phone, _) = listener.accept().await?;
    phone.set_nodelay(true)?;
    let mut sockets: Vec<Option<TcpStream>> = (0..clients).map(|_| None).collect();
    for _ in 0..clients {
        let (mut client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let number = usize::try_from(client.read_u32().await?).unwrap_or(usize::MAX);
        if let Some(place) = sockets.get_mut(number) {
            *place = Some(client);
        }
    }
    phone.write_all(b"ready\n").await?;
    let (bytes, mut partial, mut read) = (vec![b'x'; size], Vec::new(), vec![0; 16 * 1024]);
    loop {
        let count = phone.read(&mut read).await?;
        if count == 0 {
            return Ok(());
        }
        partial.extend_from_slice(&read[..count]);
        while let Some(end) = partial.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&partial[..end]).into_owned();
            partial.drain(..=end);
            let number = line.rsplit(' ').next().and_then(|n| n.parse::<usize>().ok());
            if let Some(Some(client)) = number.and_then(|number| sockets.get_mut(number)) {
                client.write_all(&bytes).await?;
            }
        }
    }
}

/// A running relay. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    child: Child,
    address: String,
}

impl Relay {
    /// Starts it.
    pub(crate) fn start(size: usize, clients: usize) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut child = Command::new(own)
            .args(["relay", &size.to_string(), &clients.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("the relay: {e}"))?;
        let out = child.stdout.take();
        let mut relay = Self { child, address: String::new() };
        let mut address = String::new();
        let out = out.ok_or("the relay has no standard output")?;
        BufReader::new(out).read_line(&mut address).map_err(|e| format!("the relay: {e}"))?;
        address.trim().clone_into(&mut relay.address);
        Ok(relay)
    }

    /// Connects as the phone system.
    pub(crate) fn phone(&self) -> Result<Phone, String> {
        let stream = std::net::TcpStream::connect(&self.address).map_err(|e| format!("the relay: {e}"))?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        Ok(Phone(stream))
    }

    /// Connects a client.
    pub(crate) async fn client(&self, number: usize) -> Result<TcpStream, String> {
        let mut stream = TcpStream::connect(&self.address).await.map_err(|e| format!("the relay: {e}"))?;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        stream.write_u32(number).await.map_err(|e| format!("the relay: {e}"))?;
        Ok(stream)
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The phone system's end at a relay.
#[derive(Debug)]
pub(crate) struct Phone(std::net::TcpStream);

impl Phone {
    /// Waits until all clients are known.
    pub(crate) fn ready(&self) -> Result<(), String> {
        let mut line = String::new();
        BufReader::new(&self.0).read_line(&mut line).map_err(|e| format!("the relay: {e}"))?;
        if line == "ready\n" { Ok(()) } else { Err(format!("the relay says {line:?}")) }
    }

    /// A line of the phone system.
    pub(crate) fn turn(&mut self, line: usize) -> Result<(), String> {
        self.0.write_all(format!("RESUMED {line} {line}\n").as_bytes()).map_err(|e| format!("the relay: {e}"))
    }
}
