//! What clients ask, and the answers.

use serde_json::{Map, Value, json};

use super::{
    exchange::{Exchange, First, Refusal, refuse},
    frame::Message,
    ids::Kind,
    simulator::Simulator,
};
use crate::Client;

type Body = Map<String, Value>;
type Answer = Result<Value, Refusal>;

/// How many redirect rules a user has at most.
const REDIRECTS: usize = 16;
/// How long a custom event's parameter may be.
const PARAMETER: usize = 16 * 1024;

/// The name and the body of the reply, without its `qid`. `None`: no reply.
pub(crate) fn answer(simulator: &mut Simulator, session: Client, message: &Message) -> Option<(String, Body)> {
    let (method, body) = (message.method.as_str(), &message.body);
    if method == "ping" {
        let known = simulator.sessions.get_mut(&session)?;
        let first = !std::mem::replace(&mut known.pinged, true);
        let name = if first && simulator.faults.redirect { "websocketredirect" } else { "pong" };
        return Some((name.to_owned(), Body::new()));
    }
    if method == "whoareyou" {
        let iam = json!({ "type": "commserver", "name": "Oktell simulator", "version": version(simulator) });
        return Some(("iam".to_owned(), object(iam)));
    }
    let user = simulator.sessions.get(&session)?.user;
    let result = match (method, user) {
        ("login", _) => {
            let answer = login(simulator, session, body);
            let resumed = if text(body, "sessionid").is_empty() { "login" } else { "resumed" };
            match &answer {
                Ok(_) => simulator.visits.note(text(body, "userlogin"), resumed, ""),
                Err(Refusal(_, why)) => simulator.visits.note(text(body, "userlogin"), "refused", why),
            }
            answer
        }
        (_, None) => refuse(1, "Bad request. Session does not exist"),
        (_, Some(user)) if !is_own(simulator, user, body) => refuse(1, "Bad request. Invalid session user"),
        (_, Some(user)) => request(simulator, session, user, method, body),
    };
    let mut reply = match result {
        Ok(value) => {
            let mut reply = object(value);
            reply.entry("result").or_insert(1.into());
            reply
        }
        Err(Refusal(error, text)) => {
            let mut reply = object(json!({ "result": 0, "errormsg": text }));
            // Only these numbers are known; the others are the client's own and never on the wire.
            if error >= 50_000 {
                reply.insert("error".into(), error.into());
            }
            reply
        }
    };
    reply.remove("qid");
    let name = method.chars().take(64).collect::<String>() + "result";
    Some((name, reply))
}

fn object(value: Value) -> Body {
    match value {
        Value::Object(body) => body,
        _ => Body::new(),
    }
}

/// Requests may name their user; it must be the session's.
fn is_own(simulator: &Simulator, user: usize, body: &Body) -> bool {
    let login = body.get("userlogin").and_then(Value::as_str);
    login.is_none_or(|login| simulator.exchange.user_by_login(login) == Some(user))
}

