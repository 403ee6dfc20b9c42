//! What threads can do, for an adapter that was granted some.

use std::hint::black_box;
use std::process;
use std::thread::Builder;

use jackfield_plugin_api::Host;

/// Threads of the deed that takes all processors.
const MANY: usize = 8;
/// More than may be posted at once.
const TOO_LONG: usize = 1 << 20;

/// Does a deed of this room.
pub(crate) fn deed(name: &str, host: &Host<'_>) -> Option<String> {
    Some(match name {
        "thread-loops" => (0..MANY).map(|_| started(for_ever)).collect::<Vec<_>>().join(", "),
        "thread-panics" => started(|| panicking()),
        "thread-aborts" => started(|| process::abort()),
        "thread-exits" => started(|| process::exit(3)),
        "thread-outlives" => {
            started(for_ever);
            panicking()
        }
        #[cfg(target_os = "linux")]
        "thread-forges" => started(|| {
            loop {
                crate::attempts::forge_posts();
            }
        }),
        "long-post" => match host.poster() {
            Some(poster) => format!("taken: {}", poster.post(&vec![0x55; TOO_LONG])),
            None => "no poster".to_owned(),
        },
        _ => return None,
    })
}

fn started(run: impl FnOnce() + Send + 'static) -> String {
    match Builder::new().spawn(run) {
        Ok(_) => "started".to_owned(),
        Err(error) => format!("no thread: {error}"),
    }
}

fn for_ever() {
    loop {
        black_box(());
    }
}

#[allow(clippy::panic, reason = "the deed")]
fn panicking() -> ! {
    panic!("a hostile plugin with threads panics, as it was told")
}
