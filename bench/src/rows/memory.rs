//! What a connected client holds in the host's memory, without TLS and with it.

use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::machine;
use crate::measure::Spread;
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Turns of the phone system in a burst: two events each.
const TURNS: usize = 500;
/// Bursts: the first fills the line's log, and every core's part of the allocator may take a while to be full.
const BURSTS: usize = 3;
/// Clients that come first, so that what is there once for all is there.
const FIRST: usize = 100;

/// A socket of a client.
trait Socket: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Socket for S {}

pub(crate) fn run(scale: &Scale) -> Outcome {
    let clients = scale.clients.min(machine::files() - FIRST);
    let mut figures = row(clients, None)?;
    figures.extend(row(clients, Some(&Tls::new()?))?);
    Ok(figures)
}

/// A certificate of the host's own, and who trusts it.
struct Tls {
    files: tempfile::TempDir,
    connector: TlsConnector,
}

impl Tls {
    fn new() -> Result<Self, String> {
        let text = |e: &dyn std::fmt::Display| format!("a certificate: {e}");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(|e| text(&e))?;
        let files = tempfile::tempdir().map_err(|e| text(&e))?;
        for (name, pem) in [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())] {
            std::fs::write(files.path().join(name), pem).map_err(|e| text(&e))?;
        }
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).map_err(|e| text(&e))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|e| text(&e))?.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { files, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// For `[server]`.
    fn keys(&self) -> String {
        let file = |name: &str| self.files.path().join(name).display().to_string();
        format!("tls = {{ cert = \"{}\", key = \"{}\" }}", file("cert.pem"), file("key.pem"))
    }
}

async fn connect(address: &str, tls: Option<&Tls>) -> Result<Client<Box<dyn Socket>>, String> {
    let lost = |e: std::io::Error| format!("a client of {address}: {e}");
    let plain = TcpStream::connect(address).await.map_err(lost)?;
    plain.set_nodelay(true).map_err(lost)?;
    let stream: Box<dyn Socket> = match tls {
        None => Box::new(plain),
        Some(tls) => {
            let name = ServerName::try_from("localhost").map_err(|e| e.to_string())?;
            Box::new(tls.connector.connect(name, plain).await.map_err(lost)?)
        }
    };
    Ok(Client::connect_over(stream, address, "acme/0", None).await?.0)
}

fn row(clients: usize, tls: Option<&Tls>) -> Outcome {
    // What bursts leave in the line's log is there once: it is what few clients leave, too.
    let few = take(0, tls)?;
    let many = take(clients, tls)?;
    let kib = |bytes: f64| bytes / 1024.0 / clients as f64;
    let (idle, burst) = (kib(many.idle), kib(many.burst - few.burst));
    let once = |value: f64| Spread::of(vec![value]);
    let (how, most) = if tls.is_some() { ("TLS", 16.0) } else { ("plain", 6.0) };
    let what = format!("memory of the host a client, {clients} clients, {how}, idle");
    let bursts = format!("{BURSTS} bursts of {} events for everybody", 2 * TURNS);
    let grown = format!("the same, {how}, after {bursts}: more by");
    let log = format!("what {bursts} leave once, however many clients there are, {how}");
    Ok(vec![
        Figure::alone(what, "KiB", once(idle)).goal(format!("≤ {most}"), idle <= most),
        Figure::alone(grown, "KiB", once(burst)).goal("≤ 1", burst <= 1.0),
        Figure::alone(log, "KiB", once(few.burst / 1024.0)),
    ])
}

/// Bytes that a host's memory grows by.
struct Grown {
    /// When clients come.
    idle: f64,
    /// When events come after that.
    burst: f64,
}

/// A host with the first clients, then so many more, then events.
fn take(clients: usize, tls: Option<&Tls>) -> Result<Grown, String> {
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let keys = tls.map(Tls::keys).unwrap_or_default();
    let host = Host::start_with(&["acme"], &keys, &acme::config(port, 1))?;
    let mut pbx = Pbx::accept(&listener, 1)?;
    runtime.block_on(async {
        let mut connected = Vec::new();
        let mut memory = Vec::new();
        for count in [FIRST, clients] {
            for _ in 0..count {
                connected.push(connect(host.address(), tls).await?);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            memory.push(host.memory()?);
        }
        for _ in 0..BURSTS {
            burst(&mut pbx, &mut connected).await?;
        }
        Ok(Grown { idle: memory[1] - memory[0], burst: host.memory()? - memory[1] })
    })
}

/// A burst of events that everybody reads.
async fn burst(pbx: &mut Pbx, clients: &mut [Client<Box<dyn Socket>>]) -> Result<(), String> {
    for turn in 0..TURNS {
        pbx.turn(0)?;
        // Nobody falls behind: what is measured is who reads.
        if turn % 50 == 49 {
            drain(clients);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    for _ in 0..50 {
        drain(clients);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn drain(clients: &mut [Client<Box<dyn Socket>>]) {
    let mut buffer = vec![0; 256 * 1024];
    let mut nobody = Context::from_waker(Waker::noop());
    for client in clients {
        loop {
            let mut room = ReadBuf::new(&mut buffer);
            match Pin::new(&mut client.stream).poll_read(&mut nobody, &mut room) {
                Poll::Ready(Ok(())) if !room.filled().is_empty() => {}
                _ => break,
            }
        }
    }
}
