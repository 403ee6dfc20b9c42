//! Beginning and ending, versions, and what providers there are.
#![allow(unsafe_code, reason = "exported names")]

use std::mem::offset_of;

use super::{Call, entry, exported, memory};
use crate::block::Block;
use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::*;
use crate::service::worker;
use crate::signal::Signal;

// SAFETY: the name is TAPI's own, and nothing else in this library has it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn lineInitializeExW(
    lphLineApp: usize,
    _hInstance: usize,
    lpfnCallback: usize,
    lpszFriendlyAppName: usize,
    lpdwNumDevs: usize,
    lpdwAPIVersion: usize,
    lpLineInitializeExParams: usize,
) -> i32 {
    let mut begun = false;
    let answer = entry("lineInitializeExW", |call| {
        if call.service.config.quirks.stub {
            return Ok(0);
        }
        let name = memory::text(lpszFriendlyAppName)?.unwrap_or_default();
        if lphLineApp == 0 || lpdwNumDevs == 0 || lpdwAPIVersion == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        can_begin(call)?;
        let (low, high) = call.service.config.api.versions().map_err(|_| LINEERR_INIFILECORRUPT)?;
        let wanted = memory::word(lpdwAPIVersion)?;
        let api = wanted.min(high);
        if api < low.min(V2_0) {
            return Err(LINEERR_INCOMPATIBLEAPIVERSION);
        }
        let signal = signal(lpLineInitializeExParams, lpfnCallback)?;
        let id = call.service.add_program(name, api, signal);
        memory::put_word(lphLineApp, id);
        memory::put_word(lpdwNumDevs, u32::try_from(call.service.exchange.devices.len()).unwrap_or(u32::MAX));
        memory::put_word(lpdwAPIVersion, api);
        begun = true;
        Ok(0)
    });
    // Who began nothing ends nothing: the thread would outlive the library.
    if begun && !worker::start() {
        return super::refuse(LINEERR_RESOURCEUNAVAIL);
    }
    answer
}

fn can_begin(call: &Call<'_>) -> Result<(), Refusal> {
    if call.service.broken.is_some() {
        return Err(LINEERR_INIFILECORRUPT);
    }
    if call.service.stopped {
        return Err(LINEERR_SERVICE_NOT_RUNNING);
    }
    if call.service.reinit { Err(LINEERR_REINIT) } else { Ok(()) }
}

/// How the program wants to be told of messages.
fn signal(params: usize, callback: usize) -> Result<Signal, Refusal> {
    if params == 0 {
        return Signal::window(callback);
    }
    memory::room(params, size_of::<LINEINITIALIZEEXPARAMS>())?;
    let options = memory::word(params + offset_of!(LINEINITIALIZEEXPARAMS, dwOptions))?;
    let handles = params + offset_of!(LINEINITIALIZEEXPARAMS, Handles);
    let signal = match options & 0xF {
        LINEINITIALIZEEXOPTION_USEHIDDENWINDOW => Signal::window(callback)?,
        LINEINITIALIZEEXOPTION_USEEVENT => {
            let (signal, handle) = Signal::event()?;
            memory::put_bytes(handles, &handle.to_ne_bytes())?;
            signal
        }
        LINEINITIALIZEEXOPTION_USECOMPLETIONPORT => {
            let port = memory::bytes(handles, size_of::<usize>())?;
            let port = port.as_slice().try_into().map_or(0, usize::from_ne_bytes);
            let key = memory::word(params + offset_of!(LINEINITIALIZEEXPARAMS, dwCompletionKey))?;
            Signal::port(port, key as usize)?
        }
        _ => return Err(LINEERR_INVALPARAM),
    };
    let size = u32::try_from(size_of::<LINEINITIALIZEEXPARAMS>()).unwrap_or(0);
    memory::put_word(params + offset_of!(LINEINITIALIZEEXPARAMS, dwNeededSize), size);
    memory::put_word(params + offset_of!(LINEINITIALIZEEXPARAMS, dwUsedSize), size);
    Ok(signal)
}

