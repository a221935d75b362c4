//! Integer money: amounts within the range that JSON carries exactly, and the two rules that
//! every context shares — rounding once per line (G2) and splitting by largest remainder (G3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest integer that every JSON reader holds exactly: 2^53 - 1.
pub const JSON_INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// A non-negative integer on the wire: minor units, micros, basis points, quantities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Amount(i64);

/// A signed integer on the wire, within ±(2^53 - 1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SignedAmount(i64);

/// A number outside what the wire allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is out of range")]
pub struct OutOfRange(pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Checks the range 0 … 2^53 - 1.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub const fn new(value: i64) -> Result<Self, OutOfRange> {
        if value < 0 || value > JSON_INTEGER_MAX {
            Err(OutOfRange(value))
        } else {
            Ok(Self(value))
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl SignedAmount {
    /// Checks the range ±(2^53 - 1).
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub const fn new(value: i64) -> Result<Self, OutOfRange> {
        if value < -JSON_INTEGER_MAX || value > JSON_INTEGER_MAX {
            Err(OutOfRange(value))
        } else {
            Ok(Self(value))
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

macro_rules! checked_integer {
    ($name:ident, $range:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = i64::deserialize(deserializer)?;
                Self::new(value).map_err(|_| {
                    serde::de::Error::invalid_value(serde::de::Unexpected::Signed(value), &$range)
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
checked_integer!(Amount, "an integer from 0 to 2^53 - 1");
checked_integer!(SignedAmount, "an integer within ±(2^53 - 1)");

/// An ISO 4217 code: three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ts_rs::TS)]
#[ts(type = "string")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code as text.
    ///
    /// # Panics
    /// Never: the bytes were checked to be upper-case ASCII letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency holds three ASCII letters")
    }

    /// Number of decimal digits of the minor unit (ISO 4217).
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(format!("`{text}` is not an ISO 4217 code such as KRW")),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// `numerator / denominator`, rounded half away from zero (G2). The denominator is positive.
#[must_use]
pub const fn div_round_half_away(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2 + denominator % 2;
    let magnitude = numerator.abs();
    let (quotient, rest) = (magnitude / denominator, magnitude % denominator);
    let rounded = if rest >= half { quotient + 1 } else { quotient };
    if numerator < 0 { -rounded } else { rounded }
}

/// Gross of an order line in minor units: `qty × unit price`, rounded once (G2).
#[must_use]
pub fn gross_minor(qty: i64, unit_price_micros: i64, currency: Currency) -> i64 {
    let minor_per_major = 10_i128.pow(currency.minor_digits());
    let value = i128::from(qty) * i128::from(unit_price_micros) * minor_per_major;
    clamp(div_round_half_away(value, 1_000_000))
}

/// Splits `total` over `weights` by largest remainder (G3): floors first, then one more to the
/// largest remainders, ties to the lower ordinal. All weights 0 means equal weights; a negative
/// total is split by its absolute value. The parts sum to the total; no weights give no parts.
#[must_use]
pub fn split_largest_remainder(total: i64, weights: &[i64]) -> Vec<i64> {
    if weights.is_empty() {
        return Vec::new();
    }
    let equal = weights.iter().all(|w| *w == 0);
    let weight_of = |w: &i64| if equal { 1 } else { i128::from(*w) };
    let sum: i128 = weights.iter().map(weight_of).sum();
    let magnitude = i128::from(total).abs();
    let mut parts: Vec<i128> = weights.iter().map(|w| magnitude * weight_of(w) / sum).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&i| std::cmp::Reverse(magnitude * weight_of(&weights[i]) % sum));
    let left = magnitude - parts.iter().sum::<i128>();
    for &i in by_remainder.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[i] += 1;
    }
    let sign = if total < 0 { -1 } else { 1 };
    parts.into_iter().map(|part| clamp(part * sign)).collect()
}

/// Value of taking `taken` more units from a line of `units` with net `net`, `before` already taken
/// (G3 consumption): `floor(net (before + taken) / units) - floor(net before / units)`.
#[must_use]
pub fn consumption(net: i64, units: i64, before: i64, taken: i64) -> i64 {
    if units == 0 {
        return 0;
    }
    let upto = |count: i64| (i128::from(net) * i128::from(count)).div_euclid(i128::from(units));
    clamp(upto(before + taken) - upto(before))
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g2_rounds_half_away_from_zero() {
        assert_eq!(div_round_half_away(5, 10), 1);
        assert_eq!(div_round_half_away(-5, 10), -1);
        assert_eq!(div_round_half_away(4, 10), 0);
        assert_eq!(div_round_half_away(1, 3), 0);
        assert_eq!(div_round_half_away(2, 3), 1);
        assert_eq!(gross_minor(3, 2_555_000, "GBP".parse().unwrap()), 767);
    }

    #[test]
    fn g3_splits_by_largest_remainder() {
        assert_eq!(split_largest_remainder(1_000, &[20_000, 5_000]), [800, 200]);
        assert_eq!(split_largest_remainder(10_000, &[0, 0, 0]), [3_334, 3_333, 3_333]);
        assert_eq!(split_largest_remainder(-5, &[1, 1]), [-3, -2]);
        assert_eq!(
            split_largest_remainder(700_001, &[6_000, 4_000]),
            [420_001, 280_000]
        );
    }

    #[test]
    fn g3_consumption_sums_to_the_whole() {
        let parts: Vec<i64> = (0..3).map(|c| consumption(10_000, 3, c, 1)).collect();
        assert_eq!(parts, [3_333, 3_333, 3_334]);
    }

    #[test]
    fn amounts_outside_the_wire_range_are_refused() {
        assert!(serde_json::from_str::<Amount>("-1").is_err());
        assert!(serde_json::from_str::<Amount>("9007199254740992").is_err());
        assert!(serde_json::from_str::<SignedAmount>("-9007199254740991").is_ok());
    }
}
