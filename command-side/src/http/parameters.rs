//! Query parameters: an unknown one is refused, never ignored.

use std::str::FromStr;

use plimsoll_contracts::InvalidParameter;

/// The parameters of a request, taken one by one.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) const fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Takes a parameter that may be there once.
    pub(super) fn take<T: FromStr>(&mut self, name: &str, form: &str) -> Result<Option<T>, InvalidParameter> {
        let mut values = self.take_all(name);
        match (values.pop(), values.is_empty()) {
            (None, _) => Ok(None),
            (Some(_), false) => Err(InvalidParameter::new(name, "is given more than once")),
            (Some(value), true) => value
                .parse()
                .map(Some)
                .map_err(|_| InvalidParameter::new(name, format!("`{value}` is not {form}"))),
        }
    }

    /// Takes every value of a parameter.
    pub(super) fn take_all(&mut self, name: &str) -> Vec<String> {
        let taken = self.0.extract_if(.., |(given, _)| given == name);
        taken.map(|(_, value)| value).collect()
    }

    /// Takes `limit`, 1 to `max`.
    pub(super) fn limit(&mut self, default: usize, max: usize) -> Result<usize, InvalidParameter> {
        match self.take("limit", &format!("a number from 1 to {max}"))? {
            None => Ok(default.min(max)),
            Some(limit) if (1..=max).contains(&limit) => Ok(limit),
            Some(limit) => Err(InvalidParameter::new(
                "limit",
                format!("{limit} is not from 1 to {max}"),
            )),
        }
    }

    /// Refuses what nobody took.
    pub(super) fn done(self) -> Result<(), InvalidParameter> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(InvalidParameter::new(name, "there is no such parameter here")),
        }
    }
}
