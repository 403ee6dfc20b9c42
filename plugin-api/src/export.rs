//! The plugin's side of the envelope: what `export_adapter!` makes of an [`Adapter`].

#![cfg_attr(windows, allow(clippy::missing_const_for_thread_local, reason = "clippy does not see the `const` there"))]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{ROption, RSlice, RVec};

use crate::abi::{AbiAdapter, AbiAdapter_TO, AbiAdapterObject, AbiPosterObject, Plugin, PluginRef, status};
use crate::adapter::Adapter;
use crate::error::{ConfigError, RestoreError};
use crate::frame::input::{self, Decoded};
use crate::frame::saved::{self, SavedHead};
use crate::frame::{FaultReport, Refusal, Start, output, pack, put, unpack};
use crate::manifest::Manifest;
use crate::output::Host;
use crate::poster::Poster;
use crate::random::Random;
use crate::time::Timestamp;
use crate::{API_VERSION, settings};

thread_local! {
    static LAST_PANIC: RefCell<Option<FaultReport>> = const { RefCell::new(None) };
}

/// Runs the vendor's code; a panic becomes a report. The hook is this library's own copy of `std`: it hears nobody else.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, FaultReport> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
            let text = info.payload_as_str().unwrap_or("a panic without a text").to_owned();
            LAST_PANIC.with(|last| *last.borrow_mut() = Some(FaultReport { text, place }));
        }));
    });
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| {
        LAST_PANIC
            .with(|last| last.borrow_mut().take())
            .unwrap_or_else(|| FaultReport { text: "a panic without a text".into(), place: String::new() })
    })
}

#[doc(hidden)]
#[must_use]
pub fn plugin<A: Adapter>() -> PluginRef {
    Plugin { manifest: manifest::<A>, create: create::<A> }.leak_into_prefix()
}

/// The manifest with what the vendor cannot know or need not repeat.
pub(crate) fn complete_manifest<A: Adapter>() -> Manifest {
    let mut manifest = A::manifest();
    manifest.api_version = API_VERSION.to_owned();
    manifest.config_schema = schemars::schema_for!(A::Config);
    manifest.line_schema = schemars::schema_for!(A::LineConfig);
    manifest
}

#[doc(hidden)]
pub extern "C" fn manifest<A: Adapter>(out: &mut RVec<u8>) -> u32 {
    match guarded(|| pack(&complete_manifest::<A>())) {
        Ok(bytes) => {
            out.extend_from_copy_slice(&bytes);
            status::OK
        }
        Err(fault) => fail(out, status::FAULT, &fault),
    }
}

#[doc(hidden)]
pub extern "C" fn create<A: Adapter>(
    kind: u32,
    at: i64,
    head: RSlice<'_, u8>,
    body: RSlice<'_, u8>,
    poster: AbiPosterObject,
    adapter: &mut ROption<AbiAdapterObject>,
    out: &mut RVec<u8>,
) -> u32 {
    let made = guarded(|| {
        let start: Start = unpack(&head).map_err(|text| Refusal { path: String::new(), text })?;
        let config = settings::read(&start.settings).map_err(refusal)?;
        // A poster is for threads; who was granted none gets none.
        let poster = (!start.granted.is_empty()).then(|| Poster::new(poster));
        let mut glue = Glue::<A>::unmade(start.seed, poster);
        if kind == input::RESTORE {
            let refused = |RestoreError { text }| Refusal { path: String::new(), text };
            let (head, state) = saved::read(&body).map_err(refused)?;
            head.fits(&A::manifest()).map_err(refused)?;
            glue.random = Random::new(head.random);
            glue.make(at, |host| {
                host.saved_version = head.state_version;
                A::restore(config, state, host).map_err(refused)
            })?;
        } else {
            glue.make(at, |host| A::new(config, host).map_err(refusal))?;
        }
        Ok::<_, Refusal>(glue)
    });
    match made {
        Ok(Ok(mut glue)) => {
            out.extend_from_copy_slice(&glue.scratch);
            glue.scratch.clear();
            *adapter = ROption::RSome(AbiAdapter_TO::from_value(glue, abi_stable::sabi_trait::TD_Opaque));
            status::OK
        }
        Ok(Err(refusal)) => fail(out, status::REFUSED, &refusal),
        Err(fault) => fail(out, status::FAULT, &fault),
    }
}

