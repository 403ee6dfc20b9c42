//! The machine: limits, namespaces, mounts, what the kernel runs for processes.

use super::{Answer, Attempts, ask, ask_for_descriptor, word};

const NOWHERE: usize = 0;

pub(super) fn limits() -> Attempts {
    let mut attempts = Attempts::default();
    let none = [u64::MAX; 2];
    let room = none.as_ptr() as usize;
    for (what, which) in [
        ("memory", libc::RLIMIT_AS),
        ("files", libc::RLIMIT_NOFILE),
        ("processes", libc::RLIMIT_NPROC),
        ("core", libc::RLIMIT_CORE),
        ("file size", libc::RLIMIT_FSIZE),
    ] {
        attempts.add(what, ask(libc::SYS_prlimit64, [0, which as usize, room, 0]));
        #[cfg(target_arch = "x86_64")]
        attempts.add(format!("{what} (setrlimit)"), ask(libc::SYS_setrlimit, [which as usize, room]));
    }
    attempts.add("a higher priority", ask(libc::SYS_setpriority, [0, 0, word(-20)]));
    let parameters = [50_i32];
    attempts.add("real time", ask(libc::SYS_sched_setscheduler, [0, 1, parameters.as_ptr() as usize]));
    attempts.add("lock memory", ask(libc::SYS_mlockall, [1]));
    attempts
}

pub(super) fn namespaces() -> Attempts {
    let mut attempts = Attempts::default();
    let nowhere = c"/jackfield-hostile-is-not-there".as_ptr() as usize;
    for (what, flag) in [
        ("a user namespace", libc::CLONE_NEWUSER),
        ("a mount namespace", libc::CLONE_NEWNS),
        ("a network namespace", libc::CLONE_NEWNET),
    ] {
        attempts.add(what, ask(libc::SYS_unshare, [word(flag)]));
    }
    attempts.add("setns", ask(libc::SYS_setns, [0, 0]));
    attempts.add("mount", ask(libc::SYS_mount, [nowhere, nowhere, c"tmpfs".as_ptr() as usize, 0, 0]));
    attempts.add("umount", ask(libc::SYS_umount2, [nowhere, 0]));
    attempts.add("open_tree", ask_for_descriptor(libc::SYS_open_tree, [word(libc::AT_FDCWD), nowhere, 0]));
    attempts.add("fsopen", ask_for_descriptor(libc::SYS_fsopen, [c"tmpfs".as_ptr() as usize, 0]));
    attempts.add("chroot", ask(libc::SYS_chroot, [nowhere]));
    attempts.add("pivot_root", ask(libc::SYS_pivot_root, [nowhere, nowhere]));
    attempts.add("chdir", ask(libc::SYS_chdir, [c"/tmp".as_ptr() as usize]));
    // Sizes, flags and pointers that no system accepts: allowed or not is told by the error.
    attempts.add("sethostname", ask(libc::SYS_sethostname, [NOWHERE, word(-1)]));
    attempts.add("reboot", ask(libc::SYS_reboot, [0, 0, 0, 0]));
    attempts.add("swapon", ask(libc::SYS_swapon, [nowhere, 0]));
    attempts.add("set the clock", ask(libc::SYS_clock_settime, [999, NOWHERE]));
    attempts.add("the kernel's log", ask(libc::SYS_syslog, [10, 0, 0]));
    attempts
}

pub(super) fn programs() -> Attempts {
    let mut attempts = Attempts::default();
    let text = c"jackfield".as_ptr() as usize;
    let kind = c"user".as_ptr() as usize;
    attempts.add("keyctl", ask(libc::SYS_keyctl, [0, word(-3), 0]));
    attempts.add("add_key", ask(libc::SYS_add_key, [kind, text, text, 1, word(-1)]));
    attempts.add("request_key", ask(libc::SYS_request_key, [kind, text, 0, 0]));
    let attributes = [0_u64; 16];
    attempts.add("bpf", ask_for_descriptor(libc::SYS_bpf, [0, attributes.as_ptr() as usize, 128]));
    attempts.add("init_module", ask(libc::SYS_init_module, [NOWHERE, 0, NOWHERE]));
    attempts.add("delete_module", ask(libc::SYS_delete_module, [text, 0]));
    attempts.add("fanotify_init", ask_for_descriptor(libc::SYS_fanotify_init, [0, 0]));
    attempts.add("inotify_init1", ask_for_descriptor(libc::SYS_inotify_init1, [0]));
    attempts.add("landlock", ask_for_descriptor(libc::SYS_landlock_create_ruleset, [0, 0, 0]));
    #[cfg(target_arch = "x86_64")]
    attempts.add("iopl", ask(libc::SYS_iopl, [3]));
    attempts
}

pub(super) fn io_uring() -> Attempts {
    let mut attempts = Attempts::default();
    let parameters = [0_u64; 16];
    attempts.add("io_uring_setup", ask_for_descriptor(libc::SYS_io_uring_setup, [1, parameters.as_ptr() as usize]));
    attempts.add("io_uring_enter", ask(libc::SYS_io_uring_enter, [0, 0, 0, 0, 0, 0]));
    attempts.add("io_uring_register", ask(libc::SYS_io_uring_register, [0, 0, 0, 0]));
    let mut context = 0_usize;
    attempts.add("io_setup", ask(libc::SYS_io_setup, [1, (&raw mut context) as usize]));
    attempts
}

/// Memory that is in no limit of a process, and that others can see.
pub(super) fn shared_memory() -> Attempts {
    let mut attempts = Attempts::default();
    // What can be made is removed again: it would outlive the process.
    const PRIVATE: usize = 0;
    const REMOVE: usize = 0;
    for (what, make, arguments, control) in [
        ("shmget", libc::SYS_shmget, [PRIVATE, 4_096, 0o600], libc::SYS_shmctl),
        ("semget", libc::SYS_semget, [PRIVATE, 1, 0o600], libc::SYS_semctl),
        ("msgget", libc::SYS_msgget, [PRIVATE, 0o600, 0], libc::SYS_msgctl),
    ] {
        let made = ask(make, arguments);
        if let Answer(Ok(id)) = made {
            ask(control, [word(id), 0, REMOVE]);
        }
        attempts.add(what, made);
    }
    let name = c"jackfield-hostile".as_ptr() as usize;
    attempts.add("mq_open", ask_for_descriptor(libc::SYS_mq_open, [name, word(libc::O_CREAT), 0o600, 0]));
    ask(libc::SYS_mq_unlink, [name]);
    attempts.add("memfd_create", ask_for_descriptor(libc::SYS_memfd_create, [name, 0]));
    #[cfg(target_arch = "x86_64")]
    attempts.add("memfd_secret", ask_for_descriptor(447, [0]));
    attempts
}