// SAFETY: the name is TAPI's own, and nothing else in this library has it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn lineShutdown(hLineApp: u32) -> i32 {
    let mut threads = Vec::new();
    let mut gone = None;
    let answer = entry("lineShutdown", |call| {
        if call.service.config.quirks.stub {
            return Ok(0);
        }
        // It is dropped without the lock: a window is taken down by its own messages.
        gone = Some(call.service.remove_program(hLineApp)?);
        if call.service.programs.is_empty() {
            threads = std::mem::take(&mut call.service.threads);
        }
        Ok(0)
    });
    drop(gone);
    for thread in threads {
        let _ = thread.join();
    }
    if answer == 0 {
        worker::stop();
    }
    answer
}

exported! {
    fn lineNegotiateAPIVersion(
        hLineApp: u32,
        dwDeviceID: u32,
        dwAPILowVersion: u32,
        dwAPIHighVersion: u32,
        lpdwAPIVersion: usize,
        lpExtensionID: usize,
    ) |call| {
        if call.service.config.quirks.stub {
            memory::put_word(lpdwAPIVersion, dwAPIHighVersion);
            return Ok(0);
        }
        call.service.program(hLineApp)?;
        let span = call.service.versions_of(dwDeviceID)?;
        if lpdwAPIVersion == 0 || lpExtensionID == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let agreed = dwAPIHighVersion.min(span.1);
        if agreed < dwAPILowVersion || agreed < span.0 {
            return Err(LINEERR_INCOMPATIBLEAPIVERSION);
        }
        call.service.agreed_on(hLineApp, dwDeviceID, agreed);
        let extension = call.service.exchange.device(dwDeviceID).and_then(|device| device.line.extension.clone());
        let id = extension.map_or([0; 4], |extension| extension.id);
        memory::put_word(lpdwAPIVersion, agreed);
        memory::put_bytes(lpExtensionID, &id.map(u32::to_ne_bytes).concat())?;
        Ok(0)
    }

    fn lineNegotiateExtVersion(
        hLineApp: u32,
        dwDeviceID: u32,
        dwAPIVersion: u32,
        dwExtLowVersion: u32,
        dwExtHighVersion: u32,
        lpdwExtVersion: usize,
    ) |call| {
        call.service.program(hLineApp)?;
        if lpdwExtVersion == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        // Which device it is comes first, then whether its driver has the function.
        call.service.versions_of(dwDeviceID)?;
        call.offered(dwDeviceID)?;
        let span = (dwExtLowVersion, dwExtHighVersion);
        let agreed = call.service.agree_on_extension(hLineApp, dwDeviceID, dwAPIVersion, span)?;
        memory::put_word(lpdwExtVersion, agreed);
        Ok(0)
    }

    fn lineGetProviderListW(_dwAPIVersion: u32, lpProviderList: usize) |call| {
        let entry = LINEPROVIDERENTRY { dwPermanentProviderID: 1, ..Default::default() };
        let name: Vec<u8> = "cti_tapisim.tsp\0".encode_utf16().flat_map(u16::to_ne_bytes).collect();
        // The list and, behind it in the same part, what its entry points to.
        let list = size_of::<LINEPROVIDERLIST>();
        let mut entry = entry;
        entry.dwProviderFilenameSize = u32::try_from(name.len()).unwrap_or(0);
        entry.dwProviderFilenameOffset = u32::try_from(list + size_of::<LINEPROVIDERENTRY>()).unwrap_or(0);
        let mut block = Block::new(LINEPROVIDERLIST { dwNumProviders: 1, ..Default::default() }.bytes(), list);
        block.bytes(offset_of!(LINEPROVIDERLIST, dwProviderListSize), [entry.bytes(), name].concat());
        call.give(lpProviderList, block)
    }
}
