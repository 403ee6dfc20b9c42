//! The three ways in which a program on Windows learns of messages.

#![cfg(windows)]
#![allow(unsafe_code, clippy::unwrap_used, reason = "a test of a C interface")]

mod driver;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use cti_tapisim::constants::*;
use cti_tapisim::layout::*;
use driver::{PATIENCE, Tapi, outcome, wide};
use serde_json::json;
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE, LocalFree, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::IO::{CreateIoCompletionPort, GetQueuedCompletionStatus, OVERLAPPED};
use windows_sys::Win32::System::Threading::WaitForSingleObject;
use windows_sys::Win32::UI::WindowsAndMessaging::{DispatchMessageW, MSG, PM_REMOVE, PeekMessageW};

/// `lineInitializeEx` in one of its ways; the parameters as they come back.
fn begin(tapi: &mut Tapi, options: u32, handle: usize, callback: usize) -> LINEINITIALIZEEXPARAMS {
    let (mut app, mut lines, mut version) = (0u32, 0u32, 0x0002_0002u32);
    let mut params = LINEINITIALIZEEXPARAMS {
        dwTotalSize: 28,
        dwOptions: options,
        Handles: handle,
        dwCompletionKey: 77,
        ..Default::default()
    };
    let name = wide("A test");
    let answer = tapi.call(
        "lineInitializeExW",
        &[
            &raw mut app as usize,
            0,
            callback,
            name.as_ptr() as usize,
            &raw mut lines as usize,
            &raw mut version as usize,
            &raw mut params as usize,
        ],
    );
    assert_eq!(outcome(answer), Ok(0));
    tapi.app = app;
    params
}

/// A message that every program gets.
fn ring(tapi: &Tapi) {
    tapi.done(json!({"do": "message", "message": 99, "device": 5, "parameters": [7, 8, 9]}));
}

#[test]
fn an_event_is_set_while_messages_wait() {
    let mut tapi = Tapi::with(&json!({}));
    let params = begin(&mut tapi, LINEINITIALIZEEXOPTION_USEEVENT, 0, 0);
    let event = params.Handles as HANDLE;
    assert!(!event.is_null());
    // SAFETY: the library's event, which lives as long as the program is begun.
    let waits = |milliseconds| unsafe { WaitForSingleObject(event, milliseconds) };
    assert_eq!(waits(0), WAIT_TIMEOUT);
    ring(&tapi);
    ring(&tapi);
    assert_eq!(waits(60_000), WAIT_OBJECT_0);
    assert_eq!(tapi.read(0).unwrap().id, 99);
    assert_eq!(waits(0), WAIT_OBJECT_0, "one is left");
    assert_eq!(tapi.read(0).unwrap().first, 7);
    assert_eq!(waits(0), WAIT_TIMEOUT);
}

#[test]
fn a_completion_port_is_given_messages() {
    let mut tapi = Tapi::with(&json!({}));
    // SAFETY: a port of its own; it is closed with the process.
    let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, std::ptr::null_mut(), 0, 1) };
    begin(&mut tapi, LINEINITIALIZEEXOPTION_USECOMPLETIONPORT, port as usize, 0);
    ring(&tapi);
    let (mut length, mut key, mut place) = (0u32, 0usize, std::ptr::null_mut::<OVERLAPPED>());
    // SAFETY: places of this function; what comes is a message in memory of the system's, which is freed here.
    let message = unsafe {
        assert_ne!(GetQueuedCompletionStatus(port, &raw mut length, &raw mut key, &raw mut place, 60_000), 0);
        let message = place.cast::<LINEMESSAGE>().read_unaligned();
        LocalFree(place.cast());
        message
    };
    assert_eq!((length as usize, key), (size_of::<LINEMESSAGE>(), 77));
    assert_eq!({ message.dwMessageID }, 99);
    assert_eq!({ message.dwParam3 }, 9);
}

static HEARD: AtomicU32 = AtomicU32::new(0);

unsafe extern "system" fn heard(device: u32, message: u32, _: usize, first: usize, second: usize, third: usize) {
    if (device, message, first, second, third) == (5, 99, 7, 8, 9) {
        HEARD.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_hidden_window_calls_a_function_in_its_own_thread() {
    let mut tapi = Tapi::with(&json!({}));
    let callback = heard as unsafe extern "system" fn(u32, u32, usize, usize, usize, usize);
    begin(&mut tapi, LINEINITIALIZEEXOPTION_USEHIDDENWINDOW, 0, callback as usize);
    ring(&tapi);
    ring(&tapi);
    assert_eq!(HEARD.load(Ordering::SeqCst), 0, "not before this thread looks");
    let end = Instant::now() + PATIENCE;
    while HEARD.load(Ordering::SeqCst) < 2 {
        assert!(Instant::now() < end, "the function was not called");
        // SAFETY: a message of this thread, as every program with windows takes it.
        unsafe {
            let mut message: MSG = std::mem::zeroed();
            if PeekMessageW(&raw mut message, std::ptr::null_mut(), 0, 0, PM_REMOVE) != 0 {
                DispatchMessageW(&raw const message);
            }
        }
        std::thread::yield_now();
    }
}
