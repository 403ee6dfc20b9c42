//! Sockets of its own.

use std::net::Ipv4Addr;

use libc::{AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, AF_VSOCK, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM};

use super::{Answer, Attempts, ask, close, word};
use crate::deeds::Surroundings;

fn socket(family: i32, kind: i32) -> Answer {
    ask(libc::SYS_socket, [word(family), word(kind), 0])
}

/// The address of an IPv4 socket.
fn address(address: Ipv4Addr, port: u16) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&u16::try_from(AF_INET).unwrap_or(0).to_ne_bytes());
    bytes[2..4].copy_from_slice(&port.to_be_bytes());
    bytes[4..8].copy_from_slice(&address.octets());
    bytes
}

/// Does something with a socket, if there is one.
fn with(socket: Answer, then: impl FnOnce(usize) -> Answer) -> Answer {
    let Answer(Ok(descriptor)) = socket else { return socket };
    let answer = then(word(descriptor));
    close(descriptor);
    answer
}

pub(super) fn connect(around: &Surroundings) -> Attempts {
    let mut attempts = Attempts::default();
    // Its own phone system: the one place where it may well be expected, and all the same the host's business.
    let pbx = address(around.host.parse().unwrap_or(Ipv4Addr::LOCALHOST), around.port.max(1));
    let to = |s, address: &[u8]| ask(libc::SYS_connect, [s, address.as_ptr() as usize, address.len()]);
    attempts.add("TCP to its phone system", with(socket(AF_INET, SOCK_STREAM), |s| to(s, &pbx)));
    attempts.add(
        "UDP",
        with(socket(AF_INET, SOCK_DGRAM), |s| {
            ask(libc::SYS_sendto, [s, b"hello".as_ptr() as usize, 5, 0, pbx.as_ptr() as usize, pbx.len()])
        }),
    );
    let mut local = vec![0, 0];
    local[..2].copy_from_slice(&u16::try_from(AF_UNIX).unwrap_or(0).to_ne_bytes());
    let (mut bus, mut hidden) = (local.clone(), local);
    bus.extend_from_slice(b"/run/dbus/system_bus_socket\0");
    hidden.extend_from_slice(b"\0jackfield-hostile");
    attempts.add("a Unix socket", with(socket(AF_UNIX, SOCK_STREAM), |s| to(s, &bus)));
    attempts.add("an abstract Unix socket", with(socket(AF_UNIX, SOCK_STREAM), |s| to(s, &hidden)));
    for (what, family, kind) in [
        ("TCP over IPv6", AF_INET6, SOCK_STREAM),
        ("a raw socket", AF_INET, SOCK_RAW),
        ("a packet socket", AF_PACKET, SOCK_RAW),
        ("netlink", AF_NETLINK, SOCK_RAW),
        ("vsock", AF_VSOCK, SOCK_STREAM),
    ] {
        attempts.add(what, with(socket(family, kind), |_| Answer(Ok(0))));
    }
    // The one socket that it has: to somebody else.
    attempts.add("its own socket to another", to(0, &hidden));
    attempts
}

pub(super) fn bind() -> Attempts {
    let mut attempts = Attempts::default();
    let any = address(Ipv4Addr::LOCALHOST, 0);
    let bind = |s| ask(libc::SYS_bind, [s, any.as_ptr() as usize, any.len()]);
    attempts.add("TCP", with(socket(AF_INET, SOCK_STREAM), |s| with_ok(bind(s), || ask(libc::SYS_listen, [s, 1]))));
    attempts.add("UDP", with(socket(AF_INET, SOCK_DGRAM), bind));
    let mut hidden = u16::try_from(AF_UNIX).unwrap_or(0).to_ne_bytes().to_vec();
    hidden.extend_from_slice(b"\0jackfield-hostile");
    attempts.add(
        "an abstract Unix socket",
        with(socket(AF_UNIX, SOCK_STREAM), |s| ask(libc::SYS_bind, [s, hidden.as_ptr() as usize, hidden.len()])),
    );
    attempts.add("listen on its own socket", ask(libc::SYS_listen, [0, 1]));
    attempts
}

fn with_ok(answer: Answer, then: impl FnOnce() -> Answer) -> Answer {
    if answer.0.is_ok() { then() } else { answer }
}
