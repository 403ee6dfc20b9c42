//! Versions are negotiated as TAPI's documents say: seen from the side of a driver, whose functions a test puts into the
//! table.

use std::cell::RefCell;
use std::ffi::c_void;

use super::caller::{Opened, open};
use super::functions::Functions;
use crate::extensions::{Extension, ExtensionId, Wanted};
use crate::sys::constants::{
    LINEERR_INCOMPATIBLEAPIVERSION, LINEERR_INCOMPATIBLEEXTVERSION, LINEERR_INVALMEDIAMODE, LINEERR_OPERATIONUNAVAIL,
    error,
};

const ID: [u32; 4] = [1, 2, 3, 4];
const NONE: [u32; 4] = [0; 4];

/// A driver: what it has, and what it was asked.
#[derive(Default)]
struct Driver {
    /// The version of TAPI that it agrees on.
    api: u32,
    id: [u32; 4],
    /// The newest version of its extensions; 0: it refuses to speak of them.
    newest: u32,
    /// It agrees on this, whatever is asked.
    stubborn: Option<u32>,
    /// Its capabilities are told of without extensions only.
    shy: bool,
    /// Another program has it open with this version of extensions; 0: nobody has.
    open_with: u32,
    /// It knows voice alone.
    voice_only: bool,
    asked: Vec<String>,
}

thread_local! {
    static DRIVER: RefCell<Driver> = RefCell::default();
}

fn driver<T>(with: impl FnOnce(&mut Driver) -> T) -> T {
    DRIVER.with_borrow_mut(with)
}

fn put(to: *mut c_void, at: usize, word: u32) {
    // SAFETY: a test's functions write where the table's function of that name may.
    unsafe { to.cast::<u8>().add(at).cast::<u32>().write_unaligned(word) };
}

unsafe extern "system" fn negotiate(_: u32, _: u32, low: u32, high: u32, to: *mut c_void, id: *mut c_void) -> i32 {
    driver(|driver| {
        driver.asked.push(format!("api {low:#x}..{high:#x}"));
        put(to, 0, driver.api);
        (0..4).for_each(|at| put(id, at * 4, driver.id[at]));
        0
    })
}

unsafe extern "system" fn extension(_: u32, _: u32, api: u32, low: u32, high: u32, to: *mut c_void) -> i32 {
    driver(|driver| {
        driver.asked.push(format!("extension {api:#x} {low:#x}..{high:#x}"));
        let agreed = driver.stubborn.unwrap_or(high.min(driver.newest));
        if driver.stubborn.is_none() && agreed < low.max(1) {
            return error(LINEERR_INCOMPATIBLEEXTVERSION);
        }
        put(to, 0, agreed);
        0
    })
}

unsafe extern "system" fn device_caps(_: u32, _: u32, api: u32, extension: u32, to: *mut c_void) -> i32 {
    driver(|driver| {
        driver.asked.push(format!("device {api:#x} {extension:#x}"));
        if driver.shy && extension != 0 {
            return error(LINEERR_INCOMPATIBLEEXTVERSION);
        }
        put(to, 4, 268);
        put(to, 8, 268);
        // Two addresses; all kinds of media.
        put(to, 48, 2);
        put(to, 60, 6);
        0
    })
}

unsafe extern "system" fn address_caps(_: u32, _: u32, address: u32, api: u32, extension: u32, to: *mut c_void) -> i32 {
    driver(|driver| driver.asked.push(format!("address {address} {api:#x} {extension:#x}")));
    put(to, 4, 228);
    put(to, 8, 228);
    0
}

#[allow(clippy::too_many_arguments, reason = "the function's own")]
unsafe extern "system" fn line_open(
    _: u32,
    _: u32,
    to: *mut c_void,
    api: u32,
    extension: u32,
    _: usize,
    privileges: u32,
    media: u32,
    _: *mut c_void,
) -> i32 {
    driver(|driver| {
        driver.asked.push(format!("open {api:#x} {extension:#x} {privileges} {media}"));
        if extension != 0 && driver.open_with != 0 && extension != driver.open_with {
            return error(LINEERR_INCOMPATIBLEEXTVERSION);
        }
        if driver.voice_only && media != 4 {
            return error(LINEERR_INVALMEDIAMODE);
        }
        put(to, 0, 0x77);
        0
    })
}

fn functions() -> Functions {
    Functions {
        negotiate: Some(negotiate),
        negotiate_extension: Some(extension),
        device_caps: Some(device_caps),
        address_caps: Some(address_caps),
        open: Some(line_open),
        ..Functions::none()
    }
}

/// Looks at the device, and opens it: what came of it, and what its driver was asked.
fn looks(
    functions: &Functions,
    wanted: &[Wanted],
    it: Driver,
) -> (Option<Extension>, Result<Opened, i32>, Vec<String>) {
    DRIVER.set(it);
    let device = functions.device(9, 0, wanted);
    let opened = open(functions, 9, &device, &[6]);
    (device.extension, opened, driver(|driver| std::mem::take(&mut driver.asked)))
}

