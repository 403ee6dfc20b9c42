//! `LINECALLPARAMS`: how a program wants a call to be made.

use std::mem::offset_of;

use super::memory::View;
use crate::constants::*;
use crate::exchange::{Exchange, Leg, Refusal, Spot};
use crate::layout::{CALL_PARAMS, LINECALLPARAMS, V1_4, V2_0, size_in};

/// What was read of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    pub(crate) flags: u32,
    /// Which address is called from, by its number on the line, or by its telephone number.
    address: Option<u32>,
    number: String,
    media: u32,
    pub(crate) called_party: String,
    comment: String,
    /// Where a transfer in one step goes.
    pub(crate) target: String,
    user_user: Vec<u8>,
    call_data: Vec<u8>,
}

impl Params {
    /// Reads it; null is as good as an empty one.
    pub(crate) fn read(place: usize) -> Result<Self, Refusal> {
        let view = View::read(place, size_in(CALL_PARAMS, V1_4)).map_err(|_| LINEERR_INVALCALLPARAMS)?;
        let Some(view) = view else { return Ok(Self::default()) };
        Self::from(&view).map_err(|_| LINEERR_INVALCALLPARAMS)
    }

    fn from(view: &View) -> Result<Self, Refusal> {
        let newer = view.word(0) as usize >= size_in(CALL_PARAMS, V2_0);
        let media = view.word(offset_of!(LINECALLPARAMS, dwMediaMode));
        if media & !super::line::MEDIA != 0 {
            return Err(LINEERR_INVALMEDIAMODE);
        }
        let mode = view.word(offset_of!(LINECALLPARAMS, dwAddressMode));
        let by_id = mode == LINEADDRESSMODE_ADDRESSID;
        Ok(Self {
            flags: view.word(offset_of!(LINECALLPARAMS, dwCallParamFlags)),
            address: by_id.then(|| view.word(offset_of!(LINECALLPARAMS, dwAddressID))),
            number: if mode == LINEADDRESSMODE_DIALABLEADDR {
                view.text(offset_of!(LINECALLPARAMS, dwOrigAddressSize))?
            } else {
                String::new()
            },
            media,
            called_party: view.text(offset_of!(LINECALLPARAMS, dwCalledPartySize))?,
            comment: view.text(offset_of!(LINECALLPARAMS, dwCommentSize))?,
            target: if newer { view.text(offset_of!(LINECALLPARAMS, dwTargetAddressSize))? } else { String::new() },
            user_user: view.bytes(offset_of!(LINECALLPARAMS, dwUserUserInfoSize))?.to_vec(),
            call_data: if newer {
                view.bytes(offset_of!(LINECALLPARAMS, dwCallDataSize))?.to_vec()
            } else {
                Vec::new()
            },
        })
    }

    /// The address that a call is made from: the one that is named, else the first that is free.
    pub(crate) fn spot(&self, exchange: &Exchange, device: u32) -> Result<Spot, Refusal> {
        let spots = exchange.spots(device);
        if !self.number.is_empty() {
            let has = |spot: &&Spot| exchange.desks.get(spot).is_some_and(|desk| desk.address.number == self.number);
            return spots.iter().find(has).copied().ok_or(LINEERR_INVALADDRESS);
        }
        if let Some(address) = self.address {
            let spot = Spot { device, address };
            return if spots.contains(&spot) { Ok(spot) } else { Err(LINEERR_INVALADDRESSID) };
        }
        let free = spots.iter().find(|spot| exchange.active(**spot).is_none());
        free.or(spots.first()).copied().ok_or(LINEERR_RESOURCEUNAVAIL)
    }

    /// Writes what it says into a new call.
    pub(crate) fn mark(&self, leg: &mut Leg) {
        if self.media != 0 {
            leg.media = self.media;
        }
        leg.called_party.clone_from(&self.called_party);
        leg.comment.clone_from(&self.comment);
        leg.user_user.clone_from(&self.user_user);
        leg.call_data.clone_from(&self.call_data);
        leg.withheld = self.flags & LINECALLPARAMFLAGS_BLOCKID != 0;
    }
}