fn text<'body>(body: &'body Body, name: &str) -> &'body str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Numbers come as text, and from some clients as numbers.
fn number(body: &Body, name: &str) -> String {
    match body.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn version(simulator: &Simulator) -> String {
    format!("2.12.0.{}", simulator.exchange.config.dated)
}

fn login(simulator: &mut Simulator, session: Client, body: &Body) -> Answer {
    if simulator.faults.service_down {
        return refuse(1, "Service not available");
    }
    let found = simulator.exchange.user_by_login(text(body, "userlogin"));
    let session_id = text(body, "sessionid");
    let (user, token) = if session_id.is_empty() {
        let user = found.filter(|user| {
            let user = &simulator.exchange.users[*user];
            text(body, "Password") == user.hash || user.lower_hash.as_deref() == Some(text(body, "password"))
        });
        let Some(user) = user else { return refuse(1, "Wrong login/pass combination") };
        (user, None)
    } else {
        let known = simulator.tokens.values().find(|(token, _)| token == session_id);
        match known.filter(|_| !simulator.faults.forget_sessions) {
            None => return refuse(1, "Bad request. Session does not exist"),
            Some((_, user)) if Some(*user) != found => return refuse(1, "Bad request. Invalid session user"),
            Some((token, user)) => (*user, Some(token.clone())),
        }
    };
    let others = || simulator.sessions.iter().filter(|(id, _)| **id != session).filter_map(|(_, known)| known.user);
    if simulator.exchange.users[user].desktop || (simulator.exchange.config.one_login && others().any(|it| it == user))
    {
        return refuse(50_093, "already registered");
    }
    let mut on_line: Vec<usize> = others().filter(|other| *other != user).collect();
    on_line.sort_unstable();
    on_line.dedup();
    let licences = simulator.exchange.config.licences;
    if licences > 0 && on_line.len() >= licences {
        return refuse(50_025, "online user limit");
    }
    let token = token.unwrap_or_else(|| simulator.new_token(user));
    if let Some(known) = simulator.sessions.get_mut(&session) {
        known.user = Some(user);
    }
    let user = &simulator.exchange.users[user];
    Ok(json!({ "userid": user.id, "userlogin": user.login, "sessionid": token }))
}

fn request(simulator: &mut Simulator, session: Client, user: usize, method: &str, body: &Body) -> Answer {
    let done = |result: Result<(), Refusal>| result.map(|()| json!({}));
    let late = simulator.faults.late_ms;
    let exchange = &mut simulator.exchange;
    match method {
        "logout" => {
            // The name stays until the socket is closed: clients ask for their line once more.
            simulator.tokens.retain(|_, (_, owner)| *owner != user);
            if let Some(known) = simulator.sessions.get_mut(&session) {
                known.left = true;
            }
            let login = simulator.exchange.users[user].login.clone();
            simulator.visits.note(&login, "logout", "");
            Ok(json!({}))
        }
        "subscribeevent" => {
            let names = match body.get("eventmethod").or_else(|| body.get("event")) {
                Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
                Some(Value::String(name)) => vec![name.as_str()],
                _ => return refuse(1, "eventmethod is missing"),
            };
            let known = simulator.sessions.get_mut(&session);
            if known.is_some_and(|known| names.iter().all(|name| known.subscribe(name))) {
                Ok(json!({}))
            } else {
                refuse(1, "There are too many subscriptions")
            }
        }
        "getversion" => Ok(json!({
            "version": { "dated": exchange.config.dated, "build": version(simulator), "webserverport": 80 },
            "alloweddbstoredprocs": {},
        })),
        "getmyuserinfo" => {
            let own = &exchange.users[user];
            Ok(json!({
                "userid": own.id,
                "username": own.name,
                "mainpbxnumber": own.number,
                "hasline": true,
                "lineid": own.line_id,
                "linenumber": format!("{:0>5}", own.number),
                "isoperator": true,
            }))
        }
        "cc_getlunchtypes" => {
            let items = (1..).zip(&exchange.config.lunch_reasons).map(|(id, name)| json!({ "id": id, "name": name }));
            Ok(json!({ "items": items.collect::<Vec<Value>>() }))
        }
        "getuserstate" => Ok(Value::Object(exchange.user_state(user))),
        "setuserstate" => {
            exchange.set_user_state(user, body)?;
            Ok(Value::Object(exchange.user_state(user)))
        }
        "entercallcenter" | "exitcallcenter" => {
            let wish = object(json!({ "oncallcenter": method == "entercallcenter" }));
            done(exchange.set_user_state(user, &wish))
        }
        "getredirectrules" => {
            let rules: Vec<Value> = exchange.users[user].redirects.values().cloned().collect();
            Ok(json!({ "redirectrules": rules }))
        }
        "saveredirectrules" => {
            let Some(Value::Object(rule)) = body.get("redirectrule") else {
                return refuse(1, "redirectrule is missing");
            };
            let (id, rules) = (text(rule, "id").to_owned(), &mut exchange.users[user].redirects);
            if id.is_empty() || id.len() > 64 || (rules.len() >= REDIRECTS && !rules.contains_key(&id)) {
                return refuse(1, "The rule has no id, or there are too many");
            }
            let kept = ["id", "caption", "priority", "userid", "isenabled", "state", "destinationnumber"];
            let kept = kept.iter().filter_map(|name| Some(((*name).to_owned(), short(rule.get(*name)?)?)));
            rules.insert(id, Value::Object(kept.collect()));
            Ok(json!({}))
        }
        "deleteredirectrules" => {
            let ids = body.get("ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            for id in ids {
                exchange.users[user].redirects.remove(id);
            }
            Ok(json!({}))
        }
        "getpbxnumbers" => {
            let numbers = (1..).zip(exchange.users.iter().enumerate()).map(|(id, (index, one))| {
                json!({
                    "id": exchange.ids.of(Kind::Number, id),
                    "number": one.number,
                    "caption": one.name,
                    "state": exchange.number_state(index),
                    "userid": one.id,
                })
            });
            Ok(json!({ "numbers": numbers.collect::<Vec<Value>>() }))
        }
        "getallusernumbers" => {
            let chief = exchange.users[user].supervisor;
            let users = exchange.users.iter().enumerate().map(|(index, one)| {
                let mut record = json!({ "id": one.id, "name": one.name, "main": one.number, "nums": [one.number] });
                if chief && index != user {
                    record["sub"] = 1.into();
                }
                record
            });
            Ok(json!({ "users": users.collect::<Vec<Value>>() }))
        }
        "getalluserphotolink" => Ok(json!({ "links": [] })),
        "getcurrentqueue" => Ok(json!({ "queue": exchange.queue_of(user) })),
        "getextendedlineinfo" => Ok(exchange.line_info_ago(user, late)),
        "getflashedabonentinfo" => {
            let info = exchange.line_info_ago(user, late);
            Ok(
                json!({ "containsflashed": info["isflashing"], "abonent": info.get("flashed").cloned().unwrap_or(json!({})) }),
            )
        }
        "pbxautocallstart" => {
            let first = if text(body, "sequence") == "abonent" { First::Far } else { First::Own };
            done(exchange.auto_call(user, &number(body, "number"), first))
        }
        "pbxautocallabort" => done(exchange.abort_dialling(user)),
        "pbxanswercall" if !exchange.users[user].auto_answer => refuse(2902, "The phone cannot answer by itself"),
        "pbxanswercall" => done(exchange.answer(user)),
        "pbxdeclinecall" => done(exchange.decline(user)),
        "pbxabortcall" => done(exchange.leave(user)),
        "pbxmakeflash" => match text(body, "mode") {
            "switch" | "next" => done(exchange.switch(user)),
            "abort" => done(exchange.return_to_held(user)),
            _ => refuse(2402, "mode is switch or abort"),
        },
        "pbxmaketransfer" | "pbxtransfercall" => done(exchange.transfer(user, &number(body, "transferto"))),
        "getchaincontent" => {
            let own = exchange.chain_of(user).unwrap_or_default();
            let chain = Some(text(body, "chainid")).filter(|chain| !chain.is_empty()).unwrap_or(&own);
            Ok(json!({ "content": { "trace": exchange.journal.trace(chain) } }))
        }
        "getpbxcalljournal" => {
            let chain = body.get("filter").and_then(|filter| filter["idchain"].as_str());
            Ok(json!({ "data": exchange.journal.rows(chain) }))
        }
        "gettemphttppass" => Ok(json!({ "result": true, "password": exchange.ids.next(Kind::Password) })),
        "changepassword" => change_password(simulator, user, body),
        "triggercustomevent" => custom_event(simulator, user, body),
        "getuserphoto" | "methodresult" => Ok(json!({})),
        "execpredefineddbstoredproc" => refuse(1, "The procedure is not allowed"),
        _ => conference(simulator, user, method, body),
    }
}

/// Values that may be kept: no nests, no novels.
fn short(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(text.chars().take(64).collect::<String>().into()),
        Value::Number(_) | Value::Bool(_) => Some(value.clone()),
        _ => None,
    }
}

