//! Extensions of drivers: their ids, the negotiation of their versions, and what carries them afterwards.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test")]

mod driver;

use std::mem::offset_of;

use cti_tapisim::constants::*;
use cti_tapisim::layout::*;
use driver::{CONTROL, Tapi, outcome, word};
use serde_json::{Value, json};

const ID: [u32; 4] = [0x11, 0x2222, 0x33_3333, 0x4444_4444];
const V1_0: u32 = 0x0001_0000;
const V1_1: u32 = 0x0001_0001;
const V1_2: u32 = 0x0001_0002;
const V1_3: u32 = 0x0001_0003;

/// A line whose driver has an extension, one without, one whose driver has an id but not the function.
fn begun() -> Tapi {
    let extension = json!({"id": ID, "versions": ["1.0", "1.2"], "data": "own"});
    let address = json!([{"number": "101"}]);
    let mut tapi = Tapi::with(&json!({"lines": [
        {"name": "with", "addresses": address, "extension": extension},
        {"name": "none", "addresses": [{"number": "102"}]},
        {"name": "half", "addresses": [{"number": "103"}], "extension": extension, "without": ["lineNegotiateExtVersion"]},
    ]}));
    assert_eq!(tapi.begin(), 3);
    tapi
}

fn negotiated(tapi: &Tapi, device: u32) -> [u32; 4] {
    let (version, id) = tapi.negotiate_both(device, V2_0, V2_2).unwrap();
    assert_eq!(version, V2_2);
    id
}

/// What the command `show` says of a line's extension.
fn shown(tapi: &Tapi, line: &str) -> Value {
    let all = tapi.done(json!({"do": "show"}))["extensions"].clone();
    all.as_array().unwrap().iter().find(|one| one["line"] == line).cloned().unwrap_or_default()
}

fn caps(tapi: &Tapi, device: u32, extension: u32) -> Result<Vec<u8>, u32> {
    let mut bytes = vec![0u8; 2000];
    bytes[0..4].copy_from_slice(&2000u32.to_ne_bytes());
    let arguments =
        [tapi.app as usize, device as usize, V2_2 as usize, extension as usize, bytes.as_mut_ptr() as usize];
    outcome(tapi.call("lineGetDevCapsW", &arguments)).map(|_| bytes)
}

fn address_caps(tapi: &Tapi, device: u32, extension: u32) -> Result<Vec<u8>, u32> {
    let mut bytes = vec![0u8; 2000];
    bytes[0..4].copy_from_slice(&2000u32.to_ne_bytes());
    let before = [tapi.app as usize, device as usize, 0, V2_2 as usize, extension as usize];
    let place = [bytes.as_mut_ptr() as usize];
    outcome(tapi.call("lineGetAddressCapsW", &[&before[..], &place].concat())).map(|_| bytes)
}

/// The bytes that a size and an offset field point to.
fn own(bytes: &[u8], size_at: usize) -> &[u8] {
    let (size, offset) = (word(bytes, size_at) as usize, word(bytes, size_at + 4) as usize);
    &bytes[offset..offset + size]
}

#[test]
fn the_id_says_whether_there_is_an_extension() {
    let tapi = begun();
    assert_eq!([0, 1, 2].map(|device| negotiated(&tapi, device)), [ID, [0; 4], ID]);
    assert_eq!(tapi.negotiate_extension(1, V1_0, V1_2), Err(LINEERR_OPERATIONUNAVAIL));
    assert_eq!(tapi.negotiate_extension(2, V1_0, V1_2), Err(LINEERR_OPERATIONUNAVAIL));
    // A library that has not got the function at all.
    let library = std::fs::read(driver::built()).unwrap();
    let changed = cti_tapisim::testing::without(&library, &["lineNegotiateExtVersion"]).unwrap();
    let mut tapi = Tapi::of(&changed, None);
    assert!(!tapi.has("lineNegotiateExtVersion") && tapi.has("lineNegotiateAPIVersion"));
    assert_eq!(tapi.begin(), 3);
}

