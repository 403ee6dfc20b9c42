//! Recordings in a folder. No name leads out of it: not by `..`, not by a whole path, not by a link.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use tokio::sync::OwnedSemaphorePermit;

use super::part::{Part, part};
use super::stream::{self, Pieces};
use super::{LONGEST_NAME, Trouble, Wanted};

/// Read at once.
const PIECE: usize = 64 * 1024;

/// A name as a path below the folder; none: it is not one.
pub(super) fn relative(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let sound = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.chars().any(char::is_control)
        && !name.contains('\\')
        && path.components().all(plain)
        // `a/./b` has only normal components, and `a/` names a folder.
        && !name.ends_with('/')
        && !name.split('/').any(|part| part.is_empty() || part == ".");
    sound.then_some(path)
}

/// What the phone system's name of a recording is below the folder. `prefix`: what it calls the folder.
pub(super) fn within(name: &str, folder: &Path, prefix: Option<&str>) -> Result<String, Trouble> {
    // Phone systems on Windows write the slash the other way round.
    let told = name.replace('\\', "/");
    let prefix = prefix.map_or_else(|| folder.to_string_lossy().into_owned(), |prefix| prefix.replace('\\', "/"));
    let prefix = prefix.trim_end_matches('/');
    let below = match told.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) => Some(rest.trim_start_matches('/')),
        None if told.starts_with('/') => None,
        None => Some(told.as_str()),
    };
    below.filter(|below| relative(below).is_some()).map(str::to_owned).ok_or_else(|| {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        Trouble::NotThere(format!("`{shown}` is no name of a recording within {}", folder.display()))
    })
}

/// Opens a file below a folder, whatever links lie on the way.
#[cfg(target_os = "linux")]
pub(super) fn open(folder: &Path, name: &str) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, ResolveFlags};
    let Some(path) = relative(name) else { return Err(io::ErrorKind::InvalidInput.into()) };
    let below = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    // Not blocking: a pipe that somebody put there would be waited for.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(&below, path, flags, Mode::empty(), how) {
        Ok(file) => ordinary(File::from(file)),
        // Linux before 5.6, or a container that does not let it through.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => open_checked(folder, path),
        Err(error) => Err(error.into()),
    }
}

/// Opens a file below a folder, whatever links lie on the way.
#[cfg(not(target_os = "linux"))]
pub(super) fn open(folder: &Path, name: &str) -> io::Result<File> {
    let Some(path) = relative(name) else { return Err(io::ErrorKind::InvalidInput.into()) };
    open_checked(folder, path)
}

/// The same where the system cannot do it at once: who may change links in the folder in this moment could lead out of
/// it.
fn open_checked(folder: &Path, path: &Path) -> io::Result<File> {
    let folder = folder.canonicalize()?;
    let file = folder.join(path).canonicalize()?;
    if !file.starts_with(&folder) || !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is not within the folder"));
    }
    ordinary(File::open(file)?)
}

fn ordinary(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no ordinary file")) }
}

/// Reads a recording.
pub(super) async fn read(
    folder: PathBuf,
    name: String,
    wanted: Wanted,
    turn: OwnedSemaphorePermit,
) -> Result<Response<Body>, Trouble> {
    let opened = tokio::task::spawn_blocking(move || {
        let file = open(&folder, &name).map_err(|e| told(&folder, &name, &e))?;
        let found = file.metadata().map_err(|e| told(&folder, &name, &e))?;
        Ok((file, found.len(), found.modified().unwrap_or(UNIX_EPOCH)))
    });
    let (file, length, modified) = opened.await.map_err(|e| Trouble::Unavailable(e.to_string()))??;
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{:x}-{length:x}\"", since.as_nanos());
    let modified = http_date(modified);
    let part = part(&wanted.headers, length, &tag, modified.as_deref());
    let mut response = Response::new(Body::empty());
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    };
    put(header::ACCEPT_RANGES, "bytes".to_owned());
    put(header::ETAG, tag);
    if let Some(modified) = modified {
        put(header::LAST_MODIFIED, modified);
    }
    let (status, from, count) = match part {
        Part::Unchanged => (StatusCode::NOT_MODIFIED, 0, None),
        Part::Whole => (StatusCode::OK, 0, Some(length)),
        Part::From(first, last) => {
            put(header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}"));
            (StatusCode::PARTIAL_CONTENT, first, Some(last - first + 1))
        }
        Part::Nowhere => {
            put(header::CONTENT_RANGE, format!("bytes */{length}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, 0, None)
        }
    };
    if let Some(count) = count {
        put(header::CONTENT_LENGTH, count.to_string());
        if !wanted.head {
            let (pieces, body) = stream::body(turn);
            tokio::spawn(send(file, from, count, pieces));
            *response.body_mut() = body;
        }
    }
    *response.status_mut() = status;
    Ok(response)
}

fn told(folder: &Path, name: &str, error: &io::Error) -> Trouble {
    let text = format!("{}: {error}", folder.join(name).display());
    match error.kind() {
        io::ErrorKind::PermissionDenied => Trouble::Unavailable(text),
        _ => Trouble::NotThere(text),
    }
}

async fn send(mut file: File, from: u64, count: u64, pieces: Pieces) {
    let mut left = count;
    let mut begin = Some(from);
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let at = begin.take();
        let read = tokio::task::spawn_blocking(move || {
            if let Some(at) = at {
                file.seek(SeekFrom::Start(at))?;
            }
            let mut piece = vec![0; wanted];
            let read = file.read(&mut piece)?;
            piece.truncate(read);
            Ok::<_, io::Error>((file, piece))
        });
        let piece = match read.await.map_err(io::Error::other).and_then(|read| read) {
            Ok((_, piece)) if piece.is_empty() => {
                return pieces.break_off(io::Error::other("the recording became shorter")).await;
            }
            Ok((same, piece)) => {
                file = same;
                piece
            }
            Err(error) => return pieces.break_off(error).await,
        };
        left -= (piece.len() as u64).min(left);
        if !pieces.send(Bytes::from(piece)).await {
            return;
        }
    }
}

/// A time as HTTP writes it: `Mon, 30 Nov 2026 20:16:28 GMT`.
fn http_date(time: SystemTime) -> Option<String> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::OffsetDateTime::from(time).format(&format).ok()
}
