//! `GET /v1/views/{view}`: the answer, its conditions and its pages.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use plimsoll_contracts::{Position, Problem, Token, wire::ViewAnswer};
use plimsoll_host::{ApiResult, Claims, extract::Path};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    as_of,
    condition::{self, Format},
    csv, headers,
    page::{self, PageRequest},
    params::{Asked, AtLeast},
};
use crate::{
    QueryApi,
    cohort::{CohortUse, Latest},
    metrics, problems,
};

/// Answers a question, at once or, where the client prefers to wait, when there is something new.
#[utoipa::path(
    get,
    path = "/v1/views/{view}",
    tag = "views",
    params(
        ("view" = String, Path, description = "Name of the view"),
        ("limit" = Option<u64>, Query, description = "Rows of a page"),
        ("next" = Option<String>, Query, description = "Cursor of an earlier answer"),
        ("sort" = Option<String>, Query, description = "A column; -column for descending"),
        ("min_position" = Option<String>, Query, description = "A position that the answer must contain"),
        ("as_of_position" = Option<String>, Query, description = "The view as it was at a position, a number or epoch.position"),
        ("as_of_time" = Option<String>, Query, description = "The view as it was when this time was recorded"),
        ("known_at" = Option<String>, Query, description = "commission only: folds what had occurred by then (M-R2)"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tag of the answer at hand"),
        ("Prefer" = Option<String>, Header, description = "wait=N: wait up to N seconds for news")
    ),
    responses(
        (status = 200, description = "The answer (application/json or text/csv)"),
        (status = 304, description = "Nothing changed; the headers say how fresh that is"),
        (status = 400, description = "invalid-parameter"),
        (status = 401, description = "unauthenticated"),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not-found"),
        (status = 406, description = "not-acceptable"),
        (status = 410, description = "cursor-gone"),
        (status = 412, description = "view-behind"),
        (status = 422, description = "question-too-large"),
        (status = 503, description = "unavailable, not-yet-projected or overloaded")
    ),
    security(("bearer" = []))
)]
pub(crate) async fn view(
    State(api): State<QueryApi>,
    claims: Claims,
    Path(view): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let asked = Asked::for_answer(&api, &claims, &view, &uri)?;
    if let Some(as_of) = &asked.as_of {
        return Ok(as_of::as_it_was(&api, &asked, as_of, &headers, &uri).await?);
    }
    let format = Format::accepted(&headers)?;
    let wait = condition::wait(&headers, api.options().http.wait_max);
    let share = api.cohorts().get(asked.key.clone(), &asked.question)?;
    share.ready().await?;
    let waiting = Waiting {
        until: Instant::now() + wait.unwrap_or(Duration::ZERO),
        shutdown: api.shutdown().clone(),
    };
    if let Some(least) = &asked.min_position {
        waiting.for_position(&share, least).await?;
    }
    let form = form_of(&asked);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let tag = |latest: &mut Latest| headers::entity_tag(latest, &asked.key, format, &form);
    if condition::none_match(&headers, &share.latest(tag)) {
        waiting
            .while_same(&share, |latest| condition::none_match(&headers, &tag(latest)))
            .await?;
    }
    let (head, page) = share.latest(|latest| {
        let tag = tag(latest);
        let head = headers::standing(latest, &tag, wait);
        if condition::none_match(&headers, &tag) {
            return Ok((head, None));
        }
        answer(latest, &asked, format, &api).map(|answer| (head, Some(answer)))
    })?;
    let status = if page.is_some() { "200" } else { "304" };
    ::metrics::counter!(metrics::ANSWERS, "view" => asked.view.name, "status" => status).increment(1);
    Ok(match page {
        None => (StatusCode::NOT_MODIFIED, head).into_response(),
        Some(answer) => respond(head, &answer, &asked, format, &uri),
    })
}

