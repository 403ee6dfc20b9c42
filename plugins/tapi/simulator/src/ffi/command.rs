//! The simulator's own exported function: commands for tests in the same process.
#![allow(unsafe_code, reason = "an exported name")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use super::memory;
use crate::config::Config;
use crate::{control, service};

/// The longest command, in bytes.
const LONGEST: usize = 1 << 20;

/// Does a command: an object in JSON, UTF-8 with a terminator. The answer, JSON too, is written to `out` with a
/// terminator, cut if `room` bytes are not enough; returned is the whole answer's length without it, so whoever got
/// `room` or more back asks with more room (only for commands that change nothing). Negative: there was no command.
///
/// # Safety
///
/// `command` is null or ends with a null byte; `out` is null or has `room` bytes.
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cti_tapisim_command(
    command: *const std::ffi::c_char,
    out: *mut std::ffi::c_char,
    room: usize,
) -> i32 {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let Ok(text) = memory::narrow(command as usize, LONGEST) else { return -1 };
        let answer = match serde_json::from_str(&text) {
            Ok(command) => obey(command),
            Err(e) => json!({"ok": false, "error": format!("a command is no JSON: {e}")}),
        };
        give(&answer.to_string(), out as usize, room)
    }));
    done.unwrap_or(-2)
}

fn obey(command: Value) -> Value {
    if command["do"] == "reset" {
        return reset(&command);
    }
    control::obey(service::lock().service(), command)
}

/// Begins anew with a configuration, or with the one of the file. Not while there are programs.
fn reset(command: &Value) -> Value {
    let config = match &command["config"] {
        Value::Null => None,
        given => match Config::read(&given.to_string()) {
            Ok(config) => Some(config),
            Err(error) => return json!({"ok": false, "error": error}),
        },
    };
    let mut held = service::lock();
    if !held.service().programs.is_empty() {
        return json!({"ok": false, "error": "there are programs; they call lineShutdown first"});
    }
    held.reset(config);
    json!({"ok": true})
}

fn give(answer: &str, out: usize, room: usize) -> i32 {
    if out != 0 && room > 0 {
        let mut bytes = answer.as_bytes()[..answer.len().min(room - 1)].to_vec();
        bytes.push(0);
        if memory::put_bytes(out, &bytes).is_err() {
            return -1;
        }
    }
    i32::try_from(answer.len()).unwrap_or(i32::MAX)
}
