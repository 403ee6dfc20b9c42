//! Files are answered whole, compressed or "as you have it"; what is no file is not there.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;

use super::File;
use super::answer::answer;

static TABLE: [File; 3] = [
    File {
        path: "/",
        kind: "text/html; charset=utf-8",
        lasting: false,
        foreign: false,
        tag: "a1",
        plain: b"<!doctype html>",
        gzip: Some(b"packed"),
    },
    File {
        path: "/assets/index-abc.js",
        kind: "text/javascript; charset=utf-8",
        lasting: true,
        foreign: true,
        tag: "b2",
        plain: b"import './x.js'",
        gzip: Some(b"packed too"),
    },
    File {
        path: "/jackfield-panel.js",
        kind: "text/javascript; charset=utf-8",
        lasting: false,
        foreign: true,
        tag: "c3",
        plain: b"x",
        gzip: None,
    },
];

fn ask(method: &Method, path: &str, headers: &[(&'static str, &'static str)]) -> Response {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    answer(&TABLE, method, path, &headers)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn a_page_comes_whole_and_says_what_a_browser_must_not_do() {
    let response = ask(&Method::GET, "/", &[]);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&response, "cache-control"), "no-cache");
    assert_eq!(header(&response, "etag"), "\"a1\"");
    assert_eq!(header(&response, "vary"), "Accept-Encoding");
    assert_eq!(header(&response, "x-frame-options"), "DENY");
    assert_eq!(header(&response, "cross-origin-resource-policy"), "same-origin");
    let policy = header(&response, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    assert_eq!(body(response).await, b"<!doctype html>");
}

#[tokio::test]
async fn compressed_for_who_takes_it() {
    for (accept, packed) in [
        ("gzip", true),
        ("br, GZIP;q=0.5", true),
        ("*", true),
        ("gzip;q=0", false),
        ("gzip;q=0, *", false),
        ("br", false),
        ("identity", false),
        ("gzipx", false),
    ] {
        let response = ask(&Method::GET, "/", &[("accept-encoding", accept)]);
        let encoding = if packed { "gzip" } else { "" };
        assert_eq!(header(&response, "content-encoding"), encoding, "{accept}");
        assert_eq!(header(&response, "etag"), if packed { "\"a1-gz\"" } else { "\"a1\"" }, "{accept}");
        let wanted: &[u8] = if packed { b"packed" } else { b"<!doctype html>" };
        assert_eq!(body(response).await, wanted, "{accept}");
    }
    let small = ask(&Method::GET, "/jackfield-panel.js", &[("accept-encoding", "gzip")]);
    assert_eq!(header(&small, "content-encoding"), "");
}

#[tokio::test]
async fn who_has_it_is_told_so() {
    for (known, status) in [
        ("\"a1\"", StatusCode::NOT_MODIFIED),
        ("W/\"a1\"", StatusCode::NOT_MODIFIED),
        ("\"x\", \"a1\"", StatusCode::NOT_MODIFIED),
        ("*", StatusCode::NOT_MODIFIED),
        ("\"a1-gz\"", StatusCode::OK),
        ("\"a\"", StatusCode::OK),
    ] {
        let response = ask(&Method::GET, "/", &[("if-none-match", known)]);
        assert_eq!(response.status(), status, "{known}");
        assert_eq!(header(&response, "etag"), "\"a1\"", "{known}");
        assert_eq!(body(response).await.is_empty(), status == StatusCode::NOT_MODIFIED, "{known}");
    }
}

#[tokio::test]
async fn a_head_tells_the_length_and_brings_nothing() {
    let response = ask(&Method::HEAD, "/", &[]);
    assert_eq!((response.status(), header(&response, "content-length")), (StatusCode::OK, "15"));
    assert!(body(response).await.is_empty());
}

#[test]
fn what_is_named_by_its_content_is_kept_and_the_element_may_be_taken_by_others() {
    let asset = ask(&Method::GET, "/assets/index-abc.js", &[]);
    assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000, immutable");
    let element = ask(&Method::GET, "/jackfield-panel.js", &[]);
    assert_eq!(header(&element, "cache-control"), "no-cache");
    assert_eq!(header(&element, "cross-origin-resource-policy"), "cross-origin");
}

#[tokio::test]
async fn nothing_but_the_files() {
    for path in [
        "/index.html",
        "/assets/",
        "/assets",
        "/assets/../",
        "//",
        "/./",
        "/%2e%2e/Cargo.toml",
        "/../Cargo.toml",
        "/assets/index-abc.js/",
        "/ASSETS/index-abc.js",
        "",
        "/\0",
    ] {
        let response = ask(&Method::GET, path, &[]);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&response, "content-type"), "application/problem+json", "{path}");
    }
    assert_eq!(ask(&Method::POST, "/nothing", &[]).status(), StatusCode::NOT_FOUND);
    let refused = ask(&Method::PUT, "/", &[]);
    assert_eq!((refused.status(), header(&refused, "allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
    let redirect = ask(&Method::GET, "/admin", &[]);
    assert_eq!((redirect.status(), header(&redirect, "location")), (StatusCode::PERMANENT_REDIRECT, "/admin/"));
}

#[tokio::test]
async fn a_page_that_was_not_built_is_told_in_words() {
    let response = answer(&[], &Method::GET, "/", &HeaderMap::new());
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "text/plain; charset=utf-8");
    let text = String::from_utf8(body(response).await).unwrap();
    assert!(text.contains("built without its pages") && text.contains("cargo xtask clients"), "{text}");
}

#[test]
fn the_files_of_this_program_are_those_that_it_says_it_has() {
    for (name, there) in super::built() {
        let path = if *name == "panel" { "/" } else { "/admin/" };
        assert_eq!(super::FILES.iter().any(|file| file.path == path), *there, "{name}");
    }
    let mut paths: Vec<_> = super::FILES.iter().map(|file| file.path).collect();
    paths.dedup();
    assert_eq!(paths.len(), super::FILES.len());
    for file in super::FILES {
        assert!(!["/ws", "/livez", "/readyz", "/metrics"].contains(&file.path) && !file.path.starts_with("/api/"));
    }
}
