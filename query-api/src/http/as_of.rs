//! `GET /v1/views/{view}` with `as_of_position`, `as_of_time` or `known_at`: the view as it was,
//! under the same conditions, pages, formats and headers as the view as it is.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use plimsoll_contracts::{InvalidParameter, Problem};

use super::{
    condition::{self, Format},
    headers,
    params::Asked,
    view,
};
use crate::{
    QueryApi,
    cohort::{Latest, Start},
    history::{AsOf, Moment},
    metrics, problems,
    registry::AnswerRows,
};

/// What the view was cannot change, but what this program makes of it may, with its next version.
const SETTLED: &str = "private, max-age=3600";

/// Answers a question about the past.
pub(super) async fn as_it_was(
    api: &QueryApi,
    asked: &Asked,
    as_of: &AsOf,
    request: &HeaderMap,
    uri: &Uri,
) -> Result<Response, Problem> {
    let format = Format::accepted(request)?;
    if condition::wait(request, api.options().http.wait_max).is_some() {
        let detail = "the past does not change: leave `Prefer: wait` out";
        return Err(InvalidParameter::new(as_of.name(), detail).into());
    }
    let history = api.history().ok_or_else(problems::no_history)?;
    let moment = history.moment(as_of).await?;
    let mut latest = Latest::new(
        0,
        Start {
            epoch: history.log().epoch().clone(),
            version: asked.view.past.version,
            position: moment.position,
            as_of: moment.as_of,
        },
        &api.options().cohorts,
    );
    let mut form = view::form_of(asked);
    form.extend(as_of.form(&moment));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let tag = headers::entity_tag(&latest, &asked.key, format, &form);
    let mut head = headers::standing(&latest, &tag, None);
    if moment.is_settled {
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static(SETTLED));
    }
    let counted = |status| {
        ::metrics::counter!(metrics::ANSWERS, "view" => asked.view.name, "status" => status).increment(1);
    };
    if condition::none_match(request, &tag) {
        counted("304");
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    fill(api, asked, &moment, &mut latest).await?;
    let answer = view::answer(&latest, asked, format, api)?;
    counted("200");
    Ok(view::respond(head, &answer, asked, format, uri))
}

/// Computes the answer beside the runtime's workers.
async fn fill(api: &QueryApi, asked: &Asked, moment: &Moment, latest: &mut Latest) -> Result<(), Problem> {
    let history = api.history().ok_or_else(problems::no_history)?;
    let state = history.state(asked.view, &asked.key.tenant, moment).await?;
    let (key, answer_at) = (asked.key.clone(), asked.view.past.answer_at);
    let (now, rows_max) = (moment.now, api.options().cohorts.answer_rows_max);
    let computing = tokio::task::spawn_blocking(move || {
        let rows = answer_at(&key.params, &key.own, &**state, now);
        (rows, state.parked())
    });
    let (rows, parked) = computing
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let rows = rows?;
    if rows.len() > rows_max {
        return Err(problems::question_too_large("rows of answer", rows_max));
    }
    latest.fill(AnswerRows::Whole(rows));
    latest.parked = parked;
    Ok(())
}
