//! What comes of requests.

use jackfield_csta::{
    CSTAErrorCode, ForwardingEvent, ForwardingItem, GetForwardingResponse, Message, types::ConnectionId,
    types::LocalState,
};
use jackfield_plugin_api::{
    CommandError, Direction, DtmfFact, ErrorCode, Forwarding, ForwardingKind, Host, LineFact, LineId, Reply, Side,
};

use crate::adapter::Avaya;
use crate::agenda::Task;
use crate::agent;
use crate::call::Goal;
use crate::commands::{Job, What};
use crate::errors::{refusal, understand, unexpected};
use crate::events::usable;
use crate::line::{LATE, Line};
use crate::net::{Ask, Waiting};
use crate::setup::ask_agent;
use crate::watch;
use crate::wire::Scene;

impl Avaya {
    /// An answer has come to what waited for it.
    pub(crate) fn answer(&mut self, waiting: Waiting, answer: &Message, host: &mut Host<'_>) {
        match waiting.ask {
            Ask::Start => self.session_started(answer, host),
            Ask::Beat => self.kept(answer, host),
            Ask::Device(line) => self.device_known(line, answer, host),
            Ask::Monitor(line) => self.monitor_started(line, answer, host),
            Ask::Calls(line) => self.calls_told(line, answer, host),
            Ask::Parties(line, call) => self.parties_told(line, &call, answer, host),
            Ask::Agent(line) => self.agent_told(line, answer, host),
            Ask::Forwarding(line) => self.forwarding_told(line, answer, host),
            Ask::Dnd(line) => self.dnd_told(line, answer, host),
            Ask::WatchDevice(at) => watch::device(at, answer, &mut self.scene(host)),
            Ask::WatchMonitor(at) => watch::monitor(at, answer, &mut self.scene(host)),
            Ask::Target(job) => self.target_known(&job, answer, &waiting.service, host),
            Ask::Ringing(job) => self.rings_there(&job, answer, host),
            Ask::Command(job) => self.done(&job, answer, &waiting.service, host),
            Ask::Register | Ask::Nothing => {}
        }
    }

    /// No answer has come in time.
    pub(crate) fn late(&mut self, invoke: u16, host: &mut Host<'_>) {
        let Some(waiting) = self.net.pending.take(invoke) else { return };
        let text = format!("AE Services did not answer {} within {} s", waiting.service, self.config.answer_timeout);
        let silence = CSTAErrorCode::new("privateErrorCode", "no answer in time");
        match waiting.ask {
            Ask::Start => {
                let text =
                    format!("{} did not answer the login within {} s", self.server(), self.config.answer_timeout);
                self.leave(jackfield_plugin_api::Down::new(ErrorCode::Timeout, text), host);
            }
            Ask::Device(line) | Ask::Monitor(line) => self.silent(line, &silence, host),
            Ask::Calls(line) => {
                if self.lines.get(&line).is_some_and(|line| line.stage == crate::line::Stage::Up) {
                    self.look_late(line, host);
                } else {
                    self.silent(line, &silence, host);
                }
            }
            Ask::Parties(line, call) => self.parties_told(line, &call, &silence.into(), host),
            Ask::Agent(line) => {
                let Some(line) = self.lines.get_mut(&line) else { return };
                line.agent.asked = false;
                agent::next_poll(line, &mut Scene { config: &self.config, net: &mut self.net, host });
            }
            Ask::Target(job) | Ask::Ringing(job) | Ask::Command(job) => {
                self.forget_asked(&job);
                host.refuse(job.id, CommandError::new(ErrorCode::Timeout, text).retryable());
            }
            _ => {}
        }
    }

    fn silent(&mut self, line: LineId, silence: &CSTAErrorCode, host: &mut Host<'_>) {
        let mut error = understand(silence);
        (error.code, error.retryable) = (ErrorCode::Timeout, true);
        self.line_failed(line, "is not answered for", &error, host);
    }

    /// A command will not have its effect.
    fn forget_asked(&mut self, job: &Job) {
        if let Some(line) = self.lines.get_mut(&job.line) {
            line.calls.iter_mut().for_each(|call| call.refused(job.id));
            line.picking.take_if(|(command, _)| *command == job.id);
        }
    }

