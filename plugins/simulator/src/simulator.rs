//! The adapter: inputs to the exchange, its news to the host.

use std::time::Duration;

use jackfield_plugin_api::{
    Adapter, CallFact, CallState, ConfigError, Direction, Fact, Host, Input, LineId, LogLevel, Manifest, RestoreError,
    TimerId, state,
};

use crate::config::{Config, LineConfig};
use crate::exchange::{Exchange, News, Refused};
use crate::features::capabilities;
use crate::jobs::Job;
use crate::state::{Line, State};

/// The only timer: for the first job of the agenda.
const AGENDA: TimerId = TimerId(0);
/// How many jobs are done within one input. More than that is a fault of ours, not a busy day.
const AT_ONCE: usize = 10_000;

/// The simulated phone system as an adapter.
#[derive(Debug)]
pub struct Simulator {
    exchange: Exchange,
}

impl Adapter for Simulator {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        let capabilities = capabilities(&Config::default());
        Manifest::new("simulator", env!("CARGO_PKG_VERSION"), "Jackfield simulator", capabilities)
            .description("A phone system inside a plugin, for demos, tests and development")
            .saves(1, 1)
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        let now = host.now().micros();
        // Two simulators that start together have other names for their calls.
        let start = host.random();
        let boot = format!("{:x}{:03x}", now / 1000, start & 0xfff);
        let state = State { now, random: config.seed.unwrap_or(start), boot, ..State::default() };
        Ok(Self { exchange: Exchange::new(config, state) })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        let exchange = &mut self.exchange;
        exchange.state.now = host.now().micros();
        exchange.work();
        match input {
            Input::Started => {
                exchange.state.linked = true;
                exchange.tell_up();
                exchange.schedule_scripted();
                exchange.run_traffic(exchange.config.traffic.calls_per_minute);
            }
            Input::LineOpened { line, name, settings } => exchange.open_line(line, &name, settings),
            Input::LineClosed { line } => exchange.close_line(line),
            Input::Command { id, line, command } => exchange.command(id, line, &command),
            Input::Timer { timer: AGENDA } => exchange.state.armed = None,
            _ => {}
        }
        exchange.serve_queue();
        exchange.tell_news();
        exchange.work();
        self.flush(host);
    }

    fn save(&self) -> Option<Vec<u8>> {
        state::save(&self.exchange.state)
    }

    fn restore(config: Config, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        config.check()?;
        Ok(Self { exchange: Exchange::new(config, state::restore(saved)?) })
    }
}

impl Simulator {
    /// Hands the news over, and sets the timer for the next job.
    fn flush(&mut self, host: &mut Host<'_>) {
        let exchange = &mut self.exchange;
        let mut news = std::mem::take(&mut exchange.news);
        if exchange.state.now < exchange.state.faults.lies_until {
            lie(&mut news);
        }
        for one in news {
            match one {
                News::Fact(fact) => host.report(fact),
                News::Answer(id, Ok(reply)) => host.reply(id, reply),
                News::Answer(id, Err(error)) => host.refuse(id, error),
                News::Log(level, text) => host.log(level, text),
            }
        }
        let next = exchange.state.jobs.first();
        if next != exchange.state.armed {
            match next {
                Some(at) => {
                    let after = at.saturating_sub(exchange.state.now).max(0).unsigned_abs();
                    host.set_timer(AGENDA, Duration::from_micros(after));
                }
                None => host.cancel_timer(AGENDA),
            }
            exchange.state.armed = next;
        }
    }

    /// What contradicts itself in the state; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        self.exchange.contradictions()
    }
}

impl Exchange {
    fn close_line(&mut self, line: LineId) {
        let Some(watched) = self.state.lines.remove(&line.0) else { return };
        if let Some(device) = self.state.extensions.get_mut(&watched.extension) {
            device.watchers.retain(|watcher| *watcher != line.0);
        }
    }

    fn open_line(&mut self, line: LineId, name: &str, settings: LineConfig) {
        self.close_line(line);
        let extension = settings.extension.unwrap_or_else(|| name.to_owned());
        let known = self.state.extensions.contains_key(&extension);
        let device = self.state.extensions.entry(extension.clone()).or_default();
        (device.robot, device.web_rtc) = (settings.robot, settings.web_rtc);
        device.watchers.push(line.0);
        device.name = settings.name.or(device.name.take());
        self.state.lines.insert(line.0, Line { extension: extension.clone(), ..Line::default() });
        if !known {
            self.first_agent(&extension, settings.agent.as_deref());
        }
        self.tell_all(line);
    }

