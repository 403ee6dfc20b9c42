//! The pages: the panel at `/`, the administrator's page at `/admin/`. They are part of the program (`build.rs` puts
//! them there), so nothing outside of the table of files can ever be asked for.
//!
//! A program that was built without them says so, in words, where they would be.

mod answer;
#[cfg(test)]
mod tests;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;

/// A file of a page.
#[derive(Debug)]
struct File {
    /// The path that it is asked for with.
    path: &'static str,
    /// Its media type.
    kind: &'static str,
    /// Its name tells its content: it may be kept for ever.
    lasting: bool,
    /// Pages of other origins may take it: the panel as an element.
    foreign: bool,
    /// Tells this content from others.
    tag: &'static str,
    /// Its bytes.
    plain: &'static [u8],
    /// The same, compressed, where that is less.
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The pages there could be, and whether each is part of this program.
#[must_use]
pub fn built() -> &'static [(&'static str, bool)] {
    BUILT
}

/// Which pages this program has, in words.
#[must_use]
pub fn in_words() -> String {
    let named =
        |there: bool| -> Vec<&str> { BUILT.iter().filter(|(_, t)| *t == there).map(|(name, _)| *name).collect() };
    match (named(true).join(" and "), named(false).join(" and ")) {
        (there, missing) if missing.is_empty() => format!("with the pages {there}"),
        (there, missing) if there.is_empty() => {
            format!("without the pages {missing} (cargo xtask clients, then build)")
        }
        (there, missing) => format!("with the page {there}, without {missing} (cargo xtask clients, then build)"),
    }
}

/// The answer of an address where nothing is, whatever is there.
pub(super) fn nothing(head: &Parts) -> Response {
    answer::answer(&[], &head.method, head.uri.path(), &head.headers)
}

/// Answers what no other route takes.
pub(super) async fn serve(request: Request) -> Response {
    answer::answer(FILES, request.method(), request.uri().path(), request.headers())
}