    /// The device id of a number that is to be dialled.
    fn target_known(&mut self, job: &Job, answer: &Message, service: &str, host: &mut Host<'_>) {
        let found = match answer {
            Message::GetThirdPartyDeviceIdResponse(found) => Some(&found.device.id),
            _ => None,
        };
        let number = match &job.what {
            What::Make { to, .. }
            | What::Consult { to, .. }
            | What::Single { to, .. }
            | What::Deflect { to, .. }
            | What::Join { to, .. }
            | What::PickUp { from: to }
            | What::Forward { to: Some(to), .. } => to.clone(),
            _ => String::new(),
        };
        match found.filter(|device| !device.is_empty() && device.len() <= 256) {
            Some(device) => {
                self.net.add_target(number, device.clone());
                self.carry_out(job, host);
            }
            None => {
                let mut error = understand(&refusal(answer).unwrap_or_else(|| unexpected(answer)));
                // What is not a device of the switch's is no destination here.
                if error.code == ErrorCode::DeviceOutOfService {
                    error.code = ErrorCode::InvalidDestination;
                }
                host.refuse(job.id, error.answer(service));
            }
        }
    }

    /// A command was answered.
    fn done(&mut self, job: &Job, answer: &Message, service: &str, host: &mut Host<'_>) {
        let expected = match answer.name().strip_suffix("Response") {
            Some(name) => name == service,
            None => false,
        };
        if !expected {
            self.forget_asked(job);
            let error = understand(&refusal(answer).unwrap_or_else(|| unexpected(answer)));
            return host.refuse(job.id, error.answer(service));
        }
        let Some(line) = self.lines.get_mut(&job.line) else {
            return host.refuse(job.id, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
        };
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        let reply = match (&job.what, answer) {
            (What::Make { .. }, Message::MakeCallResponse(made)) => {
                let linkage = made.linkage.as_ref().and_then(|linkage| linkage.ucid());
                let ucid = linkage.or_else(|| made.extensions.as_ref()?.ucid());
                made_call(line, job, &made.connection, ucid, &mut scene)
            }
            (What::Consult { .. }, Message::ConsultationCallResponse(made)) => {
                let linkage = made.linkage.as_ref().and_then(|linkage| linkage.ucid());
                let ucid = linkage.or_else(|| made.extensions.as_ref()?.ucid());
                made_call(line, job, &made.initiated, ucid, &mut scene)
            }
            (What::Digits { call, digits, .. }, _) => {
                if let Some(known) = line.by_key(call) {
                    let native = known.native.clone();
                    let fact = DtmfFact::new(line.id, call.clone(), digits.as_str(), Side::Local).command(job.id);
                    line.digits = Some((native, digits.clone(), scene.host.now() + LATE));
                    scene.host.report(fact);
                }
                Reply::accepted()
            }
            (What::Agent { .. }, _) => {
                // Whether events tell what came of it is not sure.
                ask_agent(line, &mut scene);
                Reply::accepted()
            }
            (What::Dnd(on), _) => {
                line.agent.dnd = *on;
                agent::show(line, &mut scene);
                Reply::accepted()
            }
            (What::Forward { kind, to }, _) => {
                forwarded(line, *kind, to.clone());
                let fact = LineFact::new(line.id).forwarding(line.forwarding.clone()).command(job.id);
                scene.host.report(fact);
                Reply::accepted()
            }
            _ => Reply::accepted(),
        };
        host.reply(job.id, reply);
    }

    fn forwarding_told(&mut self, id: LineId, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        match answer {
            Message::GetForwardingResponse(response) => {
                line.forwarding = set(response);
                host.report(LineFact::new(id).forwarding(line.forwarding.clone()));
            }
            _ => self.is_missing("GetForwarding", answer),
        }
    }

    fn dnd_told(&mut self, id: LineId, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        match answer {
            Message::GetDoNotDisturbResponse(response) => {
                line.agent.dnd = response.on;
                agent::show(line, &mut Scene { config: &self.config, net: &mut self.net, host });
            }
            _ => self.is_missing("GetDoNotDisturb", answer),
        }
    }

    /// A service that this server does not have is not asked for again.
    fn is_missing(&mut self, service: &str, answer: &Message) {
        if refusal(answer).is_some_and(|error| understand(&error).code == ErrorCode::CommandNotSupported) {
            self.net.missing.insert(service.to_owned());
        }
    }

    /// A forwarding was set or ended at the station.
    pub(crate) fn forwarding_event(&mut self, id: LineId, event: &ForwardingEvent, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let to = event.to.as_ref().filter(|_| event.on).map(|to| to.number().to_owned());
        let before = line.forwarding.clone();
        forwarded(line, kind(event.kind.as_deref()), to);
        if line.forwarding != before {
            host.report(LineFact::new(id).forwarding(line.forwarding.clone()));
        }
    }

    /// A request that should have been answered is, or time is over for something else.
    pub(crate) fn time(&mut self, host: &mut Host<'_>) {
        self.net.agenda.rang();
        while let Some(task) = self.net.agenda.due(host.now()) {
            match task {
                Task::Beat => self.beat(host),
                Task::NextServer => self.open_server(host),
                Task::Answer(invoke) => self.late(invoke, host),
                Task::Retry(line) => self.set_up(line, host),
                Task::Poll(line) => self.poll(line, host),
                Task::Check(line) => self.check_calls(line, host),
                Task::Made(line) => {
                    let hidden = |line: &Line| line.calls.iter().any(|call| call.hidden);
                    if self.lines.get(&line).is_some_and(hidden) {
                        self.check_calls(line, host);
                    }
                }
            }
        }
    }
}

/// A command has made a call. Its events come before the answer or after it.
fn made_call(
    line: &mut Line,
    job: &Job,
    connection: &ConnectionId,
    ucid: Option<&str>,
    scene: &mut Scene<'_, '_>,
) -> Reply {
    let now = scene.host.now();
    if !usable(&connection.call) {
        return Reply::accepted();
    }
    if let Some(call) = line.call_mut(&connection.call) {
        if let Some(ucid) = ucid.filter(|ucid| ucid.len() <= 64) {
            call.add_ucid(ucid);
        }
        return Reply::call(call.key.clone());
    }
    if let Some(key) = line.over_key(&connection.call, now) {
        return Reply::call(key.clone());
    }
    let (to, first) = match &job.what {
        What::Make { to, .. } => (to.clone(), None),
        What::Consult { first, to } => (to.clone(), Some(first.clone())),
        _ => return Reply::accepted(),
    };
    let extension = line.extension.clone();
    let ucid = ucid.filter(|ucid| ucid.len() <= 64);
    // Shown when an event tells how far it is.
    let call = line.begin(&connection.call, ucid, Direction::Out, LocalState::Null, now);
    call.hidden = true;
    call.caller = Some(extension);
    call.called = Some(to);
    call.first = first;
    call.ask(job.id, Goal::Begin, now + LATE * 6);
    let key = call.key.clone();
    // Events should have told of it by then.
    scene.net.agenda.set(Task::Made(line.id), now + LATE);
    Reply::call(key)
}

/// The forwardings that are set.
fn set(response: &GetForwardingResponse) -> Vec<Forwarding> {
    let items = response.list.as_ref().map_or(&[][..], |list| &list.items);
    let of = |item: &ForwardingItem| {
        let to = item.dn.as_ref().or(item.to.as_ref()).map(|to| to.number().to_owned());
        to.filter(|to| item.on && !to.is_empty()).map(|to| Forwarding::new(kind(item.kind.as_deref()), to))
    };
    items.iter().filter_map(of).take(16).collect()
}

fn kind(word: Option<&str>) -> ForwardingKind {
    match word.unwrap_or_default() {
        word if word.starts_with("forwardBusy") => ForwardingKind::Busy,
        word if word.starts_with("forwardNoAns") => ForwardingKind::NoAnswer,
        _ => ForwardingKind::All,
    }
}

fn forwarded(line: &mut Line, kind: ForwardingKind, to: Option<String>) {
    line.forwarding.retain(|set| set.kind != kind);
    if let Some(to) = to.filter(|to| !to.is_empty()) {
        line.forwarding.push(Forwarding::new(kind, to));
    }
}