#[test]
fn the_highest_version_of_both_is_agreed_on() {
    let tapi = begun();
    // Who has not asked for the id cannot know what the versions are of.
    assert_eq!(tapi.negotiate_extension(0, V1_0, V1_2), Err(LINEERR_INCOMPATIBLEAPIVERSION));
    negotiated(&tapi, 0);
    for (low, high, agreed) in [
        (V1_0, V1_3, Ok(V1_2)),
        (V1_0, V1_1, Ok(V1_1)),
        (V1_2, V1_2, Ok(V1_2)),
        (0, u32::MAX, Ok(V1_2)),
        (V1_3, V1_3, Err(LINEERR_INCOMPATIBLEEXTVERSION)),
        (0, 0x0000_FFFF, Err(LINEERR_INCOMPATIBLEEXTVERSION)),
        (V1_2, V1_0, Err(LINEERR_INCOMPATIBLEEXTVERSION)),
    ] {
        assert_eq!(tapi.negotiate_extension(0, low, high), agreed, "{low:#x} to {high:#x}");
    }
    assert_eq!(tapi.negotiate_extension(3, V1_0, V1_2), Err(LINEERR_BADDEVICEID));
    let nowhere = [tapi.app as usize, 0, V2_2 as usize, V1_0 as usize, V1_2 as usize, 0];
    assert_eq!(outcome(tapi.call("lineNegotiateExtVersion", &nowhere)), Err(LINEERR_INVALPOINTER));
    let other = [tapi.app as usize, 0, V3_1 as usize, V1_0 as usize, V1_2 as usize, nowhere.as_ptr() as usize];
    assert_eq!(outcome(tapi.call("lineNegotiateExtVersion", &other)), Err(LINEERR_INCOMPATIBLEAPIVERSION));
    tapi.done(json!({"do": "fault", "fault": {"on": "lineNegotiateExtVersion", "times": 1, "error": "NODRIVER"}}));
    assert_eq!(tapi.negotiate_extension(0, V1_0, V1_2), Err(LINEERR_NODRIVER));
}

#[test]
fn what_comes_later_carries_the_version() {
    let mut tapi = begun();
    negotiated(&tapi, 0);
    let at = offset_of!(LINEDEVCAPS, dwDevSpecificSize);
    // Without: nothing of the driver's own.
    assert_eq!(own(&caps(&tapi, 0, 0).unwrap(), at), b"");
    // A version that nobody has agreed on.
    assert_eq!(caps(&tapi, 0, V1_1).unwrap_err(), LINEERR_INCOMPATIBLEEXTVERSION);
    assert_eq!(tapi.negotiate_extension(0, V1_0, V1_1), Ok(V1_1));
    assert_eq!(own(&caps(&tapi, 0, V1_1).unwrap(), at), b"own");
    let address = offset_of!(LINEADDRESSCAPS, dwDevSpecificSize);
    assert_eq!(own(&address_caps(&tapi, 0, V1_1).unwrap(), address), b"own");
    assert_eq!(own(&address_caps(&tapi, 0, 0).unwrap(), address), b"");
    for version in [V1_0, V1_2, 1] {
        assert_eq!(caps(&tapi, 0, version).unwrap_err(), LINEERR_INCOMPATIBLEEXTVERSION);
        assert_eq!(address_caps(&tapi, 0, version).unwrap_err(), LINEERR_INCOMPATIBLEEXTVERSION);
        assert_eq!(tapi.open_with(0, CONTROL, V2_2, version), Err(LINEERR_INCOMPATIBLEEXTVERSION));
    }
    // What was agreed on for one line is nothing for another.
    negotiated(&tapi, 1);
    assert_eq!(tapi.open_with(1, CONTROL, V2_2, V1_1), Err(LINEERR_INCOMPATIBLEEXTVERSION));
    assert_eq!(shown(&tapi, "with")["selected"], Value::Null);
    let line = tapi.open_with(0, CONTROL, V2_2, V1_1).unwrap();
    let carried = json!({"lineGetDevCapsW": "1.1", "lineGetAddressCapsW": "0.0", "lineOpenW": "1.1"});
    let wanted = json!({"line": "with", "device": 0, "agreed": ["1.1"], "selected": "1.1", "carried": carried});
    assert_eq!(shown(&tapi, "with"), wanted);
    assert_eq!(shown(&tapi, "none"), Value::Null);
    // Calls of that line have something of the driver's own, too; and it may say what it likes.
    let call = tapi.make(line, "0441234567");
    assert_eq!(own(&tapi.info(call), offset_of!(LINECALLINFO, dwDevSpecificSize)), b"own");
    let plain = tapi.open(0, LINECALLPRIVILEGE_MONITOR).unwrap();
    tapi.done(json!({"do": "dev_specific", "line": "with", "parameters": [7, 8, 9]}));
    let told = tapi.until("the driver's own", |m| m.id == LINE_DEVSPECIFIC);
    assert_eq!((told.device, told.first, told.second, told.third), (line, 7, 8, 9));
    // Who has opened it without hears nothing of it.
    tapi.done(json!({"do": "message", "message": 99}));
    tapi.until("the mark", |m| m.id == 99);
    assert!(!tapi.seen.iter().any(|m| m.id == LINE_DEVSPECIFIC && m.device == plain), "{:?}", tapi.seen);
}

