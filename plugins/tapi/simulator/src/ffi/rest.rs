//! Functions that programs may look for and that nothing here answers: they say so.
#![allow(unsafe_code, reason = "exported names")]

use crate::constants::LINEERR_OPERATIONUNAVAIL;

/// Declares exported functions that refuse, each with as many parameters as it has.
macro_rules! refused {
    ($($name:ident($($argument:ident),*);)*) => {
        $(
            // SAFETY: the name is TAPI's own, and nothing else in this library has it.
            #[unsafe(no_mangle)]
            pub unsafe extern "system" fn $name($($argument: usize),*) -> i32 {
                $crate::ffi::entry(stringify!($name), |_| Err(LINEERR_OPERATIONUNAVAIL))
            }
        )*
    };
}

refused! {
    lineAddProviderW(_a, _b, _c);
    lineAgentSpecific(_a, _b, _c, _d, _e);
    lineCompleteCall(_a, _b, _c, _d);
    lineConfigDialogW(_a, _b, _c);
    lineConfigDialogEditW(_a, _b, _c, _d, _e, _f);
    lineConfigProvider(_a, _b);
    lineCreateAgentW(_a, _b, _c, _d);
    lineCreateAgentSessionW(_a, _b, _c, _d, _e, _f);
    lineDevSpecific(_a, _b, _c, _d, _e);
    lineDevSpecificFeature(_a, _b, _c, _d);
    lineGatherDigitsW(_a, _b, _c, _d, _e, _f, _g);
    lineGenerateTone(_a, _b, _c, _d, _e);
    lineGetAgentInfo(_a, _b, _c);
    lineGetAgentSessionInfo(_a, _b, _c);
    lineGetAgentSessionList(_a, _b, _c);
    lineGetAppPriorityW(_a, _b, _c, _d, _e, _f);
    lineGetCountryW(_a, _b, _c);
    lineGetDevConfigW(_a, _b, _c);
    lineGetGroupListW(_a, _b);
    lineGetIconW(_a, _b, _c);
    lineGetProxyStatus(_a, _b, _c, _d);
    lineGetQueueInfo(_a, _b, _c);
    lineGetQueueListW(_a, _b, _c);
    lineGetRequestW(_a, _b, _c);
    lineGetTranslateCapsW(_a, _b, _c);
    lineHandoffW(_a, _b, _c);
    lineInitialize(_a, _b, _c, _d, _e);
    lineMonitorTones(_a, _b, _c);
    lineProxyMessage(_a, _b, _c, _d, _e, _f);
    lineProxyResponse(_a, _b, _c);
    lineRegisterRequestRecipient(_a, _b, _c, _d);
    lineRemoveProvider(_a, _b);
    lineSecureCall(_a);
    lineSetAgentMeasurementPeriod(_a, _b, _c);
    lineSetAgentSessionState(_a, _b, _c, _d);
    lineSetAgentStateEx(_a, _b, _c, _d);
    lineSetAppPriorityW(_a, _b, _c, _d, _e, _f);
    lineSetCallParams(_a, _b, _c, _d, _e);
    lineSetCallQualityOfService(_a, _b, _c, _d, _e);
    lineSetCallTreatment(_a, _b);
    lineSetCurrentLocation(_a, _b);
    lineSetDevConfigW(_a, _b, _c, _d);
    lineSetLineDevStatus(_a, _b, _c);
    lineSetMediaControl(_a, _b, _c, _d, _e, _f, _g, _h, _i, _j, _k, _l);
    lineSetQueueMeasurementPeriod(_a, _b, _c);
    lineSetTerminal(_a, _b, _c, _d, _e, _f, _g);
    lineSetTollListW(_a, _b, _c, _d);
    lineTranslateDialogW(_a, _b, _c, _d, _e);
    lineUncompleteCall(_a, _b);
    tapiGetLocationInfoW(_a, _b);
    tapiRequestDrop(_a, _b);
    tapiRequestMakeCallW(_a, _b, _c, _d);
    tapiRequestMediaCallW(_a, _b, _c, _d, _e, _f, _g, _h, _i, _j);
}
