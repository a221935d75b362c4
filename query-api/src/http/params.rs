//! From a request's address to a question: common parameters are taken here, the rest is the view's.

use std::sync::Arc;

use axum::{extract::Query, http::Uri};
use plimsoll_contracts::{InvalidParameter, Position, Problem, Token};
use plimsoll_host::Claims;
use plimsoll_views::{CallTime, Params, View, query::take};

use crate::{
    QueryApi,
    cohort::CohortKey,
    history::{self, AsOf},
    problems,
    registry::{AskableView, Question, RANKING, ranks_persons},
};

/// A question with the form in which the answer is wanted.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) view: AskableView,
    pub(crate) key: CohortKey,
    pub(crate) question: Arc<dyn Question>,
    pub(crate) sort: Option<String>,
    pub(crate) limit: Option<usize>,
    pub(crate) next: Option<String>,
    pub(crate) min_position: Option<AtLeast>,
    pub(crate) from: Option<Token>,
    pub(crate) as_of: Option<AsOf>,
}

/// A position to insist on; with its epoch where the caller named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AtLeast {
    /// A number.
    Position(Position),
    /// `epoch.position`.
    Token(Token),
}

impl std::str::FromStr for AtLeast {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.parse::<u64>() {
            Ok(number) => Ok(Self::Position(Position::new(number))),
            Err(_) => text.parse().map(Self::Token).map_err(|_| ()),
        }
    }
}

impl Asked {
    /// Reads the question of `GET /v1/views/{view}`.
    ///
    /// # Errors
    /// 404, 403, and 400 naming the parameter.
    pub(crate) fn for_answer(
        api: &QueryApi,
        claims: &Claims,
        view: &str,
        uri: &Uri,
    ) -> Result<Self, Problem> {
        let mut params = unique(pairs(uri)?)?;
        let sort = params.remove("sort");
        let limit = take(&mut params, "limit", "a number of rows")?;
        let next = params.remove("next");
        let min_position = take(
            &mut params,
            "min_position",
            "a position such as 12345 or k3f9.000000012345",
        )?;
        let as_of = AsOf::take(&mut params, allowed(api, claims, view)?.has_known_at)?;
        if as_of.is_some() && min_position.is_some() {
            let detail = "does not go with a question about the past, which waits for nothing";
            return Err(InvalidParameter::new("min_position", detail).into());
        }
        let max = api.options().http.page_max_rows;
        if limit.is_some_and(|limit| limit == 0 || limit > max) {
            return Err(InvalidParameter::new("limit", format!("is 1 to {max}")).into());
        }
        let asked = Self::plain(api, claims, view, &params)?;
        if let Some(sort) = &sort
            && asked.view.name == CallTime::NAME
            && ranks_persons(&asked.key.params, sort.trim_start_matches('-'))
        {
            claims.require(RANKING)?;
        }
        Ok(Self {
            sort,
            limit,
            next,
            min_position,
            as_of,
            ..asked
        })
    }

    /// Reads the question of `GET /v1/views/{view}/changes`. Its cursor is the `from` that has the
    /// form of one; a view may have a `from` of its own beside it.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn for_changes(
        api: &QueryApi,
        claims: &Claims,
        view: &str,
        uri: &Uri,
    ) -> Result<Self, Problem> {
        let mut pairs = pairs(uri)?;
        let cursor = pairs
            .iter()
            .position(|(name, value)| name == "from" && value.contains('.'));
        let from = cursor
            .map(|at| {
                let (name, text) = pairs.remove(at);
                text.parse::<Token>()
                    .map_err(|error| InvalidParameter::new(&name, error.to_string()))
            })
            .transpose()?;
        Ok(Self {
            from,
            ..Self::plain(api, claims, view, &unique(pairs)?)?
        })
    }

    fn plain(api: &QueryApi, claims: &Claims, view: &str, params: &Params) -> Result<Self, Problem> {
        let (key, question) = key_of(api, claims, view, params)?;
        Ok(Self {
            view: allowed(api, claims, view)?,
            key,
            question,
            sort: None,
            limit: None,
            next: None,
            min_position: None,
            from: None,
            as_of: None,
        })
    }
}

/// The cohort's key and the question for a view, parameters and a token, on any transport.
///
/// # Errors
/// 404, 403, and 400 naming the parameter.
pub(crate) fn key_of(
    api: &QueryApi,
    claims: &Claims,
    view: &str,
    params: &Params,
) -> Result<(CohortKey, Arc<dyn Question>), Problem> {
    let view = allowed(api, claims, view)?;
    let (at_rest, known) = history::PARAMETERS.split_at(2);
    let known = known.iter().filter(|_| view.has_known_at);
    if let Some(name) = at_rest
        .iter()
        .chain(known)
        .find(|name| params.contains_key(**name))
    {
        let detail = format!(
            "the past does not change, so it is not followed: ask GET /v1/views/{} for it",
            view.name
        );
        return Err(InvalidParameter::new(name, detail).into());
    }
    let question = view.parse(params)?;
    let key = CohortKey {
        view: view.name,
        params: question.canonical(),
        tenant: claims.tenant.clone(),
        own: claims.own.clone(),
    };
    Ok((key, question))
}

pub(super) fn allowed(api: &QueryApi, claims: &Claims, view: &str) -> Result<AskableView, Problem> {
    let found = api
        .registry()
        .find(view)
        .ok_or_else(|| problems::no_such_view(view))?;
    claims.require(&format!("view:{view}"))?;
    Ok(*found)
}

pub(super) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    let read = Query::<Vec<(String, String)>>::try_from_uri(uri);
    read.map(|Query(pairs)| pairs)
        .map_err(|error| Problem::invalid_parameter("", format!("the query string cannot be read: {error}")))
}

pub(super) fn unique(pairs: Vec<(String, String)>) -> Result<Params, InvalidParameter> {
    let mut params = Params::new();
    for (name, value) in pairs {
        if params.insert(name.clone(), value).is_some() {
            return Err(InvalidParameter::new(
                &name,
                "is given twice; where several values are possible they stand in one, with commas",
            ));
        }
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_none_may_come_twice() {
        let read = |uri: &str| unique(pairs(&uri.parse().unwrap()).unwrap());
        assert_eq!(
            read("/v?category=%EC%B6%9C+x&at=2026-03-01").unwrap()["category"],
            "출 x"
        );
        assert_eq!(read("/v?at=1&at=2").unwrap_err().name, "at");
    }

    #[test]
    fn a_position_to_insist_on_is_a_number_or_a_token() {
        assert_eq!("12".parse(), Ok(AtLeast::Position(Position::new(12))));
        assert!(matches!("k3f9.000000000012".parse(), Ok(AtLeast::Token(_))));
        assert!("-1".parse::<AtLeast>().is_err());
        assert!("soon".parse::<AtLeast>().is_err());
    }
}
