//! Commands that break things.

use std::sync::Arc;

use super::{Answer, Given, done};
use crate::config::{Config, Crash, Fault, Quirks, Times};
use crate::service::{Service, Standing, message};

/// The most messages that one command makes.
const MOST: u64 = 200_000;

pub(crate) fn obey(service: &mut Service, given: &Given) -> Option<Answer> {
    Some(match given.text("do") {
        "fault" => given.read("fault").and_then(|fault| add(service, vec![fault])),
        "faults" => given.read("faults").and_then(|faults| {
            service.faults.clear();
            add(service, faults)
        }),
        "quirks" => given.read::<Quirks>("quirks").and_then(|quirks| change(service, |config| config.quirks = quirks)),
        "times" => given.read::<Times>("times").and_then(|times| change(service, |config| config.times = times)),
        "message" => raw(service, given),
        "crash" => given.read::<Crash>("how").and_then(|how| {
            how.now();
            done()
        }),
        // With the lock: every function waits for it.
        "hang" => {
            std::thread::sleep(std::time::Duration::from_millis(given.number("ms").unwrap_or(u64::MAX / 1_000_000)));
            done()
        }
        _ => return None,
    })
}

fn add(service: &mut Service, faults: Vec<Fault>) -> Answer {
    for fault in &faults {
        fault.check()?;
    }
    service.faults.extend(faults.into_iter().map(Standing::new));
    done()
}

fn change(service: &mut Service, with: impl FnOnce(&mut Config)) -> Answer {
    let mut config = (*service.config).clone();
    with(&mut config);
    service.config = Arc::new(config);
    service.exchange.config = Arc::clone(&service.config);
    done()
}

/// Any message, to all programs, as often as wanted.
fn raw(service: &mut Service, given: &Given) -> Answer {
    let word = |key: &str| given.number(key).unwrap_or(0);
    let parameters: Vec<u64> =
        given.value("parameters").map(|_| given.read("parameters")).transpose()?.unwrap_or_default();
    let parameter = |at: usize| parameters.get(at).and_then(|p| usize::try_from(*p).ok()).unwrap_or(0);
    let [id, device] = ["message", "device"].map(|key| u32::try_from(word(key)).unwrap_or(0));
    let instance = usize::try_from(word("instance")).unwrap_or(0);
    let made = message(device, id, instance, [parameter(0), parameter(1), parameter(2)]);
    let times = given.number("times").unwrap_or(1).min(MOST);
    let programs: Vec<u32> = service.programs.keys().copied().collect();
    for program in programs {
        for _ in 0..times {
            service.push(program, made);
        }
    }
    done()
}
