//! Functions that answer at once: what a device, a line, a call is now.

use super::functions::{Functions, NULL};
use super::memory::{Memory, Pointer};
use crate::extensions::{Extension, ExtensionId, Wanted};
use crate::sys::constants::{
    LINEERR_INCOMPATIBLEAPIVERSION, LINEERR_INCOMPATIBLEEXTVERSION, LINEERR_OPERATIONUNAVAIL,
    LINEERR_STRUCTURETOOSMALL, error,
};
use crate::sys::read;
use crate::told::{Address, AddressStatus, CallInfo, CallStatus, Device, LineStatus, Named, Seen};

/// The versions of TAPI that are spoken.
pub(crate) const OLDEST: u32 = 0x0002_0000;
pub(crate) const NEWEST: u32 = 0x0002_0002;
/// The first try for a structure of variable size, in bytes.
const FIRST_SIZE: usize = 2_048;
/// The largest structure that is taken.
const LARGEST: usize = 1 << 20;
/// Addresses of a device that are looked at.
const MOST_ADDRESSES: u32 = 100;

/// What a function says that is not there.
pub(super) const UNAVAILABLE: i32 = error(LINEERR_OPERATIONUNAVAIL);

/// Asks for a structure until it fits.
fn structure(mut ask: impl FnMut(Pointer) -> i32) -> Result<Vec<u8>, i32> {
    let mut size = FIRST_SIZE;
    for last in [false, false, false, true] {
        let memory = Memory::structure(size);
        let code = ask(memory.pointer());
        let bytes = memory.bytes();
        let larger = match code {
            0 => read::needed(&bytes),
            code if code == error(LINEERR_STRUCTURETOOSMALL) => Some(read::needed(&bytes).unwrap_or(size * 2)),
            code => return Err(code),
        };
        match larger {
            Some(larger) if larger <= LARGEST && !last => size = larger.max(size + 8),
            Some(_) if code != 0 => return Err(code),
            // As much of it as there is.
            _ => return Ok(bytes),
        }
    }
    Err(error(LINEERR_STRUCTURETOOSMALL))
}

impl Functions {
    /// The drivers that are installed.
    pub(super) fn installed(&self) -> Result<Vec<Named>, i32> {
        let providers = self.providers.ok_or(UNAVAILABLE)?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        structure(|to| unsafe { providers(NEWEST, to) }).map(|bytes| read::providers(&bytes))
    }

    /// All that can be known of a device before it is opened.
    pub(super) fn device(&self, app: u32, device: u32, wanted: &[Wanted]) -> Device {
        match self.look(app, device, wanted) {
            Ok(found) => found,
            Err((step, code)) => {
                let why = format!("{step}: {}", crate::sys::names::error(code));
                Device { device, unusable: Some(why), ..Device::default() }
            }
        }
    }

    fn look(&self, app: u32, device: u32, wanted: &[Wanted]) -> Result<Device, (&'static str, i32)> {
        let (version, id) = self.version(app, device).map_err(|code| ("lineNegotiateAPIVersion", code))?;
        let mut extension = self.extension(app, (device, version), id, wanted);
        let caps = self.device_caps.ok_or(("lineGetDevCaps", UNAVAILABLE))?;
        let ask = |extension: u32| {
            // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
            structure(|to| unsafe { caps(app, device, version, extension, to) })
        };
        let mut bytes = ask(extension.map_or(0, |extension| extension.version));
        if let (Err(code), Some(found)) = (&bytes, &mut extension)
            && *code == error(LINEERR_INCOMPATIBLEEXTVERSION)
            && found.version != 0
        {
            (found.version, found.refused) = (0, Some(*code));
            bytes = ask(0);
        }
        let caps = read::device(&bytes.map_err(|code| ("lineGetDevCaps", code))?);
        let number = caps.addresses.clamp(1, MOST_ADDRESSES);
        let theirs = extension.map_or(0, |extension| extension.version);
        let address = |address| self.address(app, device, address, (version, theirs)).unwrap_or_default();
        let addresses = (0..number).map(address).collect();
        Ok(Device { device, version, extension, unusable: None, addresses, caps })
    }

    /// The newest version that the driver of a device and we speak, and the id of its extensions.
    fn version(&self, app: u32, device: u32) -> Result<(u32, ExtensionId), i32> {
        let negotiate = self.negotiate.ok_or(UNAVAILABLE)?;
        let (version, extension) = (Memory::new(4), Memory::new(16));
        // SAFETY: both pointers are to memory of the sizes that the function writes, and live for the call.
        let code = unsafe { negotiate(app, device, OLDEST, NEWEST, version.pointer(), extension.pointer()) };
        if code != 0 {
            return Err(code);
        }
        let version = version.dword();
        if !(OLDEST..=NEWEST).contains(&version) {
            return Err(error(LINEERR_INCOMPATIBLEAPIVERSION));
        }
        Ok((version, ExtensionId(read::extension_id(&extension.bytes()))))
    }

