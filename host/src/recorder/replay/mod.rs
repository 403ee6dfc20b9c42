//! A recording played again: its inputs to adapters, what they answer to the model, what comes of it to who watches.
//!
//! No network, no clock, no waiting: times are those of the recording, so two runs over it are equal.

mod item;
mod lane;
mod stage;
pub(crate) mod words;

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::frame::frames;

pub(crate) use item::Given;
pub(crate) use lane::LanePlace;
use lane::{Did, Lane};
pub(super) use stage::Stage;

use super::entry::{Answered, Made, Published};
use super::hide::same;
use super::reader::{Reader, Recording};
use crate::model::{Event, Model};
use crate::plugins::LoadedPlugin;
use item::{Step, Window, window};

/// Who answers.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// Nobody: what was answered then is taken.
    Recorded,
    /// This library.
    Plugin(Box<LoadedPlugin>, LanePlace),
}

/// Who watches.
pub(crate) trait Watch {
    /// An input was given, or an adapter was made (`input` none). `recorded`: what was answered then; none when it
    /// failed. `answered`: what each answers now; none when it failed, or when there was none to ask.
    fn answers(&mut self, _at: Timestamp, _input: Option<&Given>, _recorded: Option<&[u8]>, _now: &[Option<Vec<u8>>]) {}

    /// Events, of each; and which were published then.
    fn events(
        &mut self,
        _at: Timestamp,
        _input: Option<&Given>,
        _recorded: &[Published],
        _now: Vec<(&Model, Vec<Event>)>,
    ) {
    }

    /// Something that whoever watches should know: something is missing, or was not played.
    fn note(&mut self, _at: Timestamp, _text: String) {}

    /// Whether it is enough.
    fn is_enough(&self) -> bool {
        false
    }
}

/// What became of one of those who answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Inputs of the recording.
    pub(crate) inputs: u64,
    /// Those that were not given to the adapter: there was none yet that could be made.
    pub(crate) not_given: u64,
    /// Inputs whose answers are not the recorded ones.
    pub(crate) different: u64,
    /// The first of them: the input's number, and in words what differs.
    pub(crate) first: Option<(u64, String)>,
    /// Events.
    pub(crate) events: u64,
    /// Times when others were published then.
    pub(crate) other_events: u64,
    /// The first of them.
    pub(crate) first_event: Option<String>,
    /// Why the first adapter that could not be made was not.
    pub(crate) not_made: Option<String>,
    /// The time of the recording, in microseconds since 1970.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

struct Seat {
    lane: Option<Lane>,
    stage: Option<Stage>,
    did: Did,
    tally: Tally,
}

/// Plays a recording.
///
/// # Errors
/// It cannot be read.
pub(crate) async fn play(recording: &Recording, who: Vec<Who>, watch: &mut dyn Watch) -> Result<Vec<Tally>, String> {
    play_from(recording.read()?, who, watch).await
}

/// The same of one that is being read.
pub(super) async fn play_from(mut reader: Reader, who: Vec<Who>, watch: &mut dyn Watch) -> Result<Vec<Tally>, String> {
    let seat = |who: Who| Seat {
        lane: match who {
            Who::Recorded => None,
            Who::Plugin(plugin, place) => Some(Lane::new(*plugin, place)),
        },
        stage: None,
        did: Did::Nothing,
        tally: Tally::default(),
    };
    let mut player =
        Player { seats: who.into_iter().map(seat).collect(), input: None, begun: false, waiting: false, at: None };
    let mut steps = Window::new();
    loop {
        window(&mut reader, &mut steps)?;
        if steps.is_empty() || watch.is_enough() {
            break;
        }
        player.window(&mut steps, watch).await;
    }
    player.events_left(watch);
    Ok(player.seats.into_iter().map(|seat| seat.tally).collect())
}

struct Player {
    seats: Vec<Seat>,
    input: Option<Given>,
    /// Whether there was a place to begin from.
    begun: bool,
    /// Something was given, and the recording has not told yet what was answered.
    waiting: bool,
    at: Option<Timestamp>,
}

