//! Commands that show what there is, and let time go on.

use serde_json::{Value, json};

use super::{Answer, Given, done};
use crate::constants::*;
use crate::service::Service;

pub(crate) fn obey(service: &mut Service, given: &Given) -> Option<Answer> {
    Some(match given.text("do") {
        "count" => Ok(count(service)),
        "show" => Ok(show(service)),
        "advance" => {
            service.advance(given.number("ms").unwrap_or(0));
            done()
        }
        _ => return None,
    })
}

/// How many of everything there are, and how many there were: who leaks, leaks here.
fn count(service: &Service) -> Value {
    let counters = service.counters;
    let outside = service.exchange.legs.values().filter(|leg| leg.spot.is_none()).count();
    json!({
        "programs": service.programs.len(),
        "lines": service.opens.len(),
        "handles": service.handles.len(),
        "calls": service.exchange.legs.len() - outside,
        "outside": outside,
        "parked": service.exchange.parked.len(),
        "requests": service.requests.len(),
        "waiting": service.programs.values().map(|program| program.queue.len()).sum::<usize>(),
        "due": service.jobs.len(),
        "made": {
            "messages": counters.messages,
            "requests": counters.requests,
            "replies": counters.replies,
            "handles": counters.handles,
            "given_back": counters.given_back,
            "lines": counters.lines,
            "closed": counters.closed,
        },
    })
}

fn show(service: &Service) -> Value {
    let calls: Vec<Value> = service
        .exchange
        .legs
        .values()
        .map(|leg| {
            let handles: Vec<Value> = service
                .handles
                .iter()
                .filter(|(_, handle)| handle.leg == leg.id)
                .map(|(id, handle)| json!({"handle": id, "owner": handle.privilege == LINECALLPRIVILEGE_OWNER}))
                .collect();
            let peer = leg.peer.and_then(|peer| service.exchange.legs.get(&peer)).map(|peer| peer.number.clone());
            json!({
                "number": leg.number,
                "outside": leg.spot.is_none(),
                "state": state_name(leg.state),
                "mode": leg.mode,
                "call": leg.call,
                "peer": peer,
                "conference": leg.is_conference,
                "handles": handles,
            })
        })
        .collect();
    let programs: Vec<Value> =
        service.programs.values().map(|program| json!({"name": program.name, "api": program.api})).collect();
    json!({
        "now": service.now(),
        "calls": calls,
        "programs": programs,
        "parked": service.exchange.parked.keys().collect::<Vec<_>>(),
        "extensions": service.extensions(),
        "requests": service.requests.values().map(|request| request.function).collect::<Vec<_>>(),
    })
}
