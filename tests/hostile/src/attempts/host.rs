//! The host: the process that started this one.

use libc::{SIGKILL, SIGSEGV, SIGSTOP};

use super::{Answer, Attempts, ask, ask_for_descriptor, parent, word};

/// Above every number of a process: nobody is hurt, and a refusal is told from a search.
const NOBODY: usize = 0x7fff_fffe;

/// Tries something on the host.
fn on_host(attempt: impl FnOnce(usize) -> Answer) -> Answer {
    attempt(parent().unwrap_or(NOBODY))
}

pub(super) fn memory() -> Attempts {
    let mut attempts = Attempts::default();
    attempts.add("ptrace", on_host(|host| ask(libc::SYS_ptrace, [libc::PTRACE_SEIZE as usize, host, 0, 0])));
    let mut room = [0_u8; 8];
    let local = [room.as_mut_ptr() as usize, room.len()];
    let remote = [0x1_0000_usize, room.len()];
    let vectors = [local.as_ptr() as usize, 1, remote.as_ptr() as usize, 1, 0];
    for (what, number) in
        [("process_vm_readv", libc::SYS_process_vm_readv), ("process_vm_writev", libc::SYS_process_vm_writev)]
    {
        attempts.add(what, on_host(|host| ask(number, [host, vectors[0], vectors[1], vectors[2], vectors[3], 0])));
    }
    attempts.add("pidfd_open", on_host(|host| ask_for_descriptor(libc::SYS_pidfd_open, [host, 0])));
    attempts.add("pidfd_getfd", ask_for_descriptor(libc::SYS_pidfd_getfd, [0, 1, 0]));
    attempts.add("kcmp", on_host(|host| ask(libc::SYS_kcmp, [host, host, 0, 0, 1])));
    let events = [0_u64; 16];
    attempts.add(
        "perf_event_open",
        on_host(|host| {
            ask_for_descriptor(libc::SYS_perf_event_open, [events.as_ptr() as usize, host, word(-1), word(-1), 0])
        }),
    );
    attempts.add("userfaultfd", ask_for_descriptor(libc::SYS_userfaultfd, [0]));
    let (mut head, mut length) = (0_usize, 0_usize);
    let robust = [(&raw mut head) as usize, (&raw mut length) as usize];
    attempts.add("get_robust_list", on_host(|host| ask(libc::SYS_get_robust_list, [host, robust[0], robust[1]])));
    attempts
}

/// Signals that would end or stop the host.
pub(super) fn signals() -> Attempts {
    let mut attempts = Attempts::default();
    attempts.add("kill", on_host(|host| ask(libc::SYS_kill, [host, word(SIGKILL)])));
    attempts.add("tkill", on_host(|host| ask(libc::SYS_tkill, [host, word(SIGSTOP)])));
    attempts.add("tgkill", on_host(|host| ask(libc::SYS_tgkill, [host, host, word(SIGSEGV)])));
    let info = [0_u64; 16];
    let queue = |host| ask(libc::SYS_rt_sigqueueinfo, [host, word(SIGKILL), info.as_ptr() as usize]);
    attempts.add("rt_sigqueueinfo", on_host(queue));
    // Zero is no signal: whether everybody could be killed is found out without killing them.
    attempts.add("kill everybody", ask(libc::SYS_kill, [word(-1), 0]));
    attempts.add("kill the group", ask(libc::SYS_kill, [0, 0]));
    // The socket is no pidfd; a system that allows the call says so by another error.
    attempts.add("pidfd_send_signal", ask(libc::SYS_pidfd_send_signal, [0, word(SIGKILL), 0, 0]));
    attempts
}