impl Player {
    async fn window(&mut self, steps: &mut Window, watch: &mut dyn Watch) {
        for seat in &mut self.seats {
            let inputs = steps.iter().filter_map(|(at, step)| match step {
                Step::Input(given) if given.held == 0 => Some((*at, given.frame())),
                _ => None,
            });
            if let Some(lane) = &mut seat.lane {
                lane.say(inputs);
            }
        }
        while let Some((at, step)) = steps.pop_front() {
            self.step(at, step, watch).await;
        }
    }

    async fn step(&mut self, at: Timestamp, step: Step, watch: &mut dyn Watch) {
        if at.micros() > 0 {
            self.at = Some(at);
            for seat in &mut self.seats {
                seat.tally.to = seat.tally.to.max(at.micros());
                if seat.tally.from == 0 {
                    seat.tally.from = at.micros();
                }
            }
        }
        match step {
            Step::Break(why) => {
                self.events_left(watch);
                self.seats.iter_mut().for_each(Seat::forget);
                self.begun = false;
                if let Some(why) = why {
                    watch.note(self.at.unwrap_or_default(), why);
                }
            }
            Step::Checkpoint(checkpoint) => {
                if self.begun {
                    return;
                }
                self.begun = true;
                for seat in &mut self.seats {
                    match Stage::new(&checkpoint.model) {
                        Ok(stage) => seat.stage = Some(stage),
                        Err(why) => watch.note(at, why),
                    }
                    if let (Some(lane), Some(adapter)) = (&mut seat.lane, &checkpoint.adapter)
                        && let Did::Failed { text, .. } = lane.make(at, adapter, Some(&checkpoint.settled)).await
                    {
                        let text = format!("{} is not made: {text}", lane.name());
                        seat.tally.not_made.get_or_insert_with(|| text.clone());
                        watch.note(at, text);
                    }
                }
                if checkpoint.runs && checkpoint.adapter.is_none() {
                    let text = "an adapter ran already whose state was not known: it is played from its next start on";
                    watch.note(at, text.to_owned());
                }
            }
            Step::Made(made) => self.made(at, &made, watch).await,
            Step::Input(given) => self.given(at, given, watch).await,
            Step::Outputs { answered, frames } => self.answered(at, &answered, &frames, watch),
            Step::Failed { gone, text } => self.failed(at, gone, &text, watch),
            Step::Told(told) => {
                for stage in self.seats.iter_mut().filter_map(|seat| seat.stage.as_mut()) {
                    stage.told(at, (*told).clone());
                }
            }
            Step::Events(published) => self.events(at, &published, watch),
            Step::End => self.events_left(watch),
        }
    }

    async fn made(&mut self, at: Timestamp, made: &Made, watch: &mut dyn Watch) {
        self.events_left(watch);
        (self.input, self.waiting) = (None, true);
        for seat in &mut self.seats {
            if let Some(lane) = &mut seat.lane {
                seat.did = lane.make(at, made, None).await;
                if let Did::Failed { text, .. } = &seat.did {
                    let text = format!("{} is not made: {text}", lane.name());
                    seat.tally.not_made.get_or_insert_with(|| text.clone());
                    watch.note(at, text);
                }
            }
        }
    }

    async fn given(&mut self, at: Timestamp, given: Given, watch: &mut dyn Watch) {
        self.events_left(watch);
        let held = given.held;
        for seat in &mut self.seats {
            seat.tally.inputs += 1;
            seat.did = Did::Nothing;
            if held > 0 {
                seat.tally.not_given += 1;
                continue;
            }
            if let Some(lane) = &mut seat.lane {
                let frame = given.frame();
                seat.tally.not_given += u64::from(!lane.runs());
                lane.sees(&frame);
                seat.did = lane.answer(at, &frame).await;
            }
        }
        if held > 0 {
            let text = format!("the last {held} bytes of input {} were not written: it is not played", given.number);
            watch.note(at, text);
        }
        (self.input, self.waiting) = (Some(given), true);
    }

