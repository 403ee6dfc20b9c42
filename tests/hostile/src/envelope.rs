//! The envelope as a hostile vendor writes it: what `export_adapter!` makes, wrapped, so that every answer may be
//! rubbish; and a constructor.

use jackfield_plugin_api::abi::abi_stable::library::{LibHeader, RootModuleResult};
use jackfield_plugin_api::abi::abi_stable::prefix_type::PrefixTypeTrait;
use jackfield_plugin_api::abi::abi_stable::sabi_trait::TD_Opaque;
use jackfield_plugin_api::abi::abi_stable::std_types::{ROption, RSlice, RVec};
use jackfield_plugin_api::abi::{
    self, AbiAdapter, AbiAdapter_TO, AbiAdapterObject, AbiPosterObject, Plugin, PluginRef, status,
};
use jackfield_plugin_api::{export, section};

use crate::adapter::Hostile;
use crate::deeds::{self, Done, Surroundings};
use crate::frames::Rubbish;
use crate::record::{Word, record};

#[used]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".jackfld"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__jackfld"))]
static SECTION: [u8; section::SIZE] =
    section::encode(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), cfg!(panic = "unwind"));

#[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
static HEADER: LibHeader = abi::header(erased);

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
static CONSTRUCTOR: extern "C" fn() = at_load;

extern "C" fn at_load() {
    let deed = record(Word::AtLoad);
    if !deed.is_empty() {
        deeds::keep(deeds::alone(deed, &Surroundings::default()));
    }
}

extern "C" fn erased() -> RootModuleResult {
    abi::abi_stable::library::__call_root_module_loader(plugin)
}

fn plugin() -> PluginRef {
    Plugin { manifest, create }.leak_into_prefix()
}

extern "C" fn manifest(out: &mut RVec<u8>) -> u32 {
    let deed = record(Word::AtManifest);
    if let Some(rubbish) = Rubbish::named(deed) {
        return rubbish.write(out);
    }
    deeds::alone(deed, &Surroundings::default());
    export::manifest::<Hostile>(out)
}

extern "C" fn create(
    kind: u32,
    at: i64,
    head: RSlice<'_, u8>,
    body: RSlice<'_, u8>,
    poster: AbiPosterObject,
    adapter: &mut ROption<AbiAdapterObject>,
    out: &mut RVec<u8>,
) -> u32 {
    let deed = record(Word::AtCreate);
    match Rubbish::named(deed) {
        Some(rubbish) => return rubbish.write(out),
        None if deed == "no-adapter" => return status::OK,
        None => {}
    }
    deeds::alone(deed, &Surroundings::default());
    let mut made = ROption::RNone;
    let status = export::create::<Hostile>(kind, at, head, body, poster, &mut made, out);
    if let ROption::RSome(polite) = made {
        *adapter = ROption::RSome(AbiAdapter_TO::from_value(Shell { polite }, TD_Opaque));
    }
    match Rubbish::take() {
        Some(rubbish) => rubbish.write(out),
        None => status,
    }
}

/// What `export_adapter!` makes, with another word at the end.
struct Shell {
    polite: AbiAdapterObject,
}

impl AbiAdapter for Shell {
    fn handle(
        &mut self,
        at: i64,
        kind: u32,
        arg: u32,
        head: RSlice<'_, u8>,
        body: RSlice<'_, u8>,
        out: &mut RVec<u8>,
    ) -> u32 {
        let status = self.polite.handle(at, kind, arg, head, body, out);
        match Rubbish::take() {
            Some(rubbish) => rubbish.write(out),
            None => status,
        }
    }

    fn save(&self, out: &mut RVec<u8>) -> u32 {
        let status = self.polite.save(out);
        match Rubbish::take() {
            Some(rubbish) => rubbish.write(out),
            None => status,
        }
    }
}

/// Does what the settings name, where there is no host to do it to.
pub(crate) fn without_a_host(name: &str, around: &Surroundings) {
    match Rubbish::named(name) {
        Some(rubbish) => rubbish.next(),
        None => drop::<Done>(deeds::alone(name, around)),
    }
}
