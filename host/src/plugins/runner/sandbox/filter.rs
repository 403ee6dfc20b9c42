//! System calls (seccomp): those that thinking needs, and for each grant those that come with it.

use std::collections::BTreeMap;

use libc as l;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::Grants;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Memory, time, signals of its own, and reading and writing what is open.
const THINKING: &[i64] = &[
    l::SYS_read,
    l::SYS_readv,
    l::SYS_write,
    l::SYS_writev,
    l::SYS_sendto,
    l::SYS_sendmsg,
    l::SYS_recvfrom,
    l::SYS_recvmsg,
    l::SYS_close,
    l::SYS_ppoll,
    l::SYS_futex,
    l::SYS_nanosleep,
    l::SYS_clock_nanosleep,
    l::SYS_clock_gettime,
    l::SYS_clock_getres,
    l::SYS_gettimeofday,
    l::SYS_getpid,
    l::SYS_gettid,
    l::SYS_getrandom,
    l::SYS_sched_yield,
    l::SYS_sched_getaffinity,
    l::SYS_brk,
    l::SYS_munmap,
    l::SYS_mremap,
    l::SYS_madvise,
    l::SYS_rt_sigaction,
    l::SYS_rt_sigprocmask,
    l::SYS_rt_sigreturn,
    l::SYS_sigaltstack,
    l::SYS_restart_syscall,
    l::SYS_exit,
    l::SYS_exit_group,
];
#[cfg(target_arch = "x86_64")]
const THINKING_HERE: &[i64] = &[l::SYS_poll, l::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const THINKING_HERE: &[i64] = &[];

/// What the dynamic linker does, and what looks at files without changing them. (Landlock says which.)
const LOADING: &[i64] = &[
    l::SYS_openat,
    l::SYS_pread64,
    l::SYS_lseek,
    l::SYS_fstat,
    l::SYS_newfstatat,
    l::SYS_statx,
    l::SYS_faccessat,
    l::SYS_readlinkat,
    l::SYS_getcwd,
];
#[cfg(target_arch = "x86_64")]
const LOADING_HERE: &[i64] =
    &[l::SYS_open, l::SYS_stat, l::SYS_lstat, l::SYS_access, l::SYS_readlink, l::SYS_arch_prctl];
#[cfg(not(target_arch = "x86_64"))]
const LOADING_HERE: &[i64] = &[];

/// (That `clone3` is not to be had is said by a filter of its own.)
const THREADS: &[i64] = &[
    l::SYS_clone3,
    l::SYS_set_robust_list,
    l::SYS_rseq,
    l::SYS_membarrier,
    l::SYS_sched_getparam,
    l::SYS_sched_getscheduler,
];

/// Of `fcntl`: duplicates, flags, locks. Not `F_SETOWN` and its like, by which the kernel signals anybody when there is
/// something to read.
const FCNTL: &[i32] = &[
    l::F_DUPFD,
    l::F_DUPFD_CLOEXEC,
    l::F_GETFD,
    l::F_SETFD,
    l::F_GETFL,
    l::F_GETLK,
    l::F_SETLK,
    l::F_SETLKW,
    l::F_OFD_GETLK,
    l::F_OFD_SETLK,
    l::F_OFD_SETLKW,
];

/// Of `ioctl`, for sockets: what there is to read, whether to wait, whether it is a terminal, names of interfaces. Not
/// `FIOSETOWN`, for the same reason.
const IOCTL: &[l::c_ulong] =
    &[l::FIONREAD, l::FIONBIO, l::FIOCLEX, l::FIONCLEX, l::TCGETS, SIOCGIFCONF, SIOCGIFNAME, SIOCGIFINDEX];
const SIOCGIFNAME: l::c_ulong = 0x8910;
const SIOCGIFCONF: l::c_ulong = 0x8912;
const SIOCGIFINDEX: l::c_ulong = 0x8933;

/// Where the kind of a socket stands among its flags.
const SOCK_TYPE_MASK: i32 = 0xf;

/// Besides `socket`, of which the kinds are looked at.
const NETWORK: &[i64] = &[
    l::SYS_connect,
    l::SYS_bind,
    l::SYS_listen,
    l::SYS_accept,
    l::SYS_accept4,
    l::SYS_getsockname,
    l::SYS_getpeername,
    l::SYS_getsockopt,
    l::SYS_setsockopt,
    l::SYS_shutdown,
    l::SYS_sendmmsg,
    l::SYS_recvmmsg,
    l::SYS_epoll_create1,
    l::SYS_epoll_ctl,
    l::SYS_epoll_pwait,
    l::SYS_eventfd2,
    l::SYS_pipe2,
    l::SYS_uname,
];
#[cfg(target_arch = "x86_64")]
const NETWORK_HERE: &[i64] = &[l::SYS_epoll_wait, l::SYS_select];
#[cfg(not(target_arch = "x86_64"))]
const NETWORK_HERE: &[i64] = &[];

const FILES: &[i64] = &[
    l::SYS_pwrite64,
    l::SYS_getdents64,
    l::SYS_ftruncate,
    l::SYS_fsync,
    l::SYS_fdatasync,
    l::SYS_unlinkat,
    l::SYS_renameat,
    l::SYS_renameat2,
    l::SYS_mkdirat,
    l::SYS_flock,
    l::SYS_fallocate,
    l::SYS_utimensat,
    l::SYS_fchmod,
    l::SYS_statfs,
    l::SYS_fstatfs,
];
#[cfg(target_arch = "x86_64")]
const FILES_HERE: &[i64] = &[l::SYS_unlink, l::SYS_rename, l::SYS_mkdir, l::SYS_rmdir];
#[cfg(not(target_arch = "x86_64"))]
const FILES_HERE: &[i64] = &[];

/// While the library is loaded.
pub(super) fn while_loading(granted: Grants) -> Result<Vec<BpfProgram>, String> {
    let mut programs = Vec::new();
    if granted.threads {
        // What it asks for is not in its arguments, so it cannot be looked at; the C library falls back to `clone`.
        let clone3 = Rules::from([(l::SYS_clone3, Vec::new())]);
        programs.push(program(clone3, SeccompAction::Allow, SeccompAction::Errno(errno(l::ENOSYS)))?);
    }
    let mut rules = rules(granted, true)?;
    // The second filter is set with these two.
    rules.insert(l::SYS_seccomp, Vec::new());
    rules.entry(l::SYS_prctl).or_default().push(rule(vec![masked(0, -1, l::PR_SET_NO_NEW_PRIVS)?])?);
    programs.push(allow(rules)?);
    Ok(programs)
}

/// From then on.
pub(super) fn for_ever(granted: Grants) -> Result<Vec<BpfProgram>, String> {
    Ok(vec![allow(rules(granted, false)?)?])
}

/// Applies filters to all threads, one above the other.
pub(super) fn apply(programs: &[BpfProgram]) -> Result<(), String> {
    for program in programs {
        seccompiler::apply_filter_all_threads(program)
            .map_err(|e| format!("its system calls cannot be filtered: {e}"))?;
    }
    Ok(())
}

fn rules(granted: Grants, loading: bool) -> Result<Rules, String> {
    let mut allowed: Vec<&[i64]> = vec![THINKING, THINKING_HERE];
    let opens = loading || granted.files || granted.libraries || granted.network;
    if opens {
        allowed.extend([LOADING, LOADING_HERE]);
    }
    if granted.threads {
        allowed.push(THREADS);
    }
    if granted.network {
        allowed.extend([NETWORK, NETWORK_HERE]);
    }
    if granted.files {
        allowed.extend([FILES, FILES_HERE]);
    }
    let mut rules: Rules = allowed.into_iter().flatten().map(|call| (*call, Vec::new())).collect();
    memory(&mut rules, loading || granted.libraries)?;
    signals(&mut rules)?;
    if opens {
        let mut commands = one_of(1, FCNTL.iter().map(|command| u64::from(command.cast_unsigned())))?;
        if granted.network || granted.files {
            // Whether to wait; not whether to be signalled.
            commands.push(rule(vec![masked(1, -1, l::F_SETFL)?, masked(2, l::O_ASYNC, 0)?])?);
        }
        rules.insert(l::SYS_fcntl, commands);
    }
    if granted.network {
        sockets(&mut rules, granted)?;
        rules.insert(l::SYS_ioctl, one_of(1, IOCTL.iter().copied())?);
    }
    if granted.threads {
        threads(&mut rules)?;
    }
    Ok(rules)
}

/// Private memory; executable only while libraries are loaded. (Shared memory does not count for the limit.)
fn memory(rules: &mut Rules, executable: bool) -> Result<(), String> {
    let flags = l::MAP_TYPE | l::MAP_GROWSDOWN;
    let mut mapping = vec![masked(3, flags, l::MAP_PRIVATE)?];
    let mut changing = Vec::new();
    if !executable {
        mapping.push(masked(2, l::PROT_EXEC, 0)?);
        changing.push(masked(2, l::PROT_EXEC, 0)?);
    }
    rules.insert(l::SYS_mmap, vec![rule(mapping)?]);
    rules.insert(l::SYS_mprotect, if changing.is_empty() { Vec::new() } else { vec![rule(changing)?] });
    Ok(())
}

/// TCP and UDP, and what tells the machine's addresses. Not the kernel's other kinds, which nobody thinks of who grants
/// a network. Sockets of the file system are files: a service's own may be as good as its user's rights.
fn sockets(rules: &mut Rules, granted: Grants) -> Result<(), String> {
    let is = |argument, value: i32| {
        let value = u64::from(value.cast_unsigned());
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value).map_err(|e| e.to_string())
    };
    let mut kinds = vec![rule(vec![is(0, l::AF_NETLINK)?, is(2, l::NETLINK_ROUTE)?])?];
    for family in [l::AF_INET, l::AF_INET6] {
        for kind in [l::SOCK_STREAM, l::SOCK_DGRAM] {
            // The rest of this argument are flags.
            kinds.push(rule(vec![is(0, family)?, masked(1, SOCK_TYPE_MASK, kind)?])?);
        }
    }
    if granted.files {
        kinds.push(rule(vec![is(0, l::AF_UNIX)?])?);
    }
    rules.insert(l::SYS_socket, kinds);
    // A pair has no other side but its own.
    rules.insert(l::SYS_socketpair, vec![rule(vec![is(0, l::AF_UNIX)?])?]);
    Ok(())
}

