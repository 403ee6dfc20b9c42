//! Monitors that belong to no line: VDNs, whose calls are told of before they ring, and skills, where agents log on.

use jackfield_csta::monitor::Purpose;
use jackfield_csta::types::DeviceId;
use jackfield_csta::{GetThirdPartyDeviceId, Message, dialect};
use jackfield_plugin_api::{ErrorCode, ErrorFact, Severity};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::errors::{refusal, understand, unexpected};
use crate::net::{Ask, Owner, Watch};
use crate::wire::Scene;

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WatchKind {
    Vdn,
    Skill,
}

/// All that the settings name.
pub(crate) fn configured(config: &Config) -> Vec<Watch> {
    let of = |list: &[String], kind| {
        let watch = |extension: &String| Watch { extension: extension.clone(), kind, device: None, monitor: None };
        list.iter().map(watch).collect::<Vec<_>>()
    };
    let mut all = of(&config.vdns, WatchKind::Vdn);
    all.extend(of(&config.skills, WatchKind::Skill));
    all
}

/// The session is up: those that are not monitored yet are made known.
pub(crate) fn begin(scene: &mut Scene<'_, '_>) {
    for at in 0..scene.net.watches.len() {
        if scene.net.watches[at].monitor.is_none() {
            let extension = scene.net.watches[at].extension.clone();
            let request =
                GetThirdPartyDeviceId { switch: Some(scene.config.switch.clone()), extension, instance: None };
            scene.ask(Ask::WatchDevice(at), request);
        }
    }
}

/// The device id of a VDN or skill has come.
pub(crate) fn device(at: usize, answer: &Message, scene: &mut Scene<'_, '_>) {
    let Message::GetThirdPartyDeviceIdResponse(found) = answer else { return refused(at, answer, scene) };
    let Some(watch) = scene.net.watches.get_mut(at) else { return };
    watch.device = Some(found.device.id.clone());
    let purpose = match watch.kind {
        WatchKind::Vdn => Purpose::CallsVia,
        WatchKind::Skill => Purpose::Skill,
    };
    let request = jackfield_csta::monitor::start(&dialect::AVAYA, DeviceId::new(found.device.id.as_str()), purpose);
    scene.ask(Ask::WatchMonitor(at), request);
}

/// Its monitor.
pub(crate) fn monitor(at: usize, answer: &Message, scene: &mut Scene<'_, '_>) {
    let Message::MonitorStartResponse(started) = answer else { return refused(at, answer, scene) };
    if let Some(watch) = scene.net.watches.get_mut(at) {
        watch.monitor = Some(started.monitor.clone());
        scene.net.monitors.insert(started.monitor.clone(), Owner::Watch(at));
    }
}

/// Lines do without it.
fn refused(at: usize, answer: &Message, scene: &mut Scene<'_, '_>) {
    let error = understand(&refusal(answer).unwrap_or_else(|| unexpected(answer)));
    let Some(watch) = scene.net.watches.get(at) else { return };
    let what = match watch.kind {
        WatchKind::Vdn => "the VDN",
        WatchKind::Skill => "the skill",
    };
    let text = format!("{what} {} is not watched: {}", watch.extension, error.text);
    let code = if error.code == ErrorCode::General { ErrorCode::CommandFailed } else { error.code };
    scene.host.report(ErrorFact::new(code, Severity::Warning, text));
}
