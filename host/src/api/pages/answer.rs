//! How a file is answered: as a whole or "as you have it", compressed or not, and with what a browser must not do.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::File;
use crate::api::http::problem;

/// What a page may do: take everything from this host and nothing from elsewhere, and be in nobody's frame. Styles and
/// scripts are files; `data:` and `blob:` are pictures and recordings that the page makes itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The panel lets its user choose the device that rings; nothing else of the machine is its business.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=()";

/// Where a page would be that was not built, in words.
const NOT_BUILT: &str = "\
Jackfield runs, and this program was built without its pages.

To have them, with Node 20 or newer, in the folder of the sources:

    cargo xtask clients
    cargo build --release

and start the host again. Clients connect to /ws all the same; the history of calls is at /api/v1/calls, and what can
be asked at /api/openapi.json.
";

pub(super) fn answer(files: &[File], method: &Method, path: &str, headers: &HeaderMap) -> Response {
    let found = files.iter().find(|file| file.path == path);
    if !matches!(*method, Method::GET | Method::HEAD) {
        return not_allowed(found.is_some());
    }
    if let Some(file) = found {
        return whole(file, method, headers);
    }
    match path {
        "/" | "/admin/" => {
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (kind, NOT_BUILT).into_response()
        }
        "/admin" => {
            let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
            response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/admin/"));
            response
        }
        _ => {
            let text = "there is nothing here; pages are at / and /admin/, clients connect to /ws";
            problem(StatusCode::NOT_FOUND, text)
        }
    }
}

fn not_allowed(is_file: bool) -> Response {
    if !is_file {
        return problem(StatusCode::NOT_FOUND, "there is nothing here that takes anything");
    }
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "a page can be read (GET, HEAD), and nothing else");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn whole(file: &File, method: &Method, headers: &HeaderMap) -> Response {
    let packed = file.gzip.filter(|_| takes_gzip(headers));
    // Two representations are two tags (RFC 9110, 8.8.3).
    let tag = format!("\"{}{}\"", file.tag, if packed.is_some() { "-gz" } else { "" });
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).any(|v| names(v, &tag));
    let bytes = packed.unwrap_or(file.plain);
    let mut response = match (known, method) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, &Method::HEAD) => Response::new(Body::empty()),
        (false, _) => Response::new(Body::from(Bytes::from_static(bytes))),
    };
    let out = response.headers_mut();
    if !known {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if packed.is_some() {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        out.insert(header::ETAG, tag);
    }
    // What has a name of its own for each content is kept; the rest is asked for, and mostly "as you have it".
    let keep = if file.lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let resource = if file.foreign { "cross-origin" } else { "same-origin" };
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), resource),
    ];
    for (name, value) in fixed {
        out.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a list of tags names this one. `W/` is no matter: the content is the same.
fn names(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// Whether the client takes gzip (RFC 9110, 12.5.3): named, or meant by `*`, and not with `q=0`.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = || {
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
        lists.flat_map(|list| list.split(',')).map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|p| {
                let weight = p.strip_prefix("q=").or_else(|| p.strip_prefix("Q="));
                weight.is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
            });
            (name, !refused)
        })
    };
    let of = |wanted: &str| codings().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, taken)| taken);
    of("gzip").or_else(|| of("*")).unwrap_or(false)
}
