//! Versions that programs have agreed on with a line's driver, and the extension that a line is bound to.
//!
//! An extension is negotiated after the version of the interface, and taken into use by whoever opens the line with it.
//! From then on the driver has only that version of it, until the last who opened the line so has closed it.

use serde_json::{Value, json};

use super::Service;
use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::Version;

/// What a program has agreed on with a line's driver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreed {
    api: Version,
    /// 0: nothing yet.
    extension: Version,
}

impl Service {
    /// A program has negotiated the version of the interface.
    pub(crate) fn agreed_on(&mut self, program: u32, device: u32, api: Version) {
        let agreed = self.agreed.entry((program, device)).or_insert(Agreed { api, extension: 0 });
        agreed.api = api;
    }

    /// A program negotiates the version of a driver's extension, as which it has negotiated the version `api`.
    pub(crate) fn agree_on_extension(
        &mut self,
        program: u32,
        device: u32,
        api: Version,
        (low, high): (Version, Version),
    ) -> Result<Version, Refusal> {
        self.speaks(device, api)?;
        let there = self.exchange.device(device).ok_or(LINEERR_BADDEVICEID)?;
        let extension = there.line.extension.as_ref().ok_or(LINEERR_OPERATIONUNAVAIL)?;
        let version = extension.agree(low, high, self.selected(device))?;
        let agreed = self.agreed.get_mut(&(program, device)).filter(|agreed| agreed.api == api);
        // It has to know the id before it can know the versions.
        agreed.ok_or(LINEERR_INCOMPATIBLEAPIVERSION)?.extension = version;
        Ok(version)
    }

    /// The version of its extension that a line is bound to.
    fn selected(&self, device: u32) -> Option<Version> {
        self.opens.values().find(|open| open.device == device && open.extension != 0).map(|open| open.extension)
    }

    /// A program calls a function with the version of an extension: 0, or the one that it has agreed on. Is it another
    /// one, or is the line bound to another one meanwhile, the call is refused.
    pub(crate) fn carries(
        &mut self,
        function: &'static str,
        program: u32,
        device: u32,
        version: Version,
    ) -> Result<(), Refusal> {
        if version != 0 {
            let agreed = self.agreed.get(&(program, device)).map(|agreed| agreed.extension);
            if agreed != Some(version) || self.selected(device).is_some_and(|only| only != version) {
                return Err(LINEERR_INCOMPATIBLEEXTVERSION);
            }
        }
        self.carried.insert((device, function), version);
        Ok(())
    }

    /// What a driver gives of its own to who uses its extension.
    pub(crate) fn own_data(&self, device: u32, version: Version) -> Vec<u8> {
        let extension = self.exchange.device(device).and_then(|there| there.line.extension.as_ref());
        extension.filter(|_| version != 0).map_or_else(Vec::new, |extension| extension.data.clone().into_bytes())
    }

    /// For whoever looks whether programs do it right: of each line with an extension what was agreed on, what it is
    /// bound to, and what functions carried the last time.
    pub(crate) fn extensions(&self) -> Vec<Value> {
        let devices = self.exchange.devices.iter().zip(0..).filter(|(device, _)| device.line.extension.is_some());
        devices
            .map(|(device, at)| {
                let agreed = self.agreed.iter().filter(|((_, on), _)| *on == at);
                let agreed: Vec<String> = agreed.map(|(_, agreed)| named(agreed.extension)).collect();
                let carried = self.carried.iter().filter(|((on, _), _)| *on == at);
                let carried = carried.map(|((_, function), version)| ((*function).to_owned(), named(*version).into()));
                json!({
                    "line": device.line.name,
                    "device": at,
                    "agreed": agreed,
                    "selected": self.selected(at).map(named),
                    "carried": carried.collect::<serde_json::Map<String, Value>>(),
                })
            })
            .collect()
    }
}

/// A version as the configuration writes it.
fn named(version: Version) -> String {
    format!("{}.{}", version >> 16, version & 0xFFFF)
}
