//! What the fuzz target of recordings does with its input: an ordinary function, so that tests run it too. Only
//! compiled for tests and with the feature `fuzz`.

use futures_util::FutureExt;
use jackfield_plugin_api::Timestamp;

use super::entry::Published;
use super::reader::Reader;
use super::record::HEADER;
use super::replay::{Given, Watch, Who, play_from, words};
use crate::model::{Event, Model};

/// More bytes than this say nothing new.
const MOST: usize = 1024 * 1024;

/// Reads bytes as a recording, plays what is in it to the model, and writes everything down for people: whatever the
/// bytes are, this ends, and what is wrong is told in words.
///
/// The checksum of the first byte's choice of records is put right, so that what is behind it is reached.
pub fn recording(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else { return };
    let mut bytes = bytes[..bytes.len().min(MOST)].to_vec();
    if choice & 1 == 1 {
        mend(&mut bytes);
    }
    let Ok(reader) = Reader::of_bytes(&bytes) else { return };
    let mut writer = Writer::default();
    // Nobody is asked, so nothing is waited for.
    let played = play_from(reader, vec![Who::Recorded], &mut writer).now_or_never();
    assert!(played.is_some(), "playing a recording without an adapter waits for something");
}

/// Puts the checksums right.
fn mend(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HEADER) {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let Some(end) = at.checked_add(HEADER + length).filter(|end| *end <= bytes.len()) else { return };
        let checksum = crc32fast::hash(&bytes[at + 4..end]);
        bytes[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
        at = end;
    }
}

/// Writes everything down.
#[derive(Default)]
struct Writer {
    length: usize,
}

impl Watch for Writer {
    fn answers(&mut self, _: Timestamp, input: Option<&Given>, recorded: Option<&[u8]>, _: &[Option<Vec<u8>>]) {
        self.length += input.map_or(0, |given| words::input(given).len());
        for frame in recorded.into_iter().flat_map(jackfield_plugin_api::frame::frames).filter_map(Result::ok) {
            self.length += words::frame((frame.kind, frame.arg, frame.payload)).len();
        }
    }

    fn events(&mut self, _: Timestamp, _: Option<&Given>, _: &[Published], now: Vec<(&Model, Vec<Event>)>) {
        self.length += now.iter().flat_map(|(_, events)| events).map(|event| event.to_json().len()).sum::<usize>();
    }

    fn note(&mut self, _: Timestamp, text: String) {
        self.length += text.len();
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jackfield_plugin_api::frame::input::InputFrame;
    use jackfield_plugin_api::frame::{Start, output as outputs, pack};
    use jackfield_plugin_api::{
        CallFact, CallFeatures, CallState, Capabilities, Direction, ErrorCode, Fact, LineId, Party, Snapshot,
        SnapshotSupport, TransportId, Up,
    };

    use super::super::entry::{Made, put, put_bytes};
    use super::super::life::RecordPlan;
    use super::super::record::kinds;
    use super::super::ring;
    use super::super::tape::Taped;
    use super::*;
    use crate::config::SecretLeaves;
    use crate::model::{Loss, ModelConfig, UuidV7Ids};

    /// A fact as an adapter gives it.
    fn frame(fact: &Fact) -> Vec<u8> {
        let (kind, payload) = match fact {
            Fact::Up(up) => (outputs::UP, pack(up)),
            Fact::Snapshot(snapshot) => (outputs::SNAPSHOT, pack(snapshot)),
            Fact::Call(call) => (outputs::CALL, pack(call)),
            other => panic!("{other:?}"),
        };
        let length = u32::try_from(payload.len()).unwrap();
        [&kind.to_le_bytes()[..], &0u32.to_le_bytes(), &length.to_le_bytes(), &payload].concat()
    }

    /// A small recording: a call that is held while its line is lost.
    fn small() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let capabilities = Capabilities::new(CallFeatures::ALL).snapshot(SnapshotSupport::Full);
        let config = ModelConfig::new("pbx", "test", "1.0.0", capabilities.clone());
        let mut model = Taped::new(Model::new(config, Box::new(UuidV7Ids::new(7))), "pbx");
        let plan = RecordPlan { folder: dir.path().to_owned(), size: 1 << 20, numbers: true };
        let (mut events, line, mut at) = (Vec::new(), LineId(0), Timestamp::from_millis(1_795_165_200_000));
        model.record(at, &plan, &["hunter2hunter2"], SecretLeaves::default(), None).unwrap();
        model.open_line(at, line, "101", &mut events);
        let held = CallFact::new(line, "k", CallState::Held)
            .direction(Direction::In)
            .native_id("2871.17")
            .caller(Party::new("+380441234567").name("hunter2hunter2"));
        let facts: [Fact; 4] = [
            Up::new("PBX 1", capabilities).into(),
            Snapshot::new(line, vec![]).into(),
            CallFact::new(line, "k", CallState::Connected).caller(Party::new("+380441234567")).into(),
            held.into(),
        ];
        for fact in facts {
            at = at + std::time::Duration::from_millis(250);
            model.tape.input(at, &InputFrame::received(TransportId(0), b"Text: hunter2hunter2 +380441234567\r\n"));
            model.fact(at, &fact, None, None, &mut events);
            model.tape.outputs(at, &frame(&fact), None);
            model.tape.events(at, &events);
            events.clear();
        }
        model.lost(at, &Loss::new(ErrorCode::ConnectionLost, "gone"), &mut events);
        model.tape.events(at, &events);
        model.tape.end(at, "over");
        let files = ring::files(&dir.path().join("pbx")).unwrap();
        std::fs::read(&files[0].1).unwrap()
    }