/// What the entity tag depends on beside the question.
pub(super) fn form_of(asked: &Asked) -> Vec<(&'static str, String)> {
    let texts = [("sort", &asked.sort), ("next", &asked.next)];
    let texts = texts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)));
    let limit = asked.limit.map(|limit| ("limit", limit.to_string()));
    texts.chain(limit).collect()
}

pub(super) fn answer(
    latest: &Latest,
    asked: &Asked,
    format: Format,
    api: &QueryApi,
) -> Result<ViewAnswer, Problem> {
    let default_limit = match format {
        Format::Json => api.options().http.page_max_rows,
        Format::Csv => usize::MAX / 2,
    };
    let request = PageRequest {
        sort: asked.sort.as_deref(),
        next: asked.next.as_deref(),
        limit: asked.limit.unwrap_or(default_limit),
        description: asked.view.description,
    };
    let page = page::page(latest, request)?;
    Ok(ViewAnswer {
        view: asked.view.name.to_owned(),
        epoch: latest.epoch.clone(),
        position: latest.position,
        changed: latest.changed,
        as_of: latest.as_of,
        stale: latest.standing.clone(),
        parked: latest.parked,
        rows: page.rows,
        next: page.next,
    })
}

pub(super) fn respond(
    mut head: HeaderMap,
    answer: &ViewAnswer,
    asked: &Asked,
    format: Format,
    uri: &Uri,
) -> Response {
    if let Some(next) = &answer.next
        && let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"next\"", next_page(uri, next)))
    {
        head.insert(header::LINK, link);
    }
    match format {
        Format::Json => (head, Json(answer)).into_response(),
        Format::Csv => {
            let position = Token::new(answer.epoch.clone(), answer.position);
            let params: Vec<String> = asked
                .key
                .params
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let mut put = |name: &'static str, text: String| {
                if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                    head.insert(name, value);
                }
            };
            put(
                "content-type",
                "text/csv; charset=utf-8; header=present".to_owned(),
            );
            put("view-parameters", params.join("; "));
            put(
                "content-disposition",
                format!("attachment; filename=\"{}-{position}.csv\"", answer.view),
            );
            (head, csv::write(&answer.rows, asked.view.description)).into_response()
        }
    }
}

/// The address of the next page: this one's with another cursor.
fn next_page(uri: &Uri, next: &str) -> String {
    let kept = uri.query().unwrap_or_default().split('&');
    let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("next="));
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("next={next}")]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}

/// How long this request may wait.
pub(super) struct Waiting {
    pub(super) until: Instant,
    pub(super) shutdown: CancellationToken,
}

impl Waiting {
    /// Waits until the view has processed a position.
    async fn for_position(&self, share: &CohortUse, least: &AtLeast) -> Result<(), Problem> {
        let wanted = match least {
            AtLeast::Position(position) => *position,
            AtLeast::Token(token) => {
                let epoch = share.latest(|latest| latest.epoch.clone());
                if token.epoch != epoch {
                    return Err(Problem::invalid_parameter(
                        "min_position",
                        format!("{token} belongs to another history of the log; this one is `{epoch}`"),
                    ));
                }
                token.position
            }
        };
        share.hurry(wanted);
        self.while_same(share, |latest| latest.position < wanted).await?;
        let stands: Position = share.latest(|latest| latest.position);
        if stands < wanted {
            return Err(problems::view_behind(wanted, stands));
        }
        Ok(())
    }

    /// Waits as long as something holds, the time is not over and the node stays.
    ///
    /// # Errors
    /// Why the cohort has ended.
    pub(super) async fn while_same(
        &self,
        share: &CohortUse,
        holds: impl Fn(&mut Latest) -> bool,
    ) -> Result<(), Problem> {
        let mut news = share.news();
        loop {
            news.borrow_and_update();
            if let Some(problem) = share.ended() {
                return Err(problem);
            }
            if !share.latest(&holds) {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep_until(self.until) => return Ok(()),
                () = self.shutdown.cancelled() => return Ok(()),
                changed = news.changed() => if changed.is_err() { return Ok(()) },
            }
        }
    }
}
