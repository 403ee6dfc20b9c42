//! Processes, programs and threads of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Answer, Attempts, ask, ask_for_descriptor, word};

/// Threads that are tried before this gives up.
const MOST_THREADS: usize = 200;

/// A process that was made is ended at once, and waited for.
fn ended(answer: Answer) -> Answer {
    match answer {
        Answer(Ok(0)) => {
            // The new process.
            ask(libc::SYS_exit_group, [0]);
        }
        Answer(Ok(child)) => {
            ask(libc::SYS_wait4, [word(child), 0, 0, 0]);
        }
        Answer(Err(_)) => {}
    }
    answer
}

pub(super) fn start() -> Attempts {
    let mut attempts = Attempts::default();
    let signal = word(libc::SIGCHLD);
    #[cfg(target_arch = "x86_64")]
    attempts.add("fork", ended(ask(libc::SYS_fork, [])));
    attempts.add("clone", ended(ask(libc::SYS_clone, [signal, 0, 0, 0, 0])));
    let user = word(libc::CLONE_NEWUSER);
    attempts.add("clone into a user namespace", ended(ask(libc::SYS_clone, [signal | user, 0, 0, 0, 0])));
    let mut arguments = [0_u64; 11];
    arguments[4] = signal as u64;
    let clone3 = [arguments.as_ptr() as usize, size_of_val(&arguments)];
    attempts.add("clone3", ended(ask(libc::SYS_clone3, clone3)));
    attempts.add("a session of its own", ask(libc::SYS_setsid, []));
    attempts
}

pub(super) fn execute() -> Attempts {
    let mut attempts = Attempts::default();
    let program = c"/bin/true";
    let arguments = [program.as_ptr() as usize, 0];
    let (path, list) = (program.as_ptr() as usize, arguments.as_ptr() as usize);
    attempts.add("execve", ask(libc::SYS_execve, [path, list, list + size_of::<usize>()]));
    attempts.add("execveat", ask(libc::SYS_execveat, [word(libc::AT_FDCWD), path, list, list + size_of::<usize>(), 0]));
    attempts.add("memfd_create", ask_for_descriptor(libc::SYS_memfd_create, [c"x".as_ptr() as usize, 0]));
    let spawned = std::process::Command::new("/bin/true").env_clear().spawn();
    attempts.add(
        "start a program",
        Answer(match spawned {
            Ok(mut child) => child.wait().map(|_| 0).map_err(|_| 0),
            Err(error) => Err(error.raw_os_error().unwrap_or(0)),
        }),
    );
    attempts
}

/// Threads for as long as there are any to be had.
pub(super) fn threads() -> Attempts {
    let mut attempts = Attempts::default();
    let over = Arc::new(AtomicBool::new(false));
    let (mut started, mut last) = (Vec::new(), Answer(Ok(0)));
    while started.len() < MOST_THREADS {
        let over = Arc::clone(&over);
        let waiting = move || {
            while !over.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(20));
            }
        };
        match std::thread::Builder::new().stack_size(64 * 1024).spawn(waiting) {
            Ok(thread) => started.push(thread),
            Err(error) => {
                last = Answer(Err(error.raw_os_error().unwrap_or(0)));
                break;
            }
        }
    }
    attempts.saw("threads", if started.is_empty() { "none" } else { "some" });
    attempts.add("one more", last);
    over.store(true, Ordering::Relaxed);
    for thread in started {
        // It ends by itself now.
        let _ = thread.join();
    }
    attempts
}
