//! Commands that move telephones.

use serde_json::json;

use super::{Answer, Given, done};
use crate::constants::*;
use crate::exchange::{LegId, Party};
use crate::service::Service;

pub(crate) fn obey(service: &mut Service, given: &Given) -> Option<Answer> {
    Some(match given.text("do") {
        "call" => call(service, given),
        "dial" => dial(service, given),
        "answer" => answer(service, given),
        "hangup" => hang_up(service, given),
        "hold" => with(service, given, |leg| leg.state == LINECALLSTATE_CONNECTED, |exchange, id| exchange.hold(id)),
        "unhold" => with(service, given, |leg| leg.state == LINECALLSTATE_ONHOLD, |exchange, id| exchange.unhold(id)),
        "digits" => digits(service, given),
        "state" => state(service, given),
        "info" => info(service, given),
        "steal" => steal(service, given),
        _ => return None,
    })
}

/// A call from outside.
fn call(service: &mut Service, given: &Given) -> Answer {
    let from = Party {
        number: given.text("from").to_owned(),
        name: given.text("name").to_owned(),
        blocked: given.flag("blocked", false),
    };
    let to = given.needed("to")?.to_owned();
    let by = Some(given.text("by")).filter(|by| !by.is_empty()).map(|by| Party::new(by, given.text("by_name")));
    let called = given.text("called").to_owned();
    let display = given.text("display").to_owned();
    let user_user = given.text("user_user").as_bytes().to_vec();
    let id = service.with_exchange(|exchange| {
        exchange.call_in(&from, &to, by, |leg| {
            leg.called = Party::new(&called, "");
            leg.display = display;
            leg.user_user = user_user;
        })
    });
    let call = service.exchange.legs.get(&id).map_or(0, |leg| leg.call);
    Ok(json!({"call": call}))
}

/// Somebody lifts the handset at an address, and dials.
fn dial(service: &mut Service, given: &Given) -> Answer {
    let spot = service.exchange.spot_of(given.needed("number")?).ok_or("there is no such address")?;
    let to = given.text("to").to_owned();
    let call = service.with_exchange(|exchange| {
        let id = exchange.lift(spot)?;
        if !to.is_empty() {
            exchange.dial(id, &to)?;
        }
        exchange.leg(id).map(|leg| leg.call)
    });
    call.map(|call| json!({"call": call})).map_err(named)
}

/// Somebody answers what rings at a number, here or outside.
fn answer(service: &mut Service, given: &Given) -> Answer {
    with(service, given, crate::exchange::Leg::is_ringing, |exchange, id| exchange.answer(id))
}

/// Somebody hangs up at a number. With a `mode` the other side is told that one (`BUSY`, `NOANSWER` …).
fn hang_up(service: &mut Service, given: &Given) -> Answer {
    let mode = given.text("mode");
    if mode.is_empty() {
        return with(service, given, |leg| leg.state != LINECALLSTATE_IDLE, |exchange, id| exchange.end(id));
    }
    let mode = disconnect_named(mode).ok_or_else(|| format!("there is no LINEDISCONNECTMODE_{mode}"))?;
    with(
        service,
        given,
        |leg| leg.state != LINECALLSTATE_IDLE,
        |exchange, id| {
            let peer = exchange.peer(id);
            if let Some(peer) = peer {
                exchange.unlink(peer);
            }
            exchange.unlink(id);
            exchange.end(id)?;
            if let Some(peer) = peer {
                exchange.lost(peer, mode);
            }
            Ok(())
        },
    )
}

/// The telephone at a number sends digits to the other side.
fn digits(service: &mut Service, given: &Given) -> Answer {
    let digits: Vec<char> = given.needed("digits")?.chars().filter(char::is_ascii).take(100).collect();
    with(
        service,
        given,
        |leg| leg.state == LINECALLSTATE_CONNECTED,
        |exchange, id| {
            for digit in digits {
                exchange.hear(id, digit);
            }
            Ok(())
        },
    )
}

