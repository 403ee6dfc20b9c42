//! `PATCH /api/v1/calls/{callId}`: comment, result, links.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json};
use axum::routing::patch;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::calls::{etag, tagged};
use super::document::{Operation, Reply, schema_of};
use super::view::Call;
use super::{Answer, Asker, Host, Refusal, whole_body};
use crate::store::{CallLink, Edit, Outcome, query};

/// The largest body.
const LARGEST: usize = 64 * 1024;
/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 4_000;
/// The most links of a call.
const MOST_LINKS: usize = 32;
/// The longest text of a link, in characters.
const LONGEST_LINK: usize = 200;

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// What to remember of the call, 4000 characters at most; null takes it away.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<String>", length(max = 4000))]
    comment: Option<Option<String>>,
    /// Another result than the phone system's; null gives that back.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<Outcome>")]
    result: Option<Option<Outcome>>,
    /// All records of the CRM that are tied to the call, 32 at most.
    #[serde(default)]
    #[schemars(with = "Vec<CallLink>", length(max = 32))]
    links: Option<Vec<CallLink>>,
}

/// Null that was said is another thing than nothing said.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The edit.
pub(super) fn change() -> Operation {
    Operation {
        method: "patch",
        path: "/api/v1/calls/{callId}",
        id: "editCall",
        summary: "Changes comment, result or links of a call (RFC 7396)",
        parameters: |_| Vec::new(),
        headers: &[("If-Match", "The `ETag` of the call as you know it; somebody else may have changed it since")],
        body: Some(("application/merge-patch+json", schema_of::<Change>)),
        replies: &[Reply {
            status: 200,
            about: "The call now",
            content: Some(("application/json", schema_of::<Call>)),
        }],
        problems: &[400, 401, 403, 404, 408, 412, 413, 415, 428, 503],
        route: patch(edit),
    }
}

async fn edit(State(shared): Host, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let asker = Asker::of(&shared, &headers)?;
    if !asker.user.role.commands() {
        let text = format!("a {} sees calls, but does not edit them", asker.user.role.as_str());
        return Err(Refusal::new(StatusCode::FORBIDDEN, &text));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !["application/json", "application/merge-patch+json"].contains(&kind) {
        let text = "the body is JSON (Content-Type: application/merge-patch+json)";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let body = whole_body(body, LARGEST).await?;
    let told = |e: serde_json::Error| Refusal::bad(&format!("the body is not understood: {e}"));
    // An object first: a list would be taken for one, field by field.
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&body).map_err(told)?;
    let change: Change = serde_json::from_value(object.into()).map_err(told)?;
    check(&change)?;
    let (sees, wanted) = (asker.sees(), id.clone());
    let found = asker.store.read(move |database| query::whole(database, &wanted, &sees)).await?;
    let now = found.ok_or_else(Refusal::no_call)?.call;
    let expected = expected(&headers, now.revision)?;
    let edit =
        Edit { comment: change.comment, result: change.result, links: change.links, by: asker.user.name.clone() };
    match asker.store.edit(&id, expected, edit).await? {
        Ok(call) => {
            tracing::info!(target: "audit", user = %asker.user.name, call = id, "edited");
            Ok(tagged(etag(call.revision), Json(Call::from(call)).into_response()))
        }
        Err(Some(call)) => Err(changed(call.revision)),
        Err(None) => Err(Refusal::no_call()),
    }
}

/// The revision that the client knows.
fn expected(headers: &HeaderMap, now: i64) -> Result<i64, Refusal> {
    let Some(known) = headers.get(header::IF_MATCH) else {
        let text = "say which revision of the call you mean: If-Match with its ETag";
        return Err(Refusal::new(StatusCode::PRECONDITION_REQUIRED, text));
    };
    if known == "*" || *known == etag(now) { Ok(now) } else { Err(changed(now)) }
}

fn changed(now: i64) -> Refusal {
    let text = format!("the call has been changed since; it is of revision {now} now");
    Refusal::new(StatusCode::PRECONDITION_FAILED, &text)
}

fn check(change: &Change) -> Result<(), Refusal> {
    if let Some(Some(comment)) = &change.comment
        && comment.chars().count() > LONGEST_COMMENT
    {
        return Err(Refusal::bad(&format!("`comment` has {LONGEST_COMMENT} characters at most")));
    }
    let links = change.links.as_deref().unwrap_or_default();
    if links.len() > MOST_LINKS {
        return Err(Refusal::bad(&format!("`links` are {MOST_LINKS} at most")));
    }
    for link in links {
        let sound = |text: &String| (1..=LONGEST_LINK).contains(&text.chars().count());
        if ![&link.kind, &link.id, &link.title].into_iter().all(sound) {
            return Err(Refusal::bad(&format!(
                "`kind`, `id` and `title` of a link have 1 to {LONGEST_LINK} characters"
            )));
        }
    }
    Ok(())
}