    /// The extensions of a driver, and the newest version of them that it and the settings know. It is negotiated only
    /// for extensions that the settings name: a program that does not know them must not.
    fn extension(
        &self,
        app: u32,
        (device, version): (u32, u32),
        id: ExtensionId,
        wanted: &[Wanted],
    ) -> Option<Extension> {
        if id == ExtensionId::NONE {
            return None;
        }
        let mut found = Extension { id, version: 0, refused: None };
        let Some(wanted) = wanted.iter().find(|wanted| wanted.id.is_none_or(|wanted| wanted == id)) else {
            return Some(found);
        };
        let agreed = Memory::new(4);
        let code = match self.negotiate_extension {
            // SAFETY: the pointer is to memory of the size that the function writes, and lives for the call.
            Some(ask) => unsafe { ask(app, device, version, wanted.from, wanted.to, agreed.pointer()) },
            None => UNAVAILABLE,
        };
        match (code, agreed.dword()) {
            (0, agreed) if agreed != 0 && (wanted.from..=wanted.to).contains(&agreed) => found.version = agreed,
            // It says that it is done, and agrees on what nobody has asked for.
            (0, _) => found.refused = Some(error(LINEERR_INCOMPATIBLEEXTVERSION)),
            (code, _) => found.refused = Some(code),
        }
        Some(found)
    }

    fn address(&self, app: u32, device: u32, address: u32, (version, extension): (u32, u32)) -> Option<Address> {
        let caps = self.address_caps?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        let bytes = structure(|to| unsafe { caps(app, device, address, version, extension, to) }).ok()?;
        Some(read::address(&bytes))
    }

    /// The state of an open line.
    pub(super) fn line_now(&self, line: u32) -> Option<LineStatus> {
        let status = self.line_status?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        structure(|to| unsafe { status(line, to) }).ok().map(|bytes| read::line_status(&bytes))
    }

    /// The state of an address.
    pub(super) fn address_now(&self, line: u32, address: u32) -> Option<AddressStatus> {
        let status = self.address_status?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        structure(|to| unsafe { status(line, address, to) }).ok().map(|bytes| read::address_status(&bytes))
    }

    /// The calls of a line that this application has no handles of yet.
    pub(super) fn calls_of(&self, line: u32, select: u32) -> Result<Vec<u32>, i32> {
        let calls = self.new_calls.ok_or(UNAVAILABLE)?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        structure(|to| unsafe { calls(line, 0, select, to) }).map(|bytes| read::call_list(&bytes))
    }

    /// All that can be known of a call.
    pub(super) fn call_now(&self, call: u32) -> Seen {
        Seen { call, info: self.info(call), status: self.status(call) }
    }

    fn info(&self, call: u32) -> Option<CallInfo> {
        let info = self.call_info?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        structure(|to| unsafe { info(call, to) }).ok().map(|bytes| read::call_info(&bytes))
    }

    fn status(&self, call: u32) -> Option<CallStatus> {
        let status = self.call_status?;
        // SAFETY: the pointer is to a structure that says how large it is, and lives for the call.
        structure(|to| unsafe { status(call, to) }).ok().map(|bytes| read::call_status(&bytes))
    }

    /// Gives the handle of a call back.
    pub(super) fn let_go(&self, call: u32) -> i32 {
        let Some(deallocate) = self.deallocate else { return UNAVAILABLE };
        // SAFETY: no pointers.
        unsafe { deallocate(call) }
    }

    /// Closes a line.
    pub(super) fn close_line(&self, line: u32) -> i32 {
        let Some(close) = self.close else { return UNAVAILABLE };
        // SAFETY: no pointers.
        unsafe { close(line) }
    }

    /// Opens a device with a version of its driver's extensions, privileges and media modes.
    ///
    /// # Errors
    /// What the function returned.
    pub(super) fn open_line(
        &self,
        app: u32,
        device: &Device,
        extension: u32,
        privileges: u32,
        media: u32,
    ) -> Result<u32, i32> {
        let open = self.open.ok_or(UNAVAILABLE)?;
        let line = Memory::new(4);
        let (number, version) = (device.device, device.version);
        let instance = usize::try_from(number).unwrap_or_default();
        // SAFETY: the pointer is to memory of the size of a handle, and lives for the call; no parameters are given.
        let code = unsafe { open(app, number, line.pointer(), version, extension, instance, privileges, media, NULL) };
        if code == 0 { Ok(line.dword()) } else { Err(code) }
    }

    /// Asks for messages of a line.
    pub(super) fn tell_states(&self, line: u32, states: u32, addresses: u32) -> i32 {
        let Some(set) = self.set_status_messages else { return UNAVAILABLE };
        // SAFETY: no pointers.
        unsafe { set(line, states, addresses) }
    }
}
