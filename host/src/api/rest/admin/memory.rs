//! How much memory a process has.

/// The resident memory of a process of this machine, in bytes, where the system tells it.
#[cfg(target_os = "linux")]
pub(super) fn of(process: u32) -> Option<u64> {
    // Linux, proc(5): in pages; the second number is what is resident.
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Nowhere else.
#[cfg(not(target_os = "linux"))]
pub(super) fn of(_: u32) -> Option<u64> {
    None
}
