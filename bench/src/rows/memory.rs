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
        // What the burst leaves in the line's log is there once, however many clients there are: first fill it.
        for round in 0..2 {
            for turn in 0..TURNS {
                pbx.turn(0)?;
                // Nobody falls behind: what is measured is who reads.
                if turn % 50 == 49 {
                    drain(&mut connected);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            for _ in 0..50 {
                drain(&mut connected);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if round == 1 {
                memory.push(host.memory()?);
            }
        }
        let kib = |more: f64| more / 1024.0 / clients as f64;
        let idle = kib(memory[1] - memory[0]);
        let burst = kib(memory[2] - memory[1]);
        let once = |value: f64| Spread::of(vec![value]);
        let (how, most) = if tls.is_some() { ("TLS", 16.0) } else { ("plain", 6.0) };
        let what = format!("memory of the host a client, {clients} clients, {how}, idle");
        let grown = format!("the same, {how}, after two bursts of {} events for everybody: more by", 2 * TURNS);
        Ok(vec![
            Figure::alone(what, "KiB", once(idle)).goal(format!("≤ {most}"), idle <= most),
            Figure::alone(grown, "KiB", once(burst)).goal("≤ 1", burst <= 1.0),
        ])
    })
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
