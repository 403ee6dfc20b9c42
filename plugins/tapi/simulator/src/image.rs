//! Where this library lies: its configuration lies beside it.
#![allow(unsafe_code, reason = "only the system knows the path of a library")]

use std::path::PathBuf;

/// The file that this code was loaded from.
#[cfg(unix)]
pub(crate) fn path() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    let mut found = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    let here = path as fn() -> Option<PathBuf>;
    // SAFETY: any address may be asked for; `found` is this function's own.
    let known = unsafe { libc::dladdr(here as *const libc::c_void, &raw mut found) };
    if known == 0 || found.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the linker's own text, which ends with a null and stays as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(found.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

/// The file that this code was loaded from.
#[cfg(windows)]
pub(crate) fn path() -> Option<PathBuf> {
    use std::os::windows::ffi::OsStringExt;

    use windows_sys::Win32::Foundation::HMODULE;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleFileNameW,
        GetModuleHandleExW,
    };

    let mut module: HMODULE = std::ptr::null_mut();
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    let here = path as fn() -> Option<PathBuf>;
    // SAFETY: with these flags any address may be asked for, and nothing is counted up.
    let known = unsafe { GetModuleHandleExW(flags, here as *const u16, &raw mut module) };
    let mut name = vec![0u16; 4096];
    // SAFETY: the buffer is this function's own, and its size is said.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), 4096) };
    if known == 0 || length == 0 || length >= 4096 {
        return None;
    }
    name.truncate(length as usize);
    Some(PathBuf::from(std::ffi::OsString::from_wide(&name)))
}

/// Other systems are not asked.
#[cfg(not(any(unix, windows)))]
pub(crate) fn path() -> Option<PathBuf> {
    None
}
