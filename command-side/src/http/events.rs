//! `GET /v1/events?after=&type=&limit=`: the feed of a tenant's events in log order.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use plimsoll_contracts::{Epoch, Event, InvalidParameter, Position, Problem, Token, events::CATALOGUE};
use plimsoll_host::{ApiError, Claims, extract::Query};
use plimsoll_log::Filter;
use serde::Serialize;

use super::parameters::Parameters;
use crate::{CommandSide, handler::Failure};

/// A page of the feed.
#[derive(Debug, Serialize)]
struct Feed<'a> {
    epoch: &'a Epoch,
    /// Everything up to here has been looked at: `after` of the next request.
    position: Position,
    /// In order of position.
    events: Vec<Event>,
    /// Whether there may be more right now.
    more: bool,
}

pub(super) async fn events(
    State(side): State<CommandSide>,
    claims: Claims,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    raw_events_allowed(&claims)?;
    let mut parameters = Parameters::new(pairs);
    let log = &side.services.log;
    let after = after(&mut parameters, log.epoch())?;
    let types = types(&mut parameters)?;
    let limit = parameters.limit(100, side.options.page_max_events)?;
    parameters.done()?;
    let query: String = types.iter().map(|name| format!("&type={name}")).collect();
    let filter = Filter {
        tenant: Some(claims.tenant),
        types,
    };
    let page = log
        .read_all(after, limit, &filter)
        .await
        .map_err(|error| Failure::from(error).problem())?;
    let token = Token::new(log.epoch().clone(), page.next);
    let link = format!("</v1/events?after={token}&limit={limit}{query}>; rel=\"next\"");
    let feed = Feed {
        epoch: log.epoch(),
        position: page.next,
        events: page.events,
        more: page.more,
    };
    let headers = [
        ("view-position", token.to_string()),
        (header::LINK.as_str(), link),
    ];
    let mut response = (headers, Json(feed)).into_response();
    if !page.more {
        response.headers_mut().remove(header::LINK);
    }
    Ok(response)
}

/// Raw events are not cut by rows, so they need a scope of their own and no row-level restriction.
pub(super) fn raw_events_allowed(claims: &Claims) -> Result<(), Problem> {
    if claims.own.is_some() {
        return Err(Problem::forbidden(
            "this token sees only its own rows; raw events cannot be cut by rows",
        ));
    }
    if claims.allows("audit") || claims.allows("operate") {
        return Ok(());
    }
    Err(Problem::forbidden(
        "this needs the scope `audit` or `operate`; ask for a token that has it",
    ))
}

/// `after`: a position, or a token of this log's history.
fn after(parameters: &mut Parameters, epoch: &Epoch) -> Result<Position, InvalidParameter> {
    let form = "a position or a token epoch.position";
    let Some(text) = parameters.take::<String>("after", form)? else {
        return Ok(Position::ZERO);
    };
    if let Ok(number) = text.parse() {
        let known = i64::try_from(number).is_ok();
        return if known {
            Ok(Position::new(number))
        } else {
            Err(InvalidParameter::new("after", form))
        };
    }
    let token: Token = text
        .parse()
        .map_err(|_| InvalidParameter::new("after", format!("`{text}` is not {form}")))?;
    if token.epoch != *epoch {
        let detail =
            format!("{text} belongs to another history; this log is {epoch}, start again without `after`");
        return Err(InvalidParameter::new("after", detail));
    }
    Ok(token.position)
}

/// `type`, once or more, each a list with commas.
fn types(parameters: &mut Parameters) -> Result<Vec<String>, InvalidParameter> {
    let given = parameters.take_all("type");
    let names: Vec<String> = given
        .iter()
        .flat_map(|list| list.split(','))
        .map(str::to_owned)
        .collect();
    match names
        .iter()
        .find(|name| !CATALOGUE.iter().any(|(known, _)| known == name))
    {
        Some(unknown) => Err(InvalidParameter::new(
            "type",
            format!("there is no event type `{unknown}`"),
        )),
        None => Ok(names),
    }
}
