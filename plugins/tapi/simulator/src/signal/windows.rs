//! Windows: an event that is set while messages wait, a window whose messages call a function, a completion port.
#![allow(unsafe_code, reason = "handles and windows of the system")]

use std::collections::VecDeque;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, HWND, LPARAM, LRESULT, LocalFree, WPARAM};
use windows_sys::Win32::System::IO::PostQueuedCompletionStatus;
use windows_sys::Win32::System::Memory::{LPTR, LocalAlloc};
use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, GWLP_USERDATA, GetWindowLongPtrW, HWND_MESSAGE, PostMessageW, RegisterClassW,
    SetWindowLongPtrW, WM_APP, WM_CLOSE, WNDCLASSW,
};

use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::LINEMESSAGE;

/// The function that a program with a hidden window is called by.
type Callback = unsafe extern "system" fn(u32, u32, usize, usize, usize, usize);

/// How a program learns of messages. Handles are kept as numbers: they belong to no thread.
pub(crate) enum Signal {
    Event(usize),
    Window(usize),
    Port { port: usize, key: usize },
}

impl Signal {
    /// A window that nobody sees, in the thread that calls; that thread's message loop calls the function.
    pub(crate) fn window(callback: usize) -> Result<Self, Refusal> {
        if callback == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let class: Vec<u16> = "cti_tapisim\0".encode_utf16().collect();
        // SAFETY: a class and a window of our own; texts and the structure live for the calls. A class that is there
        // already is refused, and is ours.
        let window = unsafe {
            let mut about: WNDCLASSW = std::mem::zeroed();
            about.lpfnWndProc = Some(procedure);
            about.lpszClassName = class.as_ptr();
            RegisterClassW(&raw const about);
            CreateWindowExW(0, class.as_ptr(), null(), 0, 0, 0, 0, 0, HWND_MESSAGE, null_mut(), null_mut(), null())
        };
        if window.is_null() {
            return Err(LINEERR_RESOURCEUNAVAIL);
        }
        // SAFETY: the window was made just now.
        unsafe { SetWindowLongPtrW(window, GWLP_USERDATA, callback.cast_signed()) };
        Ok(Self::Window(window as usize))
    }

    /// An event that is set while messages wait, and its handle for the program.
    pub(crate) fn event() -> Result<(Self, usize), Refusal> {
        // SAFETY: no name and no attributes.
        let event = unsafe { CreateEventW(null(), 1, 0, null()) };
        if event.is_null() {
            return Err(LINEERR_RESOURCEUNAVAIL);
        }
        Ok((Self::Event(event as usize), event as usize))
    }

    /// The program's own completion port.
    pub(crate) fn port(port: usize, key: usize) -> Result<Self, Refusal> {
        if port == 0 { Err(LINEERR_INVALPARAM) } else { Ok(Self::Port { port, key }) }
    }

    /// A message for the program.
    pub(crate) fn send(&mut self, message: LINEMESSAGE, queue: &mut VecDeque<LINEMESSAGE>) {
        match *self {
            Self::Event(event) => {
                queue.push_back(message);
                // SAFETY: our own event.
                unsafe { SetEvent(event as HANDLE) };
            }
            Self::Window(window) => {
                let message = Box::into_raw(Box::new(message));
                // SAFETY: the window takes the box over; without a window it is taken back.
                unsafe {
                    if PostMessageW(window as HWND, WM_APP, 0, message as LPARAM) == 0 {
                        drop(Box::from_raw(message));
                    }
                }
            }
            Self::Port { port, key } => {
                let size = size_of::<LINEMESSAGE>();
                // SAFETY: memory of the system's own, which the program frees; without a port it is freed here.
                unsafe {
                    let place = LocalAlloc(LPTR, size);
                    if place.is_null() {
                        return;
                    }
                    place.cast::<LINEMESSAGE>().write_unaligned(message);
                    let length = u32::try_from(size).unwrap_or(0);
                    if PostQueuedCompletionStatus(port as HANDLE, length, key, place.cast()) == 0 {
                        LocalFree(place);
                    }
                }
            }
        }
    }

    /// A message was taken from the queue.
    pub(crate) fn taken(&mut self, empty: bool) {
        if let (Self::Event(event), true) = (&*self, empty) {
            // SAFETY: our own event.
            unsafe { ResetEvent(*event as HANDLE) };
        }
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        match *self {
            // SAFETY: our own event, closed once.
            Self::Event(event) => unsafe {
                CloseHandle(event as HANDLE);
            },
            // SAFETY: our own window; its own thread takes it down.
            Self::Window(window) => unsafe {
                PostMessageW(window as HWND, WM_CLOSE, 0, 0);
            },
            Self::Port { .. } => {}
        }
    }
}

/// What the window does with messages: ours call the program's function.
unsafe extern "system" fn procedure(window: HWND, kind: u32, first: WPARAM, second: LPARAM) -> LRESULT {
    if kind != WM_APP {
        // SAFETY: passed on as it came.
        return unsafe { DefWindowProcW(window, kind, first, second) };
    }
    // SAFETY: `send` has made the box, and nobody else sends this message; the user data is the program's function.
    unsafe {
        let message = *Box::from_raw(second as *mut LINEMESSAGE);
        let callback = GetWindowLongPtrW(window, GWLP_USERDATA);
        if callback != 0 {
            let callback = std::mem::transmute::<isize, Callback>(callback);
            callback(
                message.hDevice,
                message.dwMessageID,
                message.dwCallbackInstance,
                message.dwParam1,
                message.dwParam2,
                message.dwParam3,
            );
        }
    }
    0
}