    /// Does what is on the agenda for now.
    fn work(&mut self) {
        for _ in 0..AT_ONCE {
            let Some(job) = self.state.jobs.due(self.state.now) else { return };
            // A party that cannot do what it planned does not do it.
            let _: Refused = self.perform_job(job);
            self.serve_queue();
            self.tell_news();
        }
        self.news.push(News::Log(LogLevel::Error, format!("more than {AT_ONCE} jobs at once: the rest waits")));
    }

    fn perform_job(&mut self, job: Job) -> Refused {
        match job {
            Job::Answer(leg) => self.answer(leg)?,
            Job::Fail(leg, cause) => self.fail(leg, cause),
            Job::NoAnswer(leg) => self.no_answer(leg),
            Job::Rings(leg) => self.rings(leg),
            Job::GiveUp(leg) => self.give_up(leg),
            Job::Hold(leg, time, again) => self.hold_by_plan(leg, time, again),
            Job::Unhold(leg, again) => self.unhold_by_plan(leg, again)?,
            Job::HangUp(leg) => self.hang_up(leg),
            Job::Transfer(leg) => self.robot_transfers(leg)?,
            Job::Consult(leg, completes) => self.robot_consults(leg, completes)?,
            Job::EndConsult(first, consult, completes) => self.robot_ends_consult(first, consult, completes)?,
            Job::Digits(leg, digits) => self.send_digits(leg, &digits)?,
            Job::ToneEnds(leg) => self.tone_ends(leg),
            // The queue looks for agents after every job.
            Job::ServeQueue => {}
            Job::QueueEnds(conversation) => self.queue_ends(conversation),
            Job::ParkEnds(slot, conversation) => self.park_ends(&slot, conversation),
            Job::WrapUpEnds(extension, number) => self.wrap_up_ends(&extension, number),
            Job::Traffic => self.random_call(),
            Job::Scripted(index) => self.scripted_call(index),
            Job::Reply(answer) => self.news.push(News::Answer(answer.id, answer.result)),
            Job::LinkUp => self.link_up(),
            Job::Panic => panic_as_asked(),
        }
        Ok(())
    }

    fn link_up(&mut self) {
        self.state.linked = true;
        self.tell_up();
        for line in self.state.lines.keys().copied().collect::<Vec<_>>() {
            self.tell_all(LineId(line));
        }
    }

    fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (id, leg) in &self.state.legs {
            if !self.legs(leg.conversation).contains(id) {
                found.push(format!("leg {id} is not in its conversation {}", leg.conversation));
            }
        }
        for (id, conversation) in &self.state.conversations {
            if conversation.legs.is_empty() {
                found.push(format!("conversation {id} is empty"));
            }
            for leg in &conversation.legs {
                if self.conversation(*leg) != Some(*id) {
                    found.push(format!("conversation {id} has leg {leg}, which is elsewhere"));
                }
            }
        }
        for (name, extension) in &self.state.extensions {
            let active = self.legs_of(name, |leg| leg.state.active());
            if active.len() > 1 {
                found.push(format!("extension {name} is active in {active:?}"));
            }
            for leg in &extension.legs {
                if self.extension_of(*leg) != Some(name) {
                    found.push(format!("extension {name} has leg {leg}, which is not its own"));
                }
            }
        }
        for conversation in self.state.waiting.iter().chain(self.state.slots.values().map(|slot| &slot.conversation)) {
            if !self.state.conversations.contains_key(conversation) {
                found.push(format!("conversation {conversation} waits or is parked, and is over"));
            }
        }
        found
    }
}

/// Says facts of calls twice, in the wrong order, and ends calls that never were.
fn lie(news: &mut Vec<News>) {
    let facts: Vec<Fact> = news
        .iter()
        .filter_map(|one| match one {
            News::Fact(fact @ Fact::Call(_)) => Some(fact.clone()),
            _ => None,
        })
        .collect();
    for pair in news.chunks_exact_mut(2) {
        if let [News::Fact(Fact::Call(_)), News::Fact(Fact::Call(_))] = pair {
            pair.swap(0, 1);
        }
    }
    if let Some(Fact::Call(call)) = facts.first() {
        let ghost = CallFact::new(call.line, format!("{}-ghost", call.key), CallState::Finished);
        news.push(News::Fact(ghost.direction(Direction::In).into()));
    }
    news.extend(facts.into_iter().map(News::Fact));
}

#[allow(clippy::panic, reason = "asked for by the service `fault`: to see that the host survives it")]
fn panic_as_asked() {
    panic!("the simulator panics, as the service `fault` asked it to");
}
