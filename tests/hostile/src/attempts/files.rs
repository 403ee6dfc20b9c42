//! Files: other people's, the host's, the system's view of processes.

use std::ffi::CString;

use libc::{AT_FDCWD, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY};

use super::{Answer, Attempts, ask, ask_for_descriptor, close, parent, word};

fn open(path: &str, flags: i32) -> Answer {
    let path = CString::new(path).unwrap_or_default();
    ask_for_descriptor(libc::SYS_openat, [word(AT_FDCWD), path.as_ptr() as usize, word(flags), 0o600])
}

pub(super) fn read() -> Attempts {
    let mut attempts = Attempts::default();
    for path in ["/etc/passwd", "/etc/shadow", "/etc/hosts", "/proc/self/environ", "/proc/self/maps", "/proc/self/mem"]
    {
        attempts.add(path, open(path, O_RDONLY));
    }
    // A number that differs from run to run is not told.
    let parent = parent().map_or_else(|| "1".to_owned(), |p| p.to_string());
    for file in ["environ", "maps", "mem", "cmdline", "cwd/jackfield.toml", "root/etc/passwd", "fd/0"] {
        attempts.add(format!("host's {file}"), open(&format!("/proc/{parent}/{file}"), O_RDONLY));
    }
    for folder in ["/", "/tmp", "/home", "/proc", "/dev", "/sys/kernel", "/dev/shm"] {
        attempts.add(format!("list {folder}"), open(folder, O_RDONLY | O_DIRECTORY));
    }
    for device in ["/dev/tty", "/dev/zero", "/dev/kmsg", "/dev/null"] {
        attempts.add(device, open(device, O_RDWR));
    }
    let how = [0_u64; 3];
    let openat2 = [word(AT_FDCWD), c"/etc/passwd".as_ptr() as usize, how.as_ptr() as usize, size_of_val(&how)];
    attempts.add("openat2", ask_for_descriptor(libc::SYS_openat2, openat2));
    let handle = [0_u32; 4];
    attempts.add(
        "open_by_handle_at",
        ask_for_descriptor(libc::SYS_open_by_handle_at, [word(AT_FDCWD), handle.as_ptr() as usize, 0]),
    );
    let mut room = [0_u8; 256];
    let path = CString::new(format!("/proc/{parent}/exe")).unwrap_or_default();
    attempts.add(
        "where the host's program is",
        ask(libc::SYS_readlinkat, [word(AT_FDCWD), path.as_ptr() as usize, room.as_mut_ptr() as usize, room.len()]),
    );
    attempts
}

pub(super) fn write() -> Attempts {
    const PLACE: &str = "/tmp/jackfield-hostile-was-here";
    let mut attempts = Attempts::default();
    let place = CString::new(PLACE).unwrap_or_default();
    let nowhere = c"/tmp/jackfield-hostile-is-not-there";
    let (place, nowhere, here) = (place.as_ptr() as usize, nowhere.as_ptr() as usize, word(AT_FDCWD));
    let made = ask(libc::SYS_openat, [here, place, word(O_CREAT | O_EXCL | O_WRONLY), 0o600]);
    if let Answer(Ok(descriptor)) = made {
        close(descriptor);
    }
    attempts.add("make a file", made);
    attempts.add("append to /etc/passwd", open("/etc/passwd", O_WRONLY));
    attempts.add("make a folder", ask(libc::SYS_mkdirat, [here, nowhere, 0o700]));
    attempts.add("remove that folder", ask(libc::SYS_unlinkat, [here, nowhere, word(libc::AT_REMOVEDIR)]));
    attempts.add("make a socket's file", ask(libc::SYS_mknodat, [here, nowhere, 0o140_600]));
    attempts.add("remove a file", ask(libc::SYS_unlinkat, [here, place, 0]));
    attempts.add("rename", ask(libc::SYS_renameat2, [here, nowhere, here, nowhere, 0]));
    attempts.add("link", ask(libc::SYS_linkat, [here, nowhere, here, place, 0]));
    attempts.add("symlink", ask(libc::SYS_symlinkat, [nowhere, here, nowhere]));
    attempts.add("chmod", ask(libc::SYS_fchmodat, [here, nowhere, 0o777]));
    attempts.add("chown", ask(libc::SYS_fchownat, [here, nowhere, 0, 0, 0]));
    attempts.add("truncate", ask(libc::SYS_truncate, [nowhere, 0]));
    attempts.add("set times", ask(libc::SYS_utimensat, [here, nowhere, 0, 0]));
    attempts.add("set an attribute", ask(libc::SYS_setxattr, [nowhere, nowhere, nowhere, 1, 0]));
    // What was made if it could be: nothing stays behind.
    for (path, flags) in [(nowhere, 0), (nowhere, word(libc::AT_REMOVEDIR)), (place, 0)] {
        ask(libc::SYS_unlinkat, [here, path, flags]);
    }
    attempts
}

/// What the process was given besides its settings.
pub(super) fn environment() -> Attempts {
    let mut attempts = Attempts::default();
    let variables: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    let told = if variables.is_empty() { "none".to_owned() } else { variables.join(",") };
    attempts.saw("variables", told);
    let secret = std::env::args_os().any(|a| a.to_string_lossy().contains("password"));
    attempts.saw("secrets in the arguments", if secret { "SEEN" } else { "none" });
    let folder = std::env::current_dir().map_or_else(|_| "refused".to_owned(), |f| f.display().to_string());
    attempts.saw("folder", folder);
    attempts
}
