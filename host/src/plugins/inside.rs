//! An adapter in this process: the envelope's calls, and nothing else.

use abi_stable::std_types::{RArc, ROption, RSlice, RVec};
use jackfield_plugin_api::abi::{AbiAdapterObject, AbiPoster, AbiPoster_TO, PluginRef, abi_stable, status};

/// Where what an adapter's threads bring goes.
#[derive(Clone)]
pub(super) struct Posting<P>(pub(super) P);

impl<P: Fn(&[u8]) -> bool + Clone + Send + Sync + 'static> AbiPoster for Posting<P> {
    fn post(&self, bytes: RSlice<'_, u8>) -> bool {
        self.0(bytes.as_slice())
    }
}

/// An adapter. Every call returns a status of [`status`]; what was written is in [`out`](Self::out).
pub(super) struct Inside {
    adapter: AbiAdapterObject,
    out: RVec<u8>,
}

impl Inside {
    /// Makes an adapter; `kind` says whether from settings alone, or from the state of another (`body`) as well.
    ///
    /// # Errors
    /// The status, and what was written with it.
    pub(super) fn create<P: Fn(&[u8]) -> bool + Clone + Send + Sync + 'static>(
        module: PluginRef,
        at: i64,
        kind: u32,
        head: &[u8],
        body: &[u8],
        post: P,
    ) -> Result<Self, (u32, RVec<u8>)> {
        let (mut adapter, mut out) = (ROption::RNone, RVec::new());
        let poster = AbiPoster_TO::from_ptr(RArc::new(Posting(post)), abi_stable::sabi_trait::TD_Opaque);
        let (head, body) = (RSlice::from_slice(head), RSlice::from_slice(body));
        let status = module.create()(kind, at, head, body, poster, &mut adapter, &mut out);
        match adapter {
            ROption::RSome(adapter) if status == status::OK => Ok(Self { adapter, out }),
            _ => Err((status, out)),
        }
    }

    /// Gives one input.
    pub(super) fn handle(&mut self, at: i64, kind: u32, arg: u32, head: &[u8], body: &[u8]) -> u32 {
        self.out.clear();
        self.adapter.handle(at, kind, arg, RSlice::from_slice(head), RSlice::from_slice(body), &mut self.out)
    }

    /// Asks for its state.
    pub(super) fn save(&mut self) -> u32 {
        self.out.clear();
        self.adapter.save(&mut self.out)
    }

    /// What the last call has written.
    pub(super) fn out(&self) -> &[u8] {
        self.out.as_slice()
    }
}
