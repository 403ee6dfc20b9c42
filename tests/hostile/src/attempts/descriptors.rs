//! Whatever is open in this process.

use std::mem::zeroed;

use super::{Answer, Attempts, ask, close, word};

/// Descriptors are looked for below this.
const MOST: usize = 4_096;
const F_GETFD: usize = 1;

/// What is open. `fcntl` may be refused; then a duplicate that is closed again tells it.
fn open() -> Vec<usize> {
    let there = |d: usize| match ask(libc::SYS_fcntl, [d, F_GETFD]) {
        Answer(Ok(_)) => true,
        Answer(Err(libc::EBADF)) => false,
        Answer(Err(_)) => match ask(libc::SYS_lseek, [d, 0, 1]) {
            Answer(Ok(_)) => true,
            Answer(Err(error)) => error == libc::ESPIPE,
        },
    };
    (0..MOST).filter(|d| there(*d)).collect()
}

pub(super) fn list() -> Attempts {
    let mut attempts = Attempts::default();
    for descriptor in open() {
        attempts.saw(descriptor.to_string(), kind(descriptor));
    }
    attempts
}

fn kind(descriptor: usize) -> String {
    // SAFETY: a `stat` is plain numbers, for which zero is a value.
    let mut stat: libc::stat = unsafe { zeroed() };
    let Answer(asked) = ask(libc::SYS_fstat, [descriptor, (&raw mut stat) as usize]);
    if let Err(error) = asked {
        return format!("fstat: {}", Answer(Err(error)));
    }
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFSOCK => "socket",
        libc::S_IFIFO => "pipe",
        libc::S_IFREG => "file",
        libc::S_IFDIR => "folder",
        libc::S_IFCHR => "device",
        _ => "other",
    }
    .to_owned()
}

/// Hands the host descriptors that it did not ask for.
pub(super) fn pass() -> Attempts {
    let mut attempts = Attempts::default();
    let byte = [0_u8];
    let part = [byte.as_ptr() as usize, 1];
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
        attempts.saw(format!("close {descriptor}"), kind(word(i64::try_from(descriptor).unwrap_or(-1))));
    }
    attempts
}