fn change_password(simulator: &mut Simulator, user: usize, body: &Body) -> Answer {
    let own = &mut simulator.exchange.users[user];
    let (old, new) = (text(body, "oldpwdmd5"), text(body, "newpwdmd5"));
    if old != own.hash {
        return refuse(2801, "old password is wrong");
    }
    if new.len() != 32 || !new.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return refuse(2802, "newpwdmd5 is no MD5");
    }
    own.hash = new.to_lowercase();
    // The hash of the lower-cased password does not follow from the other one.
    own.lower_hash = None;
    Ok(json!({}))
}

fn custom_event(simulator: &mut Simulator, user: usize, body: &Body) -> Answer {
    let name = text(body, "eventname");
    let parameter = body.get("eventparam").cloned().unwrap_or(Value::Null);
    if name.is_empty() || name.len() > 128 || parameter.to_string().len() > PARAMETER {
        return refuse(1, "eventname is missing, or the event is too long");
    }
    let exchange = &mut simulator.exchange;
    let named = body.get("recipients").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut to: Vec<usize> = Vec::new();
    for recipient in named {
        let by_id = exchange.users.iter().position(|one| one.id == recipient);
        to.extend(by_id.or_else(|| exchange.user_by_login(recipient)));
    }
    if body.get("sendback").is_some_and(|back| back == &json!(1) || back == &json!(true)) {
        to.push(user);
    }
    to.sort_unstable();
    to.dedup();
    for user in to {
        exchange.custom_event(user, name, &parameter);
    }
    Ok(json!({}))
}

