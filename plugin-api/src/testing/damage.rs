//! States that nobody saved: cut, changed, of others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::driver::{DriveError, Driver};
use crate::adapter::Adapter;
use crate::frame::saved::{self, SavedHead};
use crate::random::Random;

/// Gives an adapter damaged states, each made from what `driver`'s adapter saves now, and sees that it takes them as an
/// adapter must: what is cut or changed on its way is refused, and a state that is wrong *within* (as a faulty version
/// could write it) is refused or gone on from, but never ends in a panic.
///
/// `rounds` is how many changed states there are of each kind; the same ones in every run. `then` goes on with a
/// restored adapter: give it inputs of all kinds. What it says does not matter, and neither do errors.
///
/// # Errors
/// What was done to the state, and what the adapter made of it.
pub fn damaged_states<A: Adapter>(
    driver: &Driver<A>,
    rounds: u32,
    then: impl Fn(&mut Driver<A>),
) -> Result<(), String> {
    let saved = driver.save().map_err(|e| e.to_string())?.ok_or("the adapter does not save its state")?;
    let (head, state) = saved::read(&saved).map_err(|e| e.to_string())?;
    restored(driver, &saved).map_err(|e| format!("the state as it was saved: {e}"))?;

    let refused = |what: String, bytes: &[u8]| match guarded(|| restored(driver, bytes))? {
        Err(DriveError::Restore(_)) => Ok(()),
        Err(other) => Err(format!("{what}: not refused as a state: {other}")),
        Ok(_) => Err(format!("{what}: was taken")),
    };
    let endured = |what: String, bytes: &[u8]| {
        let went_on = guarded(|| {
            if let Ok(mut driver) = restored(driver, bytes) {
                then(&mut driver);
            }
        });
        went_on.map_err(|panic| format!("{what}: {panic}"))
    };
    let again = |state: &[u8]| saved::write(&head, state);

    // On the way: every cut, and changes anywhere.
    for end in 0..saved.len() {
        refused(format!("cut after {end} of {} bytes", saved.len()), &saved[..end])?;
    }
    let mut numbers = Random::new(1);
    for round in 0..rounds {
        let mut bytes = saved.clone();
        let places = change(&mut bytes, &mut numbers);
        refused(format!("round {round}, changed on its way at {places:?}"), &bytes)?;
    }
    // Of somebody else.
    let SavedHead { state_version, ref plugin, .. } = head;
    let manifest = A::manifest();
    for (plugin, state_version) in [
        (format!("{plugin}-2"), state_version),
        (plugin.clone(), manifest.state_version + 1),
        (plugin.clone(), manifest.oldest_state_version.wrapping_sub(1)),
    ] {
        let what = format!("state {state_version} of `{plugin}`");
        let head = SavedHead { plugin, state_version, ..head.clone() };
        refused(what, &saved::write(&head, state)?)?;
    }
    // Within: cut, changed, random, nothing.
    let step = (state.len() / 256).max(1);
    for end in (0..state.len()).step_by(step) {
        endured(format!("a state cut after {end} of {} bytes", state.len()), &again(&state[..end])?)?;
    }
    for round in 0..rounds {
        let mut bytes = state.to_vec();
        let places = change(&mut bytes, &mut numbers);
        endured(format!("round {round}, a state changed at {places:?}"), &again(&bytes)?)?;
        let noise: Vec<u8> = (0..numbers.next() % 64).map(|_| numbers.next().to_le_bytes()[0]).collect();
        endured(format!("round {round}, the state {noise:?}"), &again(&noise)?)?;
    }
    Ok(())
}

fn restored<A: Adapter>(driver: &Driver<A>, saved: &[u8]) -> Result<Driver<A>, DriveError> {
    driver.restored(&driver.settings, saved)
}

/// Changes up to three bytes, often by one bit; where.
fn change(bytes: &mut [u8], numbers: &mut Random) -> Vec<usize> {
    let mut places = Vec::new();
    if bytes.is_empty() {
        return places;
    }
    for _ in 0..=numbers.next() % 3 {
        let at = usize::try_from(numbers.next() % bytes.len() as u64).unwrap_or(0);
        // The same place twice could undo the change.
        if !places.contains(&at) {
            let [one, two, ..] = numbers.next().to_le_bytes();
            bytes[at] ^= if one < 192 { 1 << (two % 8) } else { two.max(1) };
            places.push(at);
        }
    }
    places
}

fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        format!("a panic: {}", text.unwrap_or("without a text"))
    })
}