/// A descriptor can be told whom to signal when there is something to read: also somebody else.
pub(super) fn signals_by_descriptor() -> Attempts {
    const FIOSETOWN: usize = 0x8901;
    const SIOCSPGRP: usize = 0x8902;
    const F_SETSIG: usize = 10;
    const F_SETOWN_EX: usize = 15;
    let mut attempts = Attempts::default();
    attempts.add("F_SETSIG", ask(libc::SYS_fcntl, [0, F_SETSIG, word(SIGKILL)]));
    // Whoever does not know the host tries it with themselves: who may choose may choose another.
    let somebody = |attempt: &dyn Fn(usize) -> Answer| {
        let own = || usize::try_from(std::process::id()).unwrap_or(0);
        attempt(parent().unwrap_or_else(own))
    };
    for descriptor in 0..3 {
        attempts.add(
            format!("F_SETOWN on {descriptor}"),
            somebody(&|host| ask(libc::SYS_fcntl, [descriptor, word(libc::F_SETOWN), host])),
        );
    }
    attempts.add(
        "F_SETOWN_EX",
        somebody(&|host| {
            let owner = [1_i32, i32::try_from(host).unwrap_or(0)];
            ask(libc::SYS_fcntl, [0, F_SETOWN_EX, owner.as_ptr() as usize])
        }),
    );
    for (what, request) in [("FIOSETOWN", FIOSETOWN), ("SIOCSPGRP", SIOCSPGRP)] {
        attempts.add(
            what,
            somebody(&|host| {
                let owner = i32::try_from(host).unwrap_or(0);
                ask(libc::SYS_ioctl, [0, request, (&raw const owner) as usize])
            }),
        );
    }
    // Last: from here on the owner, if there is one, is signalled.
    attempts.add("O_ASYNC", ask(libc::SYS_fcntl, [0, word(libc::F_SETFL), word(libc::O_ASYNC)]));
    attempts
}

/// What the host may use, and when it runs. Only asked, or set to what it is.
pub(super) fn limits() -> Attempts {
    let mut attempts = Attempts::default();
    let old = [0_u64; 2];
    let room = old.as_ptr() as usize;
    let files = libc::RLIMIT_NOFILE as usize;
    attempts.add("prlimit64", on_host(|host| ask(libc::SYS_prlimit64, [host, files, 0, room])));
    attempts.add("setpriority", on_host(|host| ask(libc::SYS_setpriority, [0, host, 0])));
    attempts.add("sched_setscheduler", on_host(|host| ask(libc::SYS_sched_setscheduler, [host, 0, room])));
    let all = [u64::MAX; 2];
    let mask = all.as_ptr() as usize;
    attempts.add("sched_setaffinity", on_host(|host| ask(libc::SYS_sched_setaffinity, [host, 16, mask])));
    attempts.add("ioprio_set", on_host(|host| ask(libc::SYS_ioprio_set, [1, host, 0])));
    attempts.add("move_pages", on_host(|host| ask(libc::SYS_move_pages, [host, 0, 0, 0, 0, 0])));
    attempts.add("setpgid", on_host(|host| ask(libc::SYS_setpgid, [host, host])));
    attempts
}

/// What was taken from it, back.
pub(super) fn undo() -> Attempts {
    let mut attempts = Attempts::default();
    let prctl = |option: i32, argument: usize| ask(libc::SYS_prctl, [word(option), argument, 0, 0, 0]);
    attempts.add("no death signal", prctl(libc::PR_SET_PDEATHSIG, 0));
    attempts.add("new privileges", prctl(libc::PR_SET_NO_NEW_PRIVS, 0));
    attempts.add("dumpable", prctl(libc::PR_SET_DUMPABLE, 1));
    attempts.add("a tracer", prctl(libc::PR_SET_PTRACER, usize::MAX));
    attempts.add("keep capabilities", prctl(libc::PR_SET_KEEPCAPS, 1));
    attempts.add("a filter of its own", ask(libc::SYS_seccomp, [1, 0, 0]));
    attempts.add("another user", ask(libc::SYS_setresuid, [0, 0, 0]));
    attempts.add("another group", ask(libc::SYS_setresgid, [0, 0, 0]));
    let (head, sets) = ([0x2008_0522_u32, 0], [u32::MAX; 6]);
    attempts.add("capset", ask(libc::SYS_capset, [head.as_ptr() as usize, sets.as_ptr() as usize]));
    attempts.add("personality", ask(libc::SYS_personality, [0x040_0000]));
    attempts
}