fn refusal(error: ConfigError) -> Refusal {
    Refusal { path: error.path, text: error.text }
}

fn fail<T: serde::Serialize>(out: &mut RVec<u8>, status: u32, report: &T) -> u32 {
    out.clear();
    out.extend_from_copy_slice(&pack(report));
    status
}

/// An adapter behind the envelope.
struct Glue<A> {
    /// `None` once it panicked: what is left of it is not to be trusted.
    adapter: Option<A>,
    random: Random,
    poster: Option<Poster>,
    /// Outputs of one input; reused.
    scratch: Vec<u8>,
}

impl<A: Adapter> Glue<A> {
    fn unmade(seed: u64, poster: Option<Poster>) -> Self {
        Self { adapter: None, random: Random::new(seed), poster, scratch: Vec::new() }
    }

    fn make(&mut self, at: i64, make: impl FnOnce(&mut Host<'_>) -> Result<A, Refusal>) -> Result<(), Refusal> {
        let mut host = Host::new(&mut self.scratch, Timestamp::from_micros(at), &mut self.random);
        host.poster = self.poster.as_ref();
        self.adapter = Some(make(&mut host)?);
        Ok(())
    }

    fn input(&mut self, at: i64, kind: u32, arg: u32, head: &[u8], body: &[u8]) -> Result<(), Refusal> {
        let Some(adapter) = &mut self.adapter else {
            return Err(Refusal { path: String::new(), text: "the adapter has panicked before".into() });
        };
        let mut host = Host::new(&mut self.scratch, Timestamp::from_micros(at), &mut self.random);
        host.poster = self.poster.as_ref();
        match input::decode::<A::LineConfig>(kind, arg, head, body) {
            Decoded::Input(input) => adapter.handle(input, &mut host),
            Decoded::Unknown => {
                let text = format!("an input of kind {kind} is not known to this plugin (API {API_VERSION}): skipped");
                put(host.out, output::LOG, 0, &crate::frame::LogLine { level: crate::LogLevel::Debug, text });
            }
            Decoded::Refuse(id, error) => host.refuse(id, error),
            Decoded::Bad(refusal) => return Err(refusal),
        }
        Ok(())
    }
}

impl<A: Adapter> AbiAdapter for Glue<A> {
    fn handle(
        &mut self,
        at: i64,
        kind: u32,
        arg: u32,
        head: RSlice<'_, u8>,
        body: RSlice<'_, u8>,
        out: &mut RVec<u8>,
    ) -> u32 {
        let handled = guarded(|| self.input(at, kind, arg, &head, &body));
        match handled {
            Ok(Ok(())) => {
                // The other method of the like name goes byte by byte.
                out.extend_from_copy_slice(&self.scratch);
                self.scratch.clear();
                status::OK
            }
            Ok(Err(refusal)) => {
                self.scratch.clear();
                fail(out, status::REFUSED, &refusal)
            }
            Err(fault) => {
                let dead = self.adapter.take();
                // Dropping what panicked may panic again; that is no news.
                let _ = guarded(|| drop(dead));
                self.scratch.clear();
                fail(out, status::FAULT, &fault)
            }
        }
    }

    fn save(&self, out: &mut RVec<u8>) -> u32 {
        let saved = guarded(|| {
            let state = self.adapter.as_ref().and_then(A::save)?;
            Some(saved::write(&SavedHead::new(A::manifest(), self.random.state()), &state))
        });
        match saved {
            Ok(Some(Ok(saved))) => {
                out.extend_from_copy_slice(&saved);
                status::OK
            }
            Ok(Some(Err(text))) => fail(out, status::REFUSED, &Refusal { path: String::new(), text }),
            Ok(None) => status::NONE,
            Err(fault) => fail(out, status::FAULT, &fault),
        }
    }
}

impl<A> Drop for Glue<A> {
    fn drop(&mut self) {
        let adapter = self.adapter.take();
        let _ = guarded(|| drop(adapter));
    }
}
