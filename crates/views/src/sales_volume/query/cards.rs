//! Questions of product cards.

use plimsoll_contracts::InvalidParameter;

use super::{BOOLEANS, CardQuestion, Which};
use crate::{
    Params,
    query::{
        elapsed::{put_now, take_now},
        take_choice,
    },
};

impl CardQuestion {
    pub(super) fn take(params: &mut Params) -> Result<Self, InvalidParameter> {
        let question = Self {
            which: Which::take(params)?,
            cover: take_choice(params, "cover", BOOLEANS)?.unwrap_or(false),
            now: take_now(params)?,
        };
        if question.now.is_some() && !question.cover {
            return Err(InvalidParameter::new("now", "goes with `cover`"));
        }
        Ok(question)
    }

    pub(super) fn put(&self, params: &mut Params) {
        self.which.put(params);
        if self.cover {
            params.insert("cover".to_owned(), "true".to_owned());
        }
        put_now(self.now, params);
    }
}
