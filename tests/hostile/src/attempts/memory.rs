//! Code that was not in the library when it was checked.

use libc::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE};

use super::{Answer, Attempts, ask, word};

const PAGE: usize = 4_096;

fn map(protection: i32) -> Answer {
    ask(libc::SYS_mmap, [0, PAGE, word(protection), word(MAP_PRIVATE | MAP_ANONYMOUS), word(-1), 0])
}

pub(super) fn executable() -> Attempts {
    let mut attempts = Attempts::default();
    attempts.add("mmap, executable", map(PROT_READ | PROT_EXEC));
    attempts.add("mmap, writable and executable", map(PROT_READ | PROT_WRITE | PROT_EXEC));
    let page = map(PROT_READ | PROT_WRITE);
    if let Answer(Ok(address)) = page {
        let address = word(address);
        attempts.add("mprotect", ask(libc::SYS_mprotect, [address, PAGE, word(PROT_READ | PROT_EXEC)]));
        let key = word(-1);
        attempts.add("pkey_mprotect", ask(libc::SYS_pkey_mprotect, [address, PAGE, word(PROT_READ | PROT_EXEC), key]));
        ask(libc::SYS_munmap, [address, PAGE]);
    }
    attempts.add("personality that makes all readable memory executable", ask(libc::SYS_personality, [0x040_0000]));
    // Over this library's own code.
    let here = (executable as fn() -> Attempts as usize) & !(PAGE - 1);
    attempts
        .add("its own code, writable", ask(libc::SYS_mprotect, [here, PAGE, word(PROT_READ | PROT_WRITE | PROT_EXEC)]));
    attempts
}