#[test]
fn a_line_that_is_open_has_one_version() {
    let mut first = begun();
    negotiated(&first, 0);
    assert_eq!(first.negotiate_extension(0, V1_0, V1_3), Ok(V1_2));
    let line = first.open_with(0, CONTROL, V2_2, V1_2).unwrap();
    // Another program, in the same process.
    let app = first.app;
    first.begin();
    negotiated(&first, 0);
    assert_eq!(first.negotiate_extension(0, V1_0, V1_1), Err(LINEERR_INCOMPATIBLEEXTVERSION));
    assert_eq!(first.negotiate_extension(0, V1_0, V1_2), Ok(V1_2));
    // Without the extension it is free to.
    let plain = first.open(0, CONTROL).unwrap();
    assert_eq!(first.call("lineClose", &[line as usize]), 0);
    assert_eq!(shown(&first, "with")["selected"], Value::Null);
    assert_eq!(first.negotiate_extension(0, V1_0, V1_1), Ok(V1_1));
    let bound = first.open_with(0, CONTROL, V2_2, V1_1).unwrap();
    // The other one had agreed on a version that is not to be had any more.
    let second = std::mem::replace(&mut first.app, app);
    assert_eq!(first.open_with(0, CONTROL, V2_2, V1_2), Err(LINEERR_INCOMPATIBLEEXTVERSION));
    assert_eq!(first.call("lineShutdown", &[app as usize]), 0);
    first.app = second;
    for open in [plain, bound] {
        assert_eq!(first.call("lineClose", &[open as usize]), 0);
    }
    first.is_clean();
}

#[test]
fn an_extension_that_cannot_be_is_refused() {
    for (extension, why) in [
        (json!({"id": ID, "versions": ["1.2", "1.0"]}), "above"),
        (json!({"id": ID, "versions": ["0.0", "1.0"]}), "0.0"),
        (json!({"id": [1, 2], "versions": ["1.0", "1.0"]}), "length"),
        (json!({"id": ID, "versions": ["1.0", "1.0"], "data": "x".repeat(5000)}), "5000 bytes"),
    ] {
        let tapi = Tapi::with(&json!({"lines": [
            {"name": "x", "addresses": [{"number": "1"}], "extension": extension},
        ]}));
        assert_eq!(outcome(tapi.initialize(V2_2, 2).0), Err(LINEERR_INIFILECORRUPT), "{why}");
    }
}
