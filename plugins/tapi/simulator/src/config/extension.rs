//! What a driver has beyond TAPI, as far as it can be negotiated.

use serde::Deserialize;

use super::Span;
use crate::constants::*;
use crate::layout::Version;

/// The most bytes of device-specific data in a structure.
const LONGEST: usize = 4096;

/// A driver's extension: its id (`LINEEXTENSIONID`) and the versions of it that the driver speaks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    /// What `lineNegotiateAPIVersion` tells. All zeros say that there are no extensions, whatever `versions` says.
    pub(crate) id: [u32; 4],
    pub(crate) versions: Span,
    /// What stands as `dwDevSpecific` in structures for programs that use the extension; empty: nothing.
    #[serde(default)]
    pub(crate) data: String,
}

impl Extension {
    /// Whether it can be used.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (low, _) = self.versions.versions().map_err(|e| format!("versions: {e}"))?;
        if low == 0 {
            return Err("versions: 0.0 says that no extension is used, and is none".to_owned());
        }
        if self.data.len() > LONGEST {
            return Err(format!("data: {} bytes, at most {LONGEST} are given", self.data.len()));
        }
        Ok(())
    }

    /// The highest version that a program and the driver have in common. With one `selected`, by whoever has the line
    /// open with it, the driver has no other.
    pub(crate) fn agree(&self, low: Version, high: Version, selected: Option<Version>) -> Result<Version, u32> {
        let own = self.versions.versions().map_err(|_| LINEERR_OPERATIONFAILED)?;
        let (lowest, highest) = selected.map_or(own, |only| (only, only));
        let agreed = high.min(highest);
        if agreed < low || agreed < lowest { Err(LINEERR_INCOMPATIBLEEXTVERSION) } else { Ok(agreed) }
    }
}