    fn with_choice(choice: u8, bytes: &[u8]) -> Vec<u8> {
        [&[choice][..], bytes].concat()
    }

    #[test]
    fn a_recording_has_no_secret_and_no_number_and_is_played_again() {
        let bytes = small();
        for secret in ["hunter2", "1234567"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is there");
        }
        let mut writer = Writer::default();
        let reader = Reader::of_bytes(&bytes).unwrap();
        let tallies = play_from(reader, vec![Who::Recorded], &mut writer).now_or_never().unwrap().unwrap();
        assert_eq!((tallies[0].inputs, tallies[0].other_events, &tallies[0].first_event), (4, 0, &None));
        assert!(tallies[0].events >= 8, "{tallies:?}");
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_survived() {
        let bytes = small();
        // `JACKFIELD_EVERY_BYTE=1`: all of them, in minutes.
        let (cut, change) = if std::env::var_os("JACKFIELD_EVERY_BYTE").is_some() { (1, 1) } else { (7, 5) };
        for end in (0..bytes.len()).step_by(cut) {
            recording(&with_choice(0, &bytes[..end]));
        }
        // Where the checksum does not tell, what is behind it must.
        for at in (0..bytes.len()).step_by(change) {
            let mut changed = bytes.clone();
            changed[at] ^= [0xff, 0x01, 0x80][at % 3];
            recording(&with_choice(1, &changed));
        }
    }

    /// What the fuzzer begins with is made here; the file lets it begin without this test.
    #[test]
    fn the_seeds_are_played() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/recording");
        let seed = folder.join("small");
        if !seed.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&seed, with_choice(1, &small())).unwrap();
        }
        for file in std::fs::read_dir(folder).unwrap() {
            recording(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }

    #[test]
    fn a_length_alone_fills_no_memory() {
        let mut bytes = small();
        let start =
            Start { seed: 1, connection: String::new(), settings: String::new(), state_version: 0, granted: vec![] };
        let made = Made {
            name: "x".into(),
            version: "1".into(),
            hash: "0".into(),
            kind: 100,
            start,
            at: Timestamp::default(),
            state: vec![],
            lines: vec![],
        };
        put(&mut bytes, kinds::MADE, Timestamp::default(), &made);
        put_bytes(&mut bytes, 4_000, 9, Timestamp::default(), b"of a later version");
        let mut header = vec![0; HEADER];
        header[4..8].copy_from_slice(&(60u32 << 20).to_le_bytes());
        bytes.extend(header);
        recording(&with_choice(0, &bytes));
    }
}
