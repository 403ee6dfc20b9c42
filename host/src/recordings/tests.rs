//! Names stay within their place; parts are what the RFC says.

use std::path::Path;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::part::{Part, part};
use super::{check_base, check_template, folder, web};

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let field =
        |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    fields.iter().map(field).collect()
}

#[test]
fn a_range_is_what_the_rfc_says() {
    for (range, length, expected) in [
        ("bytes=0-9", 100, Part::From(0, 9)),
        ("Bytes = 0-9", 100, Part::From(0, 9)),
        ("bytes=90-", 100, Part::From(90, 99)),
        ("bytes=90-1000", 100, Part::From(90, 99)),
        ("bytes=-10", 100, Part::From(90, 99)),
        ("bytes=-1000", 100, Part::From(0, 99)),
        ("bytes=99-99", 100, Part::From(99, 99)),
        ("bytes=100-", 100, Part::Nowhere),
        ("bytes=-0", 100, Part::Nowhere),
        ("bytes=0-", 0, Part::Nowhere),
        ("bytes=99999999999999999999999999-", 100, Part::Nowhere),
        ("bytes=0-99999999999999999999999999", 100, Part::From(0, 99)),
        // Not understood, or several: all of it.
        ("bytes=9-0", 100, Part::Whole),
        ("bytes=0-1,3-4", 100, Part::Whole),
        ("bytes=a-b", 100, Part::Whole),
        ("bytes=-", 100, Part::Whole),
        ("bytes=+1-2", 100, Part::Whole),
        ("lines=0-9", 100, Part::Whole),
        ("bytes", 100, Part::Whole),
    ] {
        assert_eq!(part(&headers(&[("range", range)]), length, "\"t\"", None), expected, "{range} of {length}");
    }
}

#[test]
fn conditions_come_before_the_range() {
    let date = "Mon, 30 Nov 2026 20:16:28 GMT";
    let of = |fields: &[(&str, &str)]| part(&headers(fields), 100, "\"t\"", Some(date));
    assert_eq!(of(&[]), Part::Whole);
    for known in ["\"t\"", "W/\"t\"", "\"a\", \"t\"", "*"] {
        assert_eq!(of(&[("if-none-match", known), ("range", "bytes=0-1")]), Part::Unchanged, "{known}");
    }
    assert_eq!(of(&[("if-none-match", "\"a\""), ("range", "bytes=0-1")]), Part::From(0, 1));
    for (known, expected) in [
        ("\"t\"", Part::From(0, 1)),
        (date, Part::From(0, 1)),
        ("\"a\"", Part::Whole),
        ("W/\"t\"", Part::Whole),
        ("Mon, 30 Nov 2026 20:16:29 GMT", Part::Whole),
    ] {
        assert_eq!(of(&[("if-range", known), ("range", "bytes=0-1")]), expected, "{known}");
    }
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let folder = Path::new("/var/spool/asterisk/monitor");
    let within = |name: &str, prefix: Option<&str>| folder::within(name, folder, prefix).ok();
    for (name, expected) in [
        ("101-1.wav", "101-1.wav"),
        ("2026/11/30/a b.wav", "2026/11/30/a b.wav"),
        ("/var/spool/asterisk/monitor/2026/a.wav", "2026/a.wav"),
        ("2026\\11\\a.wav", "2026/11/a.wav"),
        ("...wav", "...wav"),
    ] {
        assert_eq!(within(name, None).as_deref(), Some(expected), "{name}");
    }
    for name in [
        "",
        ".",
        "..",
        "../a.wav",
        "a/../../a.wav",
        "a/./b.wav",
        "a//b.wav",
        "a/",
        "..\\a.wav",
        "/etc/passwd",
        "/var/spool/asterisk/monitor",
        "/var/spool/asterisk/monitor/",
        "/var/spool/asterisk/monitor/../a.wav",
        "/var/spool/asterisk/monitors/a.wav",
        "a\0b.wav",
        "a\nb.wav",
        &"a".repeat(2_000),
    ] {
        assert_eq!(within(name, None), None, "{name:?}");
    }
    let theirs = Some("D:\\Records\\");
    assert_eq!(within("D:\\Records\\11\\a.wav", theirs).as_deref(), Some("11/a.wav"));
    assert_eq!(within("D:\\Records\\..\\a.wav", theirs), None);
    assert_eq!(within("/var/spool/asterisk/monitor/a.wav", theirs), None, "only what they call it");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_not_followed() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let (folder, outside) = (dir.path().join("monitor"), dir.path().join("secret.wav"));
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::write(&outside, "secret").unwrap();
    std::fs::write(folder.join("a.wav"), "a").unwrap();
    symlink(&outside, folder.join("whole.wav")).unwrap();
    symlink("../secret.wav", folder.join("up.wav")).unwrap();
    symlink(dir.path(), folder.join("around")).unwrap();
    symlink("../a.wav", folder.join("sub/inside.wav")).unwrap();
    symlink("loop.wav", folder.join("loop.wav")).unwrap();
    let read = |name: &str| folder::open(&folder, name).map(|file| std::io::read_to_string(file).unwrap());
    assert_eq!(read("a.wav").unwrap(), "a");
    assert_eq!(read("sub/inside.wav").unwrap(), "a", "a link that stays within is one");
    for name in ["whole.wav", "up.wav", "around/secret.wav", "loop.wav", "sub", "none.wav"] {
        assert!(read(name).is_err(), "{name}");
    }
    // A pipe would be waited for.
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe.wav")).status().unwrap();
    assert!(made.success());
    assert!(read("pipe.wav").is_err());
}

#[test]
fn nothing_outside_of_the_web_servers_place_is_asked_for() {
    let base = web::base("https://PBX.example/download/").unwrap();
    for (name, expected) in [
        ("rec/1.wav", "/download/rec/1.wav"),
        ("a b?c.wav", "/download/a%20b%3Fc.wav"),
        ("/download/rec/1?temppass=t%261", "/download/rec/1?temppass=t%261"),
        ("https://pbx.example:443/download/rec/1?temppass=x", "/download/rec/1?temppass=x"),
    ] {
        assert_eq!(base.target(name).as_deref(), Some(expected), "{name}");
    }
    for name in [
        "",
        "http://pbx.example/download/1",
        "https://pbx.example:8443/download/1",
        "https://other.example/download/1",
        "https://pbx.example@other.example/download/1",
        "https://me:secret@pbx.example/download/1",
        "https://pbx.example/admin",
        "/admin",
        "/download/../admin",
        "/download/%2e%2E/admin",
        "/download/..%2fadmin",
        "../admin",
        "//other.example/download/1",
        "/download/a\r\nHost: other",
        "file:///etc/passwd",
        "/download/\\..\\a",
    ] {
        assert_eq!(base.target(name), None, "{name}");
    }
    for good in ["http://pbx.example", "http://10.0.0.7:8080/rec/", "https://[::1]/"] {
        check_base(good).unwrap();
    }
    for bad in
        ["", "pbx.example", "ftp://pbx.example/", "http://", "http://me@pbx/", "http://pbx/?a=b", "http://pbx/../"]
    {
        assert!(check_base(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_template_has_one_place_for_an_id() {
    for good in ["{globalId}.wav", "rec/{nativeId}.mp3"] {
        check_template(good).unwrap();
    }
    for bad in
        ["", "a.wav", "{nativeId}-{globalId}.wav", "{id}.wav", "../{nativeId}.wav", "/{nativeId}.wav", "{nativeId"]
    {
        assert!(check_template(bad).is_err(), "{bad}");
    }
}