/// Puts a call at a number into any state: a driver that says what it likes.
fn state(service: &mut Service, given: &Given) -> Answer {
    let name = given.needed("state")?;
    let state = state_named(name).ok_or_else(|| format!("there is no LINECALLSTATE_{name}"))?;
    let mode = u32::try_from(given.number("mode").unwrap_or(0)).unwrap_or(0);
    with(
        service,
        given,
        |leg| leg.state != LINECALLSTATE_IDLE,
        |exchange, id| {
            exchange.set(id, state, mode);
            Ok(())
        },
    )
}

/// What is known of a call at a number changes.
fn info(service: &mut Service, given: &Given) -> Answer {
    let mut changes = Vec::new();
    for (key, bit) in [
        ("caller", LINECALLINFOSTATE_CALLERID),
        ("called", LINECALLINFOSTATE_CALLEDID),
        ("connected", LINECALLINFOSTATE_CONNECTEDID),
        ("redirection", LINECALLINFOSTATE_REDIRECTIONID),
        ("redirecting", LINECALLINFOSTATE_REDIRECTINGID),
        ("display", LINECALLINFOSTATE_DISPLAY),
        ("user_user", LINECALLINFOSTATE_USERUSERINFO),
    ] {
        if given.value(key).is_some() {
            changes.push((key, bit, given.text(key).to_owned()));
        }
    }
    let name = given.text("name").to_owned();
    let call = given.number("call").and_then(|call| u32::try_from(call).ok());
    with(
        service,
        given,
        |leg| leg.state != LINECALLSTATE_IDLE,
        |exchange, id| {
            let mut bits = 0;
            let leg = exchange.leg_mut(id)?;
            for (key, bit, text) in changes {
                bits |= bit;
                let party = Party::new(&text, &name);
                match key {
                    "caller" => leg.caller = party,
                    "called" => leg.called = party,
                    "connected" => leg.connected = party,
                    "redirection" => leg.redirection = party,
                    "redirecting" => leg.redirecting = party,
                    "display" => leg.display = text,
                    _ => leg.user_user = text.into_bytes(),
                }
            }
            if let Some(call) = call {
                leg.call = call;
                bits |= LINECALLINFOSTATE_CALLID;
            }
            exchange.info(id, bits);
            Ok(())
        },
    )
}

/// Another program takes a call over: who owned it is a monitor from now on, and is told so.
fn steal(service: &mut Service, given: &Given) -> Answer {
    let number = given.needed("number")?;
    let leg = find(service, number, |leg| leg.state != LINECALLSTATE_IDLE)?;
    let (state, mode) = service.exchange.leg(leg).map_or((0, 0), |leg| (leg.state, leg.mode));
    let mut messages = Vec::new();
    for (id, handle) in &mut service.handles {
        if handle.leg == leg && handle.privilege == LINECALLPRIVILEGE_OWNER {
            handle.privilege = LINECALLPRIVILEGE_MONITOR;
            if let Some(open) = service.opens.get(&handle.open) {
                let parameters = [state as usize, mode as usize, LINECALLPRIVILEGE_MONITOR as usize];
                let message = crate::service::message(*id, LINE_CALLSTATE, open.instance, parameters);
                messages.push((open.program, message));
            }
        }
    }
    service.count_owners(leg);
    service.push_all(messages);
    service.tell_info(leg, LINECALLINFOSTATE_NUMOWNERDECR | LINECALLINFOSTATE_NUMMONITORS);
    done()
}

/// Does something with the call at a number that fits.
fn with(
    service: &mut Service,
    given: &Given,
    fits: impl Fn(&crate::exchange::Leg) -> bool,
    work: impl FnOnce(&mut crate::exchange::Exchange, LegId) -> Result<(), u32>,
) -> Answer {
    let leg = find(service, given.needed("number")?, fits)?;
    service.with_exchange(|exchange| work(exchange, leg)).map_err(named)?;
    done()
}

/// The newest call of a number that fits.
fn find(service: &Service, number: &str, fits: impl Fn(&crate::exchange::Leg) -> bool) -> Result<LegId, String> {
    let newest = service.exchange.legs.values().rev().find(|leg| leg.number == number && fits(leg));
    newest.map(|leg| leg.id).ok_or_else(|| format!("there is no such call at {number}"))
}

fn named(error: u32) -> String {
    format!("LINEERR {error:#010x}")
}
