//! The structures of TAPI 2.2, packed to one byte as its header says. Nothing here is read through references: fields
//! are found in bytes by their offsets ([`super::read`]). The tables that they are checked against are in `tables/`.

#![allow(non_snake_case, clippy::upper_case_acronyms, reason = "all is called as in the documents of TAPI")]

/// A structure, and its fields with their offsets and sizes for the test against the tables.
macro_rules! structure {
    ($T:ident { $($field:ident: $ty:ty,)* }) => {
        #[repr(C, packed)]
        #[derive(Clone, Copy)]
        #[allow(dead_code, reason = "fields are places: most are never read by name")]
        pub(crate) struct $T { $(pub(crate) $field: $ty,)* }

        impl $T {
            #[cfg(test)]
            pub(crate) const FIELDS: &'static [(&'static str, usize, usize)] =
                &[$((stringify!($field), std::mem::offset_of!($T, $field), size_of::<$ty>()),)*];
        }
    };
}

structure! {
    LINEINITIALIZEEXPARAMS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwOptions: u32,
        Handles: usize,
        dwCompletionKey: u32,
    }
}
structure! {
    LINEMESSAGE {
        hDevice: u32,
        dwMessageID: u32,
        dwCallbackInstance: usize,
        dwParam1: usize,
        dwParam2: usize,
        dwParam3: usize,
    }
}
structure! {
    LINEEXTENSIONID {
        dwExtensionID0: u32,
        dwExtensionID1: u32,
        dwExtensionID2: u32,
        dwExtensionID3: u32,
    }
}
structure! {
    LINEDIALPARAMS {
        dwDialPause: u32,
        dwDialSpeed: u32,
        dwDigitDuration: u32,
        dwWaitForDialtone: u32,
    }
}
structure! {
    LINEDEVCAPS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwProviderInfoSize: u32,
        dwProviderInfoOffset: u32,
        dwSwitchInfoSize: u32,
        dwSwitchInfoOffset: u32,
        dwPermanentLineID: u32,
        dwLineNameSize: u32,
        dwLineNameOffset: u32,
        dwStringFormat: u32,
        dwAddressModes: u32,
        dwNumAddresses: u32,
        dwBearerModes: u32,
        dwMaxRate: u32,
        dwMediaModes: u32,
        dwGenerateToneModes: u32,
        dwGenerateToneMaxNumFreq: u32,
        dwGenerateDigitModes: u32,
        dwMonitorToneMaxNumFreq: u32,
        dwMonitorToneMaxNumEntries: u32,
        dwMonitorDigitModes: u32,
        dwGatherDigitsMinTimeout: u32,
        dwGatherDigitsMaxTimeout: u32,
        dwMedCtlDigitMaxListSize: u32,
        dwMedCtlMediaMaxListSize: u32,
        dwMedCtlToneMaxListSize: u32,
        dwMedCtlCallStateMaxListSize: u32,
        dwDevCapFlags: u32,
        dwMaxNumActiveCalls: u32,
        dwAnswerMode: u32,
        dwRingModes: u32,
        dwLineStates: u32,
        dwUUIAcceptSize: u32,
        dwUUIAnswerSize: u32,
        dwUUIMakeCallSize: u32,
        dwUUIDropSize: u32,
        dwUUISendUserUserInfoSize: u32,
        dwUUICallInfoSize: u32,
        MinDialParams: LINEDIALPARAMS,
        MaxDialParams: LINEDIALPARAMS,
        DefaultDialParams: LINEDIALPARAMS,
        dwNumTerminals: u32,
        dwTerminalCapsSize: u32,
        dwTerminalCapsOffset: u32,
        dwTerminalTextEntrySize: u32,
        dwTerminalTextSize: u32,
        dwTerminalTextOffset: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
        dwLineFeatures: u32,
        dwSettableDevStatus: u32,
        dwDeviceClassesSize: u32,
        dwDeviceClassesOffset: u32,
        PermanentLineGuid: [u8; 16],
    }
}
structure! {
    LINEADDRESSCAPS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwLineDeviceID: u32,
        dwAddressSize: u32,
        dwAddressOffset: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
        dwAddressSharing: u32,
        dwAddressStates: u32,
        dwCallInfoStates: u32,
        dwCallerIDFlags: u32,
        dwCalledIDFlags: u32,
        dwConnectedIDFlags: u32,
        dwRedirectionIDFlags: u32,
        dwRedirectingIDFlags: u32,
        dwCallStates: u32,
        dwDialToneModes: u32,
        dwBusyModes: u32,
        dwSpecialInfo: u32,
        dwDisconnectModes: u32,
        dwMaxNumActiveCalls: u32,
        dwMaxNumOnHoldCalls: u32,
        dwMaxNumOnHoldPendingCalls: u32,
        dwMaxNumConference: u32,
        dwMaxNumTransConf: u32,
        dwAddrCapFlags: u32,
        dwCallFeatures: u32,
        dwRemoveFromConfCaps: u32,
        dwRemoveFromConfState: u32,
        dwTransferModes: u32,
        dwParkModes: u32,
        dwForwardModes: u32,
        dwMaxForwardEntries: u32,
        dwMaxSpecificEntries: u32,
        dwMinFwdNumRings: u32,
        dwMaxFwdNumRings: u32,
        dwMaxCallCompletions: u32,
        dwCallCompletionConds: u32,
        dwCallCompletionModes: u32,
        dwNumCompletionMessages: u32,
        dwCompletionMsgTextEntrySize: u32,
        dwCompletionMsgTextSize: u32,
        dwCompletionMsgTextOffset: u32,
        dwAddressFeatures: u32,
        dwPredictiveAutoTransferStates: u32,
        dwNumCallTreatments: u32,
        dwCallTreatmentListSize: u32,
        dwCallTreatmentListOffset: u32,
        dwDeviceClassesSize: u32,
        dwDeviceClassesOffset: u32,
        dwMaxCallDataSize: u32,
        dwCallFeatures2: u32,
        dwMaxNoAnswerTimeout: u32,
        dwConnectedModes: u32,
        dwOfferingModes: u32,
        dwAvailableMediaModes: u32,
    }
}
structure! {
    LINECALLPARAMS {
        dwTotalSize: u32,
        dwBearerMode: u32,
        dwMinRate: u32,
        dwMaxRate: u32,
        dwMediaMode: u32,
        dwCallParamFlags: u32,
        dwAddressMode: u32,
        dwAddressID: u32,
        DialParams: LINEDIALPARAMS,
        dwOrigAddressSize: u32,
        dwOrigAddressOffset: u32,
        dwDisplayableAddressSize: u32,
        dwDisplayableAddressOffset: u32,
        dwCalledPartySize: u32,
        dwCalledPartyOffset: u32,
        dwCommentSize: u32,
        dwCommentOffset: u32,
        dwUserUserInfoSize: u32,
        dwUserUserInfoOffset: u32,
        dwHighLevelCompSize: u32,
        dwHighLevelCompOffset: u32,
        dwLowLevelCompSize: u32,
        dwLowLevelCompOffset: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
        dwPredictiveAutoTransferStates: u32,
        dwTargetAddressSize: u32,
        dwTargetAddressOffset: u32,
        dwSendingFlowspecSize: u32,
        dwSendingFlowspecOffset: u32,
        dwReceivingFlowspecSize: u32,
        dwReceivingFlowspecOffset: u32,
        dwDeviceClassSize: u32,
        dwDeviceClassOffset: u32,
        dwDeviceConfigSize: u32,
        dwDeviceConfigOffset: u32,
        dwCallDataSize: u32,
        dwCallDataOffset: u32,
        dwNoAnswerTimeout: u32,
        dwCallingPartyIDSize: u32,
        dwCallingPartyIDOffset: u32,
    }
}
structure! {
    LINECALLINFO {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        hLine: u32,
        dwLineDeviceID: u32,
        dwAddressID: u32,
        dwBearerMode: u32,
        dwRate: u32,
        dwMediaMode: u32,
        dwAppSpecific: u32,
        dwCallID: u32,
        dwRelatedCallID: u32,
        dwCallParamFlags: u32,
        dwCallStates: u32,
        dwMonitorDigitModes: u32,
        dwMonitorMediaModes: u32,
        DialParams: LINEDIALPARAMS,
        dwOrigin: u32,
        dwReason: u32,
        dwCompletionID: u32,
        dwNumOwners: u32,
        dwNumMonitors: u32,
        dwCountryCode: u32,
        dwTrunk: u32,
        dwCallerIDFlags: u32,
        dwCallerIDSize: u32,
        dwCallerIDOffset: u32,
        dwCallerIDNameSize: u32,
        dwCallerIDNameOffset: u32,
        dwCalledIDFlags: u32,
        dwCalledIDSize: u32,
        dwCalledIDOffset: u32,
        dwCalledIDNameSize: u32,
        dwCalledIDNameOffset: u32,
        dwConnectedIDFlags: u32,
        dwConnectedIDSize: u32,
        dwConnectedIDOffset: u32,
        dwConnectedIDNameSize: u32,
        dwConnectedIDNameOffset: u32,
        dwRedirectionIDFlags: u32,
        dwRedirectionIDSize: u32,
        dwRedirectionIDOffset: u32,
        dwRedirectionIDNameSize: u32,
        dwRedirectionIDNameOffset: u32,
        dwRedirectingIDFlags: u32,
        dwRedirectingIDSize: u32,
        dwRedirectingIDOffset: u32,
        dwRedirectingIDNameSize: u32,
        dwRedirectingIDNameOffset: u32,
        dwAppNameSize: u32,
        dwAppNameOffset: u32,
        dwDisplayableAddressSize: u32,
        dwDisplayableAddressOffset: u32,
        dwCalledPartySize: u32,
        dwCalledPartyOffset: u32,
        dwCommentSize: u32,
        dwCommentOffset: u32,
        dwDisplaySize: u32,
        dwDisplayOffset: u32,
        dwUserUserInfoSize: u32,
        dwUserUserInfoOffset: u32,
        dwHighLevelCompSize: u32,
        dwHighLevelCompOffset: u32,
        dwLowLevelCompSize: u32,
        dwLowLevelCompOffset: u32,
        dwChargingInfoSize: u32,
        dwChargingInfoOffset: u32,
        dwTerminalModesSize: u32,
        dwTerminalModesOffset: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
        dwCallTreatment: u32,
        dwCallDataSize: u32,
        dwCallDataOffset: u32,
        dwSendingFlowspecSize: u32,
        dwSendingFlowspecOffset: u32,
        dwReceivingFlowspecSize: u32,
        dwReceivingFlowspecOffset: u32,
    }
}
structure! {
    LINECALLSTATUS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwCallState: u32,
        dwCallStateMode: u32,
        dwCallPrivilege: u32,
        dwCallFeatures: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
        dwCallFeatures2: u32,
        tStateEntryTime: [u16; 8],
    }
}
structure! {
    LINEDEVSTATUS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumOpens: u32,
        dwOpenMediaModes: u32,
        dwNumActiveCalls: u32,
        dwNumOnHoldCalls: u32,
        dwNumOnHoldPendCalls: u32,
        dwLineFeatures: u32,
        dwNumCallCompletions: u32,
        dwRingMode: u32,
        dwSignalLevel: u32,
        dwBatteryLevel: u32,
        dwRoamMode: u32,
        dwDevStatusFlags: u32,
        dwTerminalModesSize: u32,
        dwTerminalModesOffset: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
        dwAvailableMediaModes: u32,
        dwAppInfoSize: u32,
        dwAppInfoOffset: u32,
    }
}
structure! {
    LINEADDRESSSTATUS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumInUse: u32,
        dwNumActiveCalls: u32,
        dwNumOnHoldCalls: u32,
        dwNumOnHoldPendCalls: u32,
        dwAddressFeatures: u32,
        dwNumRingsNoAnswer: u32,
        dwForwardNumEntries: u32,
        dwForwardSize: u32,
        dwForwardOffset: u32,
        dwTerminalModesSize: u32,
        dwTerminalModesOffset: u32,
        dwDevSpecificSize: u32,
        dwDevSpecificOffset: u32,
    }
}
structure! {
    LINECALLLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwCallsNumEntries: u32,
        dwCallsSize: u32,
        dwCallsOffset: u32,
    }
}
structure! {
    LINEFORWARD {
        dwForwardMode: u32,
        dwCallerAddressSize: u32,
        dwCallerAddressOffset: u32,
        dwDestCountryCode: u32,
        dwDestAddressSize: u32,
        dwDestAddressOffset: u32,
    }
}
structure! {
    LINEFORWARDLIST {
        dwTotalSize: u32,
        dwNumEntries: u32,
        ForwardList: [LINEFORWARD; 1],
    }
}
structure! {
    LINEAGENTSTATUS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwGroupListSize: u32,
        dwGroupListOffset: u32,
        dwState: u32,
        dwNextState: u32,
        dwActivityID: u32,
        dwActivitySize: u32,
        dwActivityOffset: u32,
        dwAgentFeatures: u32,
        dwValidStates: u32,
        dwValidNextStates: u32,
    }
}
structure! {
    LINEAGENTCAPS {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwAgentHandlerInfoSize: u32,
        dwAgentHandlerInfoOffset: u32,
        dwCapsVersion: u32,
        dwFeatures: u32,
        dwStates: u32,
        dwNextStates: u32,
        dwMaxNumGroupEntries: u32,
        dwAgentStatusMessages: u32,
        dwNumAgentExtensionIDs: u32,
        dwAgentExtensionIDListSize: u32,
        dwAgentExtensionIDListOffset: u32,
        ProxyGUID: [u8; 16],
    }
}
structure! {
    LINEAGENTGROUPLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwListSize: u32,
        dwListOffset: u32,
    }
}
structure! {
    LINEAGENTGROUPENTRY {
        GroupID: [u8; 16],
        dwNameSize: u32,
        dwNameOffset: u32,
    }
}
structure! {
    LINEAGENTACTIVITYLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumEntries: u32,
        dwListSize: u32,
        dwListOffset: u32,
    }
}
structure! {
    LINEAGENTACTIVITYENTRY {
        dwID: u32,
        dwNameSize: u32,
        dwNameOffset: u32,
    }
}
structure! {
    VARSTRING {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwStringFormat: u32,
        dwStringSize: u32,
        dwStringOffset: u32,
    }
}
structure! {
    LINEPROVIDERLIST {
        dwTotalSize: u32,
        dwNeededSize: u32,
        dwUsedSize: u32,
        dwNumProviders: u32,
        dwProviderListSize: u32,
        dwProviderListOffset: u32,
    }
}
structure! {
    LINEPROVIDERENTRY {
        dwPermanentProviderID: u32,
        dwProviderFilenameSize: u32,
        dwProviderFilenameOffset: u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the table says of a structure, for this processor.
    fn table(structure: &str) -> (usize, Vec<(&'static str, usize, usize)>) {
        let wide = cfg!(target_pointer_width = "64");
        let rows = include_str!("../../tables/structures.csv").lines().map(|line| line.split(',').collect::<Vec<_>>());
        let (mut size, mut fields) = (0, Vec::new());
        for row in rows.filter(|row| row[0] == structure) {
            let number = |at: usize| row[at].parse::<usize>().unwrap();
            let of = if wide { 3 } else { 5 };
            match row[1] {
                "" => size = number(of),
                field => fields.push((field, number(of - 1), number(of))),
            }
        }
        (size, fields)
    }

    #[test]
    fn every_field_is_where_the_header_has_it() {
        let mut fields = 0;
        macro_rules! check {
            ($($T:ident)*) => {$(
                let (size, fields_of) = table(stringify!($T));
                assert_eq!(size_of::<$T>(), size, stringify!($T));
                assert_eq!($T::FIELDS, fields_of, stringify!($T));
                fields += fields_of.len();
            )*};
        }
        check! {
            LINEINITIALIZEEXPARAMS
            LINEMESSAGE
            LINEEXTENSIONID
            LINEDIALPARAMS
            LINEDEVCAPS
            LINEADDRESSCAPS
            LINECALLPARAMS
            LINECALLINFO
            LINECALLSTATUS
            LINEDEVSTATUS
            LINEADDRESSSTATUS
            LINECALLLIST
            LINEFORWARD
            LINEFORWARDLIST
            LINEAGENTSTATUS
            LINEAGENTCAPS
            LINEAGENTGROUPLIST
            LINEAGENTGROUPENTRY
            LINEAGENTACTIVITYLIST
            LINEAGENTACTIVITYENTRY
            VARSTRING
            LINEPROVIDERLIST
            LINEPROVIDERENTRY
        }
        let rows = include_str!("../../tables/structures.csv").lines().filter(|row| !row.starts_with('#'));
        let all = rows.filter(|row| row.split(',').nth(1).is_some_and(|field| !field.is_empty() && field != "field"));
        assert_eq!(fields, all.count(), "the table has structures that are not checked");
    }
}
