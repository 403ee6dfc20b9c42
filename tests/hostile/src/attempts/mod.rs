//! What the system is asked for and should refuse. Each attempt is told with what the system answered: the name of the
//! error, or `ALLOWED`.
//!
//! Arguments are chosen so that an attempt which is allowed does no lasting harm, and that its error tells a refusal
//! from an argument that does not fit: a mount at a place that there is not is `EPERM` where mounting is refused, and
//! `ENOENT` where it is not.

mod descriptors;
mod files;
mod host;
mod kernel;
mod memory;
mod network;
mod processes;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use libc::c_long;

use crate::deeds::Surroundings;

/// Does a deed of this room: a group of attempts.
pub(crate) fn deed(name: &str, around: &Surroundings) -> Option<String> {
    let attempts = match name {
        "read-files" => files::read(),
        "write-files" => files::write(),
        "read-environment" => files::environment(),
        "connect" => network::connect(around),
        "bind" => network::bind(),
        "processes" => processes::start(),
        "execute" => processes::execute(),
        "threads" => processes::threads(),
        "host-memory" => host::memory(),
        "host-signals" => host::signals(),
        "host-signals-by-descriptor" => host::signals_by_descriptor(),
        "host-limits" => host::limits(),
        "undo-sandbox" => host::undo(),
        "own-limits" => kernel::limits(),
        "namespaces" => kernel::namespaces(),
        "keys-and-programs" => kernel::programs(),
        "io-uring" => kernel::io_uring(),
        "shared-memory" => kernel::shared_memory(),
        "executable-memory" => memory::executable(),
        "descriptors" => descriptors::list(),
        "pass-descriptors" => descriptors::pass(),
        "write-every-descriptor" => descriptors::write_every(),
        "read-every-descriptor" => descriptors::read_every(),
        "close-every-descriptor" => descriptors::close_every(),
        "forge-answers" => descriptors::forge(101),
        "forge-posts" => descriptors::forge(102),
        "everything" => everything(around),
        _ => return None,
    };
    Some(attempts.to_string())
}

/// Posts that no poster has counted.
pub(crate) fn forge_posts() {
    drop::<Attempts>(descriptors::forge(102));
}

/// All that should be refused; nothing that ends the process.
fn everything(around: &Surroundings) -> Attempts {
    let mut all = Attempts::default();
    for more in [
        files::read(),
        files::write(),
        network::connect(around),
        network::bind(),
        processes::start(),
        host::memory(),
        host::signals(),
        host::signals_by_descriptor(),
        host::limits(),
        kernel::limits(),
        kernel::namespaces(),
        kernel::programs(),
        kernel::io_uring(),
        kernel::shared_memory(),
    ] {
        all.0.extend(more.0);
    }
    all
}

/// What was tried, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Vec<(String, String)>);

impl Attempts {
    /// An attempt; nothing below zero is a success.
    fn add(&mut self, what: impl Into<String>, answer: Answer) {
        self.0.push((what.into(), answer.to_string()));
    }

    /// Something seen.
    fn saw(&mut self, what: impl Into<String>, told: impl fmt::Display) {
        self.0.push((what.into(), told.to_string()));
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (what, answer)) in self.0.iter().enumerate() {
            write!(f, "{}{what}={answer}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// What the system answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer(Result<c_long, i32>);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(_) => f.write_str("ALLOWED"),
            Err(number) => match NAMES.iter().find(|(known, _)| *known == number) {
                Some((_, name)) => f.write_str(name),
                None => write!(f, "errno {number}"),
            },
        }
    }
}

const NAMES: [(i32, &str); 27] = [
    (libc::EPERM, "EPERM"),
    (libc::EACCES, "EACCES"),
    (libc::ENOSYS, "ENOSYS"),
    (libc::ENOENT, "ENOENT"),
    (libc::ESRCH, "ESRCH"),
    (libc::EBADF, "EBADF"),
    (libc::ECHILD, "ECHILD"),
    (libc::EAGAIN, "EAGAIN"),
    (libc::ENOMEM, "ENOMEM"),
    (libc::EFAULT, "EFAULT"),
    (libc::EEXIST, "EEXIST"),
    (libc::ENOTDIR, "ENOTDIR"),
    (libc::EINVAL, "EINVAL"),
    (libc::EMFILE, "EMFILE"),
    (libc::ENFILE, "ENFILE"),
    (libc::EFBIG, "EFBIG"),
    (libc::EROFS, "EROFS"),
    (libc::EPIPE, "EPIPE"),
    (libc::ENOEXEC, "ENOEXEC"),
    (libc::ENOTSOCK, "ENOTSOCK"),
    (libc::EOPNOTSUPP, "EOPNOTSUPP"),
    (libc::EAFNOSUPPORT, "EAFNOSUPPORT"),
    (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
    (libc::EISCONN, "EISCONN"),
    (libc::ENOTCONN, "ENOTCONN"),
    (libc::ECONNREFUSED, "ECONNREFUSED"),
    (libc::EINPROGRESS, "EINPROGRESS"),
];

/// Asks the system. Missing arguments are zero.
fn ask<const N: usize>(number: c_long, arguments: [usize; N]) -> Answer {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: pointers among the arguments come from values that outlive the call, or are meant to be bad. What the
    // system does is done to this process, which is there to be broken.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    Answer(if result < 0 { Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) } else { Ok(result) })
}

/// The same for what makes a descriptor, which is closed again.
fn ask_for_descriptor<const N: usize>(number: c_long, arguments: [usize; N]) -> Answer {
    let answer = ask(number, arguments);
    if let Answer(Ok(descriptor)) = answer {
        close(descriptor);
    }
    answer
}

fn close(descriptor: c_long) {
    ask(libc::SYS_close, [word(descriptor)]);
}

/// A number as the system takes it: −1 is all ones.
#[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the bits are what is meant")]
fn word(number: impl Into<i64>) -> usize {
    number.into() as usize
}

/// The host, as its phone system told it. A runner may not ask who has started it.
static HOST: AtomicUsize = AtomicUsize::new(0);

/// Tells which process is the host.
pub(crate) fn host_is(process: usize) {
    HOST.store(process, Ordering::Relaxed);
}

/// The host. None: unknown, or nobody who may be hurt.
fn parent() -> Option<usize> {
    let asked = match ask(libc::SYS_getppid, []) {
        Answer(Ok(parent)) => usize::try_from(parent).ok(),
        Answer(Err(_)) => None,
    };
    // One is the machine's first process; what is not above zero would be everybody.
    asked.or(Some(HOST.load(Ordering::Relaxed))).filter(|parent| *parent > 1)
}