fn wanted(id: [u32; 4], from: u32, to: u32) -> Vec<Wanted> {
    vec![Wanted { id: Some(ExtensionId(id)), from, to }]
}

fn here(version: u32, refused: Option<u32>) -> Option<Extension> {
    Some(Extension { id: ExtensionId(ID), version, refused: refused.map(error) })
}

fn opened(extension: u32) -> Result<Opened, i32> {
    Ok(Opened { line: 0x77, privileges: 6, extension })
}

const API: &str = "api 0x20000..0x20002";

#[test]
fn the_version_that_both_know_is_used_everywhere() {
    let it = Driver { api: 0x2_0001, id: ID, newest: 0x1_0003, ..Driver::default() };
    let (found, open, asked) = looks(&functions(), &wanted(ID, 0x1_0001, 0x2_0000), it);
    assert_eq!((found, open), (here(0x1_0003, None), opened(0x1_0003)));
    assert_eq!(
        asked,
        [
            API,
            "extension 0x20001 0x10001..0x20000",
            "device 0x20001 0x10003",
            "address 0 0x20001 0x10003",
            "address 1 0x20001 0x10003",
            "open 0x20001 0x10003 6 6"
        ]
    );
}

/// Nobody negotiates what he does not know, or what there is not.
#[test]
fn extensions_that_are_not_wanted_are_not_negotiated() {
    let plain = [API, "device 0x20002 0x0", "address 0 0x20002 0x0", "address 1 0x20002 0x0", "open 0x20002 0x0 6 6"];
    for (id, wanted, expected) in [
        (ID, Vec::new(), here(0, None)),
        (ID, wanted([9, 9, 9, 9], 1, 9), here(0, None)),
        (NONE, wanted(ID, 1, 9), None),
        (NONE, vec![Wanted::ALL], None),
    ] {
        let it = Driver { api: 0x2_0002, id, newest: 0x1_0000, ..Driver::default() };
        let (found, open, asked) = looks(&functions(), &wanted, it);
        assert_eq!((found, open), (expected, opened(0)), "{wanted:?}");
        assert_eq!(asked, plain, "{wanted:?}");
    }
}

#[test]
fn a_device_works_without_extensions_that_cannot_be_had() {
    let all = wanted(ID, 0x1_0001, 0x1_0002);
    let new = || Driver { api: 0x2_0002, id: ID, ..Driver::default() };
    // An older driver; one that agrees on what nobody asked for, also on nothing at all.
    let refused = here(0, Some(LINEERR_INCOMPATIBLEEXTVERSION));
    for it in [
        Driver { newest: 0x1_0000, ..new() },
        Driver { stubborn: Some(0x1_0000), ..new() },
        Driver { stubborn: Some(0x1_0003), ..new() },
        Driver { stubborn: Some(0), ..new() },
        Driver { newest: 0x1_0002, shy: true, ..new() },
    ] {
        let (found, open, _) = looks(&functions(), &all, it);
        assert_eq!((found, open), (refused, opened(0)));
    }
    let zero = vec![Wanted { id: None, from: 0, to: 9 }];
    assert_eq!(looks(&functions(), &zero, Driver { stubborn: Some(0), ..new() }).0, refused);
    // A library without the function.
    let without = Functions { negotiate_extension: None, ..functions() };
    let (found, open, _) = looks(&without, &all, Driver { newest: 0x1_0002, ..new() });
    assert_eq!((found, open), (here(0, Some(LINEERR_OPERATIONUNAVAIL)), opened(0)));
}

/// Another program has the line with another version: it is opened without extensions, with the media that it has.
#[test]
fn a_line_that_another_program_has_otherwise() {
    let it = Driver { api: 0x2_0002, id: ID, newest: 5, open_with: 4, voice_only: true, ..Driver::default() };
    let (found, open, asked) = looks(&functions(), &wanted(ID, 1, 9), it);
    assert_eq!((found, open), (here(5, None), opened(0)));
    assert_eq!(asked[asked.len() - 3..], ["open 0x20002 0x5 6 6", "open 0x20002 0x0 6 6", "open 0x20002 0x0 6 4"]);
}

/// A driver that agrees on a version of TAPI nobody offered.
#[test]
fn a_version_that_was_not_offered_is_none() {
    for api in [0, 0x1_0004, 0x3_0000] {
        let (_, _, asked) = looks(&functions(), &[], Driver { api, ..Driver::default() });
        assert_eq!(asked[..1], [API]);
        let device = functions().device(9, 0, &[]);
        let why = crate::sys::names::error(error(LINEERR_INCOMPATIBLEAPIVERSION));
        assert_eq!(device.unusable, Some(format!("lineNegotiateAPIVersion: {why}")));
    }
}
