//! Ends and standstills: what no plugin's side of the ABI can catch.

use std::hint::black_box;
use std::process;
use std::ptr;
use std::time::Duration;

/// What is allocated before this gives up, so that a system without a limit survives the test: 4 GiB.
const MOST_MEMORY: usize = 4 << 30;

/// Does a deed of this room. It comes back from a few of them.
pub(crate) fn deed(name: &str) -> Option<String> {
    match name {
        "segv" => null_write(),
        "abort" => process::abort(),
        "panic" => panicking(),
        "stack-overflow" => Some(deep(black_box(u64::MAX)).to_string()),
        "exit" => process::exit(3),
        "exit-in-order" => process::exit(0),
        "endless-loop" => loop {
            black_box(());
        },
        "sleep-for-ever" => loop {
            std::thread::sleep(Duration::from_secs(3_600));
        },
        "memory-without-end" => Some(memory_without_end()),
        _ => None,
    }
}

fn null_write() -> ! {
    // SAFETY: there is nothing at this address; the system ends the process for it, which is the deed.
    unsafe { ptr::write_volatile(black_box(ptr::null_mut::<u8>()), 1) };
    process::abort()
}

#[allow(clippy::panic, reason = "the deed")]
fn panicking() -> ! {
    panic!("the hostile plugin panics, as it was told")
}

/// Never deep enough.
fn deep(left: u64) -> u64 {
    let room = black_box([left; 512]);
    if left == 0 { room[0] } else { deep(left - 1) + room[(left % 512) as usize] }
}

fn memory_without_end() -> String {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    while kept.len() < MOST_MEMORY >> 20 {
        // Written to: what is only reserved costs nothing.
        kept.push(vec![0xa5; 1 << 20]);
        black_box(&kept);
    }
    format!("{} MiB, and nobody minded", kept.len())
}
