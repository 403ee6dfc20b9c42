//! Commands that move lines, agents and the service itself.

use serde_json::json;

use super::{Answer, Given, done};
use crate::config::Line;
use crate::constants::*;
use crate::exchange::{Forward, Spot};
use crate::service::{Service, message};

pub(crate) fn obey(service: &mut Service, given: &Given) -> Option<Answer> {
    Some(match given.text("do") {
        "service" => switch(service, given, crate::exchange::Exchange::set_service),
        "connected" => switch(service, given, crate::exchange::Exchange::set_connected),
        "message_waiting" => switch(service, given, crate::exchange::Exchange::set_message_waits),
        "close" => device(service, given).and_then(|device| {
            close(service, device);
            done()
        }),
        "dev_specific" => dev_specific(service, given),
        "remove" => remove(service, given),
        "create" => create(service, given),
        "reinit" => reinit(service),
        "stop" => {
            service.stopped = true;
            done()
        }
        "start" => {
            service.stopped = false;
            done()
        }
        "agent" => agent(service, given),
        "agents" => agents(service, given),
        "forward" => forward(service, given),
        _ => return None,
    })
}

/// The line that a command means: by its device number, or by its name.
fn device(service: &Service, given: &Given) -> Result<u32, String> {
    if let Some(number) = given.number("line") {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        return service.exchange.device(number).map(|_| number).ok_or_else(|| format!("there is no line {number}"));
    }
    let name = given.needed("line")?;
    let found =
        service.exchange.devices.iter().zip(0..).find(|(device, _)| !device.removed && device.line.name == name);
    found.map(|(_, at)| at).ok_or_else(|| format!("there is no line `{name}`"))
}

fn spot(service: &Service, given: &Given) -> Result<Spot, String> {
    service.exchange.spot_of(given.needed("number")?).ok_or_else(|| "there is no such address".to_owned())
}

fn switch(service: &mut Service, given: &Given, set: impl FnOnce(&mut crate::exchange::Exchange, u32, bool)) -> Answer {
    let device = device(service, given)?;
    let on = given.flag("on", false);
    service.with_exchange(|exchange| set(exchange, device, on));
    done()
}

/// The driver closes a line under its programs.
fn close(service: &mut Service, device: u32) {
    let opens: Vec<u32> = service.opens.iter().filter(|(_, open)| open.device == device).map(|(id, _)| *id).collect();
    for id in opens {
        if let Ok(open) = service.close(id) {
            service.push(open.program, message(id, LINE_CLOSE, open.instance, [0; 3]));
        }
    }
}

/// The driver tells something in its own words, to whoever has the line open with its extension.
fn dev_specific(service: &mut Service, given: &Given) -> Answer {
    let device = device(service, given)?;
    let parameters: [u32; 3] = given.read("parameters")?;
    let users = service.opens.iter().filter(|(_, open)| open.device == device && open.extension != 0);
    let messages = users
        .map(|(id, open)| {
            let parameters = parameters.map(|parameter| parameter as usize);
            (open.program, message(*id, LINE_DEVSPECIFIC, open.instance, parameters))
        })
        .collect();
    service.push_all(messages);
    done()
}

/// A line is taken out of the computer.
fn remove(service: &mut Service, given: &Given) -> Answer {
    let device = device(service, given)?;
    service.with_exchange(|exchange| exchange.set_connected(device, false));
    close(service, device);
    if let Some(there) = service.exchange.devices.get_mut(device as usize) {
        there.removed = true;
    }
    everybody(service, |id| (id, message(0, LINE_REMOVE, 0, [device as usize, 0, 0])));
    done()
}

/// A line is put into the computer.
fn create(service: &mut Service, given: &Given) -> Answer {
    let line: Line = given.read("line")?;
    if line.addresses.is_empty() {
        return Err("a line has one address at least".to_owned());
    }
    let device = service.exchange.add_line(line);
    everybody(service, |id| (id, message(0, LINE_CREATE, 0, [device as usize, 0, 0])));
    Ok(json!({"device": device}))
}

/// All programs are told to begin anew; nobody new is let in before they have.
fn reinit(service: &mut Service) -> Answer {
    service.reinit = !service.programs.is_empty();
    everybody(service, |id| (id, message(0, LINE_LINEDEVSTATE, 0, [LINEDEVSTATE_REINIT as usize, 0, 0])));
    done()
}

fn everybody(service: &mut Service, make: impl Fn(u32) -> (u32, crate::layout::LINEMESSAGE)) {
    let messages = service.programs.keys().map(|id| make(*id)).collect();
    service.push_all(messages);
}

/// Somebody else moves an agent: a supervisor, or the agent's own telephone.
fn agent(service: &mut Service, given: &Given) -> Answer {
    let spot = spot(service, given)?;
    let word = |key: &str| -> Result<u32, String> {
        match given.text(key) {
            "" => Ok(0),
            name => agent_state_named(name).ok_or_else(|| format!("there is no LINEAGENTSTATE_{name}")),
        }
    };
    let (state, next) = (word("state")?, word("next")?);
    let activity = given.number("activity").and_then(|activity| u32::try_from(activity).ok());
    let groups: Option<Vec<usize>> = given.value("groups").map(|_| given.read("groups")).transpose()?;
    let done_with = service.with_exchange(|exchange| {
        if let Some(groups) = groups {
            let ids: Vec<_> = groups.into_iter().map(|place| crate::exchange::group_id(spot, place)).collect();
            exchange.set_agent_groups(spot, &ids)?;
        }
        exchange.set_agent_state(spot, state, next)?;
        activity.map_or(Ok(()), |activity| exchange.set_agent_activity(spot, activity))
    });
    done_with.map_err(|error| format!("LINEERR {error:#010x}"))?;
    done()
}

/// The agent handler comes or goes.
fn agents(service: &mut Service, given: &Given) -> Answer {
    let served = given.flag("served", true);
    if service.agents_served == served {
        return done();
    }
    service.agents_served = served;
    let status = if served { LINEPROXYSTATUS_OPEN } else { LINEPROXYSTATUS_CLOSE };
    let mut messages = Vec::new();
    for (id, open) in &service.opens {
        let here = service.exchange.spots(open.device).into_iter();
        let agents = here.filter_map(|spot| service.exchange.desks.get(&spot)).any(|desk| desk.agent.is_some());
        if open.api >= crate::layout::V2_2 && agents {
            for kind in [LINEPROXYREQUEST_SETAGENTSTATE, LINEPROXYREQUEST_GETAGENTSTATUS] {
                let parameters = [status as usize, kind as usize, 0];
                messages.push((open.program, message(*id, LINE_PROXYSTATUS, open.instance, parameters)));
            }
        }
    }
    service.push_all(messages);
    done()
}

/// Somebody sets a forward at the telephone itself. Without `to` it is "do not disturb"; without `mode` it is taken back.
fn forward(service: &mut Service, given: &Given) -> Answer {
    let spot = spot(service, given)?;
    let forwards = match given.text("mode") {
        "" => Vec::new(),
        name => {
            let mode = forward_named(name).ok_or_else(|| format!("there is no LINEFORWARDMODE_{name}"))?;
            let to = given.text("to").to_owned();
            vec![Forward { mode, caller: given.text("caller").to_owned(), country: 0, to }]
        }
    };
    let rings = u32::try_from(given.number("rings").unwrap_or(0)).unwrap_or(0);
    let set = service.with_exchange(|exchange| exchange.set_forwards(spot, forwards, rings));
    set.map_err(|error| format!("LINEERR {error:#010x}"))?;
    done()
}