/// To itself: `abort` is one.
fn signals(rules: &mut Rules) -> Result<(), String> {
    let own = u64::from(std::process::id());
    for call in [l::SYS_tgkill, l::SYS_kill] {
        let own =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, own).map_err(|e| e.to_string())?;
        rules.insert(call, vec![rule(vec![own])?]);
    }
    Ok(())
}

/// Threads of this process, never another process; and a name for them.
fn threads(rules: &mut Rules) -> Result<(), String> {
    let needed = l::CLONE_THREAD | l::CLONE_VM | l::CLONE_SIGHAND;
    let namespaces = l::CLONE_NEWUSER | l::CLONE_NEWNS | l::CLONE_NEWPID | l::CLONE_NEWNET | l::CLONE_NEWIPC;
    rules.insert(l::SYS_clone, vec![rule(vec![masked(0, needed | namespaces, needed)?])?]);
    rules.insert(l::SYS_prctl, vec![rule(vec![masked(0, -1, l::PR_SET_NAME)?])?]);
    Ok(())
}

/// An argument that is one of some.
fn one_of(argument: u8, values: impl Iterator<Item = u64>) -> Result<Vec<SeccompRule>, String> {
    let is = |value| SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
    values.map(|value| rule(vec![is(value).map_err(|e| e.to_string())?])).collect()
}

/// A condition on some bits of an argument.
fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompCondition, String> {
    let mask = u64::from(mask.cast_unsigned());
    let value = u64::from(value.cast_unsigned());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
        .map_err(|e| e.to_string())
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, String> {
    SeccompRule::new(conditions).map_err(|e| e.to_string())
}

fn errno(number: i32) -> u32 {
    number.cast_unsigned()
}

/// These, and nothing else.
fn allow(rules: Rules) -> Result<BpfProgram, String> {
    program(rules, SeccompAction::Errno(errno(l::EPERM)), SeccompAction::Allow)
}

fn program(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<BpfProgram, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_| format!("there is no filter of system calls for {}", std::env::consts::ARCH))?;
    let filter = SeccompFilter::new(rules, otherwise, matched, arch).map_err(|e| e.to_string())?;
    filter.try_into().map_err(|e: seccompiler::BackendError| e.to_string())
}