    fn answered(&mut self, at: Timestamp, answered: &Answered, recorded: &[u8], watch: &mut dyn Watch) {
        self.waiting = false;
        let mut all = Vec::with_capacity(self.seats.len());
        for seat in &mut self.seats {
            let did = std::mem::replace(&mut seat.did, Did::Nothing);
            let (fed, shown) = match (did, &mut seat.lane) {
                (Did::Answered(now), Some(lane)) => {
                    let shown = lane.shown(&now);
                    seat.tally.compare(self.input.as_ref(), recorded, &shown);
                    (Some(now), Some(shown))
                }
                (Did::Failed { text, .. }, _) => {
                    seat.tally.differs(self.input.as_ref(), || format!("it failed: {text}"));
                    (None, None)
                }
                // Nobody was asked: the model is to be right when somebody is.
                _ => (Some(recorded.to_vec()), None),
            };
            if let (Some(stage), Some(fed)) = (&mut seat.stage, fed) {
                stage.outputs(at, answered, &fed);
            }
            all.push(shown);
        }
        watch.answers(at, self.input.as_ref(), Some(recorded), &all);
    }

    fn failed(&mut self, at: Timestamp, gone: bool, text: &str, watch: &mut dyn Watch) {
        self.waiting = false;
        let mut all = Vec::new();
        for seat in &mut self.seats {
            let did = std::mem::replace(&mut seat.did, Did::Nothing);
            let shown = match did {
                Did::Answered(now) => {
                    seat.tally.differs(self.input.as_ref(), || format!("then it failed ({text}); now it answers"));
                    if let Some(stage) = &mut seat.stage {
                        stage.outputs(at, &Answered::default(), &now);
                    }
                    seat.lane.as_mut().map(|lane| lane.shown(&now))
                }
                Did::Failed { gone: now, text: words } if now != gone => {
                    seat.tally.differs(self.input.as_ref(), || format!("then: {text}; now: {words}"));
                    None
                }
                _ => None,
            };
            if let Some(lane) = seat.lane.as_mut().filter(|_| gone) {
                lane.gone();
            }
            all.push(shown);
        }
        watch.answers(at, self.input.as_ref(), None, &all);
    }

    fn events(&mut self, at: Timestamp, published: &[Published], watch: &mut dyn Watch) {
        let mut all = Vec::with_capacity(self.seats.len());
        for seat in &mut self.seats {
            let Some(stage) = &mut seat.stage else { continue };
            let events = stage.events();
            seat.tally.events += events.len() as u64;
            let now: Vec<Published> = events.iter().map(Published::of).collect();
            if now != published {
                seat.tally.other_events += 1;
                let first = || words::other_events(at, published, &now);
                seat.tally.first_event.get_or_insert_with(first);
            }
            all.push((stage.model(), events));
        }
        watch.events(at, self.input.as_ref(), published, all);
    }

    /// Events that were not published then, and what was answered by nobody then.
    fn events_left(&mut self, watch: &mut dyn Watch) {
        if std::mem::take(&mut self.waiting) {
            self.seats.iter_mut().for_each(|seat| seat.did = Did::Nothing);
        }
        if self.seats.iter().any(|seat| seat.stage.as_ref().is_some_and(Stage::has_events)) {
            self.events(self.at.unwrap_or_default(), &[], watch);
        }
    }
}

impl Seat {
    fn forget(&mut self) {
        self.stage = None;
        self.did = Did::Nothing;
        if let Some(lane) = &mut self.lane {
            lane.gone();
        }
    }
}

impl Tally {
    /// Why nothing was played, if nothing was.
    pub(crate) fn unplayed(&self) -> Option<&str> {
        match &self.not_made {
            _ if self.inputs > self.not_given => None,
            Some(why) => Some(why),
            None if self.inputs == 0 => Some("nothing is to be played: no input of an adapter is in it"),
            None => Some("nothing of it could be given to an adapter: no start of one is in it"),
        }
    }

    fn compare(&mut self, input: Option<&Given>, recorded: &[u8], now: &[u8]) {
        let split =
            |bytes| frames(bytes).filter_map(Result::ok).map(|f| (f.kind, f.arg, f.payload)).collect::<Vec<_>>();
        let (then, now) = (split(recorded), split(now));
        let equal = then.len() == now.len() && then.iter().zip(&now).all(|(then, now)| same(*then, *now));
        if !equal {
            self.differs(input, || words::other_frames(&then, &now));
        }
    }

    fn differs(&mut self, input: Option<&Given>, what: impl FnOnce() -> String) {
        self.different += 1;
        if self.first.is_none() {
            self.first = Some((input.map_or(0, |given| given.number), what()));
        }
    }
}
