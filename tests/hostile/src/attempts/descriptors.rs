//! Whatever is open in this process.

use super::{Answer, Attempts, ask, close, word};

/// Descriptors are looked for below this.
const MOST: usize = 4_096;

/// What is open. A runner may neither ask for a descriptor's flags nor for what it is; to read or write nothing is
/// answered all the same.
fn open() -> Vec<usize> {
    (0..MOST).filter(|d| may(libc::SYS_read, *d) || may(libc::SYS_write, *d)).collect()
}

fn may(call: libc::c_long, descriptor: usize) -> bool {
    let nothing = [0_u8];
    !matches!(ask(call, [descriptor, nothing.as_ptr() as usize, 0]), Answer(Err(libc::EBADF)))
}

pub(super) fn list() -> Attempts {
    let mut attempts = Attempts::default();
    for descriptor in open() {
        attempts.saw(descriptor.to_string(), kind(descriptor));
    }
    attempts
}

fn kind(descriptor: usize) -> &'static str {
    let mut room = [0_u8];
    let flags = word(libc::MSG_PEEK | libc::MSG_DONTWAIT);
    let peeked = ask(libc::SYS_recvfrom, [descriptor, room.as_mut_ptr() as usize, 1, flags]);
    match (peeked, may(libc::SYS_read, descriptor), may(libc::SYS_write, descriptor)) {
        (Answer(Err(libc::ENOTSOCK)), true, true) => "read and write",
        (Answer(Err(libc::ENOTSOCK)), true, false) => "read",
        (Answer(Err(libc::ENOTSOCK)), false, _) => "write",
        _ => "socket",
    }
}

/// A record as a runner writes it when a thread posts: its kind, its length.
const NOTHING_POSTED: [u8; 8] = [102, 0, 0, 0, 0, 0, 0, 0];

/// Writes records of its own between those of the runner that it sits in.
pub(super) fn forge(kind: u32) -> Attempts {
    let mut attempts = Attempts::default();
    let payload = [0_u8; 4_096];
    let length = u32::try_from(payload.len()).unwrap_or(0);
    let record = [&kind.to_le_bytes()[..], &length.to_le_bytes(), &payload].concat();
    let mut last = Answer(Ok(0));
    for _ in 0..1_000 {
        last = ask(libc::SYS_write, [0, record.as_ptr() as usize, record.len()]);
    }
    attempts.add("a thousand records", last);
    attempts
}

/// Hands the host descriptors that it did not ask for.
pub(super) fn pass() -> Attempts {
    let mut attempts = Attempts::default();
    // With a word that the host understands, and that nobody listens to: a post of nothing.
    let part = [NOTHING_POSTED.as_ptr() as usize, NOTHING_POSTED.len()];
    // A control message: length, level SOL_SOCKET, type SCM_RIGHTS, two descriptors.
    let length = 16 + 2 * size_of::<i32>();
    let control: [u64; 3] = [length as u64, 1 | (1 << 32), 1 | (2 << 32)];
    let message = [0, 0, part.as_ptr() as usize, 1, control.as_ptr() as usize, size_of_val(&control), 0];
    attempts.add("sendmsg", ask(libc::SYS_sendmsg, [0, message.as_ptr() as usize, 0]));
    attempts
}

/// Writes to all of them what no protocol has.
pub(super) fn write_every() -> Attempts {
    let mut attempts = Attempts::default();
    let rubbish = [0xff_u8; 4_096];
    for descriptor in open() {
        let written = ask(libc::SYS_write, [descriptor, rubbish.as_ptr() as usize, rubbish.len()]);
        attempts.add(format!("write to {descriptor}"), written);
    }
    attempts
}

/// Takes what was meant for the runner.
pub(super) fn read_every() -> Attempts {
    let mut attempts = Attempts::default();
    let mut room = vec![0_u8; 65_536];
    for descriptor in open() {
        let got = ask(libc::SYS_read, [descriptor, room.as_mut_ptr() as usize, room.len()]);
        attempts.add(format!("read from {descriptor}"), got);
    }
    attempts
}

pub(super) fn close_every() -> Attempts {
    let mut attempts = Attempts::default();
    for descriptor in open() {
        close(i64::try_from(descriptor).unwrap_or(-1));
        attempts
            .saw(format!("close {descriptor}"), if open().contains(&descriptor) { "still there" } else { "closed" });
    }
    attempts
}