fn conference(simulator: &mut Simulator, user: usize, method: &str, body: &Body) -> Answer {
    let exchange = &mut simulator.exchange;
    let id = Some(text(body, "conferenceid")).filter(|id| !id.is_empty());
    let competitors = |exchange: &Exchange| -> Vec<String> {
        let list = body.get("competitors").and_then(Value::as_array).into_iter().flatten().take(64);
        let number = |one: &Value| {
            let by_id = one["userid"].as_str().and_then(|id| exchange.users.iter().find(|user| user.id == id));
            by_id.map(|user| user.number.clone()).or_else(|| one["number"].as_str().map(str::to_owned))
        };
        list.filter_map(number).collect()
    };
    let competitor = body.get("competitor").and_then(|one| one["competitorid"].as_str()).unwrap_or_default();
    match method {
        "buildconferencefromcommutation" => Ok(json!({ "conferenceid": exchange.conference_from_call(user)? })),
        "createnewconference" => {
            let wish = body.get("conference").cloned().unwrap_or(Value::Null);
            let field = |name: &str| wish[name].as_str().unwrap_or_default().to_owned();
            let numbers = competitors(exchange);
            let id = exchange.create_conference(user, &field("name"), &field("room"), &numbers)?;
            Ok(json!({ "conferenceid": id }))
        }
        "getconferenceinfo" => Ok(match exchange.conference(user, id) {
            Ok(found) => {
                json!({ "conference": exchange.conference_info(found), "competitors": exchange.competitors(found) })
            }
            // Seen to be answered so, without anything, where there is none.
            Err(_) => json!({}),
        }),
        "invitetoconference" => {
            let found = exchange.conference(user, id)?;
            for number in competitors(exchange) {
                exchange.invite_number(user, found, &number);
            }
            Ok(json!({}))
        }
        "getconferencecompetitors" => {
            let found = exchange.conference(user, id)?;
            Ok(json!({ "competitorlist": exchange.competitors(found) }))
        }
        "confdisconnectcompetitor" => {
            let found = exchange.conference(user, id)?;
            exchange.disconnect_competitor(found, competitor)?;
            Ok(json!({}))
        }
        "exitconference" => {
            let found = exchange.conference(user, id)?;
            exchange.exit_conference(user, found)?;
            Ok(json!({}))
        }
        "checkcanconnecttogathertoconference" => {
            Ok(json!({ "canconnecttogather": exchange.can_conference_both(user) }))
        }
        "connecttogathertoconference" => Ok(json!({ "conferenceid": exchange.conference_of_both(user)? })),
        "confhandleevent" | "confsetvoiceparams" => exchange.conference(user, id).map(|_| json!({})),
        "attachasghost" => {
            let ghosted = text(body, "ghostedid");
            match exchange.users.iter().position(|one| one.id == ghosted) {
                Some(ghosted) => exchange.attach_ghost(user, ghosted).map(|()| json!({})),
                None => refuse(52_710, "There is no such user"),
            }
        }
        "confsetghostmode" => {
            let found = exchange.conference(user, id)?;
            exchange.set_ghost_mode(user, found, text(body, "ghostmode"))?;
            Ok(json!({}))
        }
        _ => refuse(1, "Unknown method"),
    }
}
