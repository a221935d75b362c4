//! A tenant's configuration: every rule of the domain that differs between houses is a key here
//! with its default, never a constant in code.

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Currency;

/// The configuration of one tenant. Unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantConfig {
    /// IANA zone of the business calendar (G1).
    pub zone: Tz,
    /// Wall-clock time at which a business day begins (G1).
    #[serde(with = "cut")]
    pub cut: NaiveTime,
    /// Hours after the end of a day until its figures are final (G5).
    pub allowed_lateness_h: u32,
    /// Currency that revenue is also reported in (R-R4).
    pub reporting_currency: Currency,
    /// What counts as revenue (R-R7).
    pub recognition_basis: RecognitionBasis,
    /// Which day call time belongs to (C-R2).
    pub call_attribution: CallAttribution,
    /// Longest believable call, seconds; none = off (C-R4, C-R6).
    pub max_call_s: Option<u32>,
    /// Segments shorter than this are not handled contacts, seconds.
    pub short_call_s: u32,
    /// Service level formula and thresholds (C-R8).
    pub service_level: ServiceLevel,
    /// A call longer than this is called long, seconds.
    pub long_call_s: u32,
    /// Past days needed for a profile run-rate (R-R5).
    pub profile_days: u32,
    /// How long stock stays reserved, seconds (I-R2).
    pub reservation_ttl_s: u32,
    /// Attempts at a payment (O-R2).
    pub payment_attempts: u32,
    /// Time an order may take, seconds (O-R2).
    pub order_deadline_s: u32,
    /// Time a transfer may take, seconds (T-R3).
    pub transfer_deadline_s: u32,
    /// First-year cap as a multiple of P (M-R4).
    pub cap_multiple: u32,
    /// Policy months under the cap (M-R4).
    pub cap_months: u32,
    /// What happens with the excess (M-R4).
    pub cap_excess: CapExcess,
    /// Components counted under the cap (M-R4).
    pub cap_components: Vec<String>,
    /// Components that managers get an override on (M-R3).
    pub override_components: Vec<String>,
    /// Components that are clawed back (M-R5).
    pub clawback_components: Vec<String>,
    /// Who gets the override of a level without manager (M-R3).
    pub missing_level: MissingLevel,
    /// Whether death ends a policy without clawback (M-R5).
    pub death_exempt: bool,
    /// Whether maturity ends a policy without clawback (M-R5).
    pub maturity_exempt: bool,
    /// Days from the contract date within which a customer may withdraw: the outer bound of the
    /// free-look term, since receipt of the policy is no event.
    pub free_look_days: u32,
    /// Months from the lapse within which a policy may be reinstated.
    pub reinstatement_months: u32,
    /// Withholding on a planner's income, basis points (M-R1).
    pub withholding_bp: u32,
    /// Most of a month's lines that may recover a debt, basis points (M-R1).
    pub max_recovery_bp: u32,
    /// Paid instalments that keep a policy in the production (M-R7).
    pub bonus_keep_instalments: u16,
    /// Instalments at which persistency is measured (M-R8).
    pub persistency_months: Vec<u16>,
    /// Whether a death counts as kept (M-R8).
    pub persistency_death: PersistencyDeath,
    /// What happens when the price is lower at checkout (W-R3).
    pub lower_price_at_checkout: LowerPrice,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
    };
}
choice!(
    /// What counts as revenue (R-R7).
    RecognitionBasis {
        /// Captured payments.
        Captured,
        /// The order total when the order is placed.
        Ordered,
        /// The order total when the order is shipped.
        Fulfilled
    }
);
choice!(
    /// Which day call time belongs to (C-R2).
    CallAttribution {
        /// Split at the cut.
        Split,
        /// All on the day of the start.
        ByStart,
        /// All on the day of the end.
        ByEnd
    }
);
choice!(
    /// What happens with commission above the cap (M-R4).
    CapExcess {
        /// Waits for policy month 13.
        Defer,
        /// Is lost.
        Forfeit
    }
);
choice!(
    /// Who gets the override of a level without manager (M-R3).
    MissingLevel {
        /// The house.
        House,
        /// The next manager above.
        PassUp
    }
);
choice!(
    /// Whether a death counts as kept (M-R8).
    PersistencyDeath {
        /// Kept.
        Kept,
        /// Counted neither way.
        Excluded
    }
);
choice!(
    /// What happens when the price is lower at checkout (W-R3).
    LowerPrice {
        /// Accept with a notice.
        Accept,
        /// Refuse.
        Refuse
    }
);

/// Service level formula of C-R8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceLevelFormula {
    /// (w + b) / (A + B)
    F1,
    /// w / A
    F2,
    /// w / (A + B)
    F3,
    /// w / (A + B - b)
    F4,
    /// (w + s) / (A + B)
    F5,
}

/// Service level formula and its thresholds, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevel {
    /// Which formula.
    pub formula: ServiceLevelFormula,
    /// Answered within this many seconds.
    pub threshold_s: u32,
    /// Abandoned within this many seconds is a short abandon.
    pub short_abandon_s: u32,
}

impl Default for TenantConfig {
    fn default() -> Self {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        Self {
            zone: Tz::Asia__Seoul,
            cut: NaiveTime::MIN,
            allowed_lateness_h: 96,
            reporting_currency: "KRW".parse().expect("KRW is a currency code"),
            recognition_basis: RecognitionBasis::Captured,
            call_attribution: CallAttribution::Split,
            max_call_s: Some(14_400),
            short_call_s: 0,
            service_level: ServiceLevel {
                formula: ServiceLevelFormula::F1,
                threshold_s: 20,
                short_abandon_s: 5,
            },
            long_call_s: 900,
            profile_days: 28,
            reservation_ttl_s: 900,
            payment_attempts: 3,
            order_deadline_s: 600,
            transfer_deadline_s: 10,
            cap_multiple: 12,
            cap_months: 12,
            cap_excess: CapExcess::Defer,
            cap_components: names(&["new", "instalment", "bonus", "settling"]),
            override_components: names(&["new", "instalment", "cap_release"]),
            clawback_components: names(&[
                "new",
                "instalment",
                "cap_release",
                "bonus",
                "settling",
                "override",
            ]),
            missing_level: MissingLevel::House,
            death_exempt: true,
            maturity_exempt: true,
            free_look_days: 30,
            reinstatement_months: 36,
            withholding_bp: 330,
            max_recovery_bp: 10_000,
            bonus_keep_instalments: 13,
            persistency_months: vec![13, 25, 37, 49, 61],
            persistency_death: PersistencyDeath::Kept,
            lower_price_at_checkout: LowerPrice::Accept,
        }
    }
}

/// Some keys of a configuration with their new values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigChange(pub Map<String, Value>);

/// A configuration that cannot be: an unknown key or a value of the wrong shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration refused: {0}")]
pub struct ConfigError(String);

impl TenantConfig {
    /// The configuration after a change.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key that is unknown or the value that does not fit.
    pub fn changed(&self, change: &ConfigChange) -> Result<Self, ConfigError> {
        let refuse = |e: serde_json::Error| ConfigError(e.to_string());
        let mut all = serde_json::to_value(self).map_err(refuse)?;
        if let Value::Object(keys) = &mut all {
            keys.extend(change.0.clone());
        }
        let config: Self = serde_json::from_value(all).map_err(refuse)?;
        config.fault().map_or(Ok(config), |fault| Err(ConfigError(fault)))
    }

    /// The first value that has the right type and cannot be meant.
    fn fault(&self) -> Option<String> {
        let numbers = [
            ("allowed_lateness_h", Some(self.allowed_lateness_h), 0, 8_784),
            ("max_call_s", self.max_call_s, 1, 604_800),
            ("short_call_s", Some(self.short_call_s), 0, 3_600),
            ("long_call_s", Some(self.long_call_s), 1, 604_800),
            (
                "service_level.threshold_s",
                Some(self.service_level.threshold_s),
                0,
                86_400,
            ),
            (
                "service_level.short_abandon_s",
                Some(self.service_level.short_abandon_s),
                0,
                86_400,
            ),
            ("profile_days", Some(self.profile_days), 1, 366),
            ("reservation_ttl_s", Some(self.reservation_ttl_s), 1, 2_678_400),
            ("payment_attempts", Some(self.payment_attempts), 1, 100),
            ("order_deadline_s", Some(self.order_deadline_s), 1, 2_678_400),
            (
                "transfer_deadline_s",
                Some(self.transfer_deadline_s),
                1,
                2_678_400,
            ),
            ("cap_multiple", Some(self.cap_multiple), 0, 1_200),
            ("cap_months", Some(self.cap_months), 0, 1_200),
            ("free_look_days", Some(self.free_look_days), 0, 3_660),
            ("reinstatement_months", Some(self.reinstatement_months), 0, 1_200),
            ("withholding_bp", Some(self.withholding_bp), 0, 10_000),
            ("max_recovery_bp", Some(self.max_recovery_bp), 0, 10_000),
            (
                "bonus_keep_instalments",
                Some(self.bonus_keep_instalments.into()),
                0,
                1_200,
            ),
        ];
        let number = numbers.into_iter().find_map(|(key, value, min, max)| {
            let value = value.filter(|value| !(min..=max).contains(value))?;
            Some(format!("{key} is {value}, it must be {min} to {max}"))
        });
        number
            .or_else(|| self.unknown_component())
            .or_else(|| self.wrong_persistency())
    }

    fn unknown_component(&self) -> Option<String> {
        let lists = [
            ("cap_components", &self.cap_components),
            ("override_components", &self.override_components),
            ("clawback_components", &self.clawback_components),
        ];
        lists.into_iter().find_map(|(key, names)| {
            let unknown = names.iter().find(|name| !COMPONENTS.contains(&name.as_str()))?;
            Some(format!(
                "{key} names `{unknown}`; there are: {}",
                COMPONENTS.join(", ")
            ))
        })
    }

    fn wrong_persistency(&self) -> Option<String> {
        let ascending = self.persistency_months.is_sorted_by(|a, b| a < b);
        let in_range = self.persistency_months.iter().all(|n| (1..=600).contains(n));
        (!ascending || !in_range || self.persistency_months.len() > 24).then(|| {
            "persistency_months must be at most 24 ascending instalment numbers of 1 to 600".to_owned()
        })
    }
}

/// Components of commission that a rule may name (domain of M-R3 to M-R5).
const COMPONENTS: [&str; 10] = [
    "new",
    "instalment",
    "maintenance",
    "earned",
    "advance",
    "override",
    "cap_release",
    "bonus",
    "settling",
    "manual",
];

mod cut {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(cut: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&cut.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| {
            serde::de::Error::custom(format!("cut `{text}` is not a wall-clock time such as 05:00"))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(value: Value) -> ConfigChange {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_change_keeps_the_other_keys_and_may_switch_a_limit_off() {
        let config = TenantConfig::default()
            .changed(&change(json!({"cut": "05:00", "max_call_s": null})))
            .unwrap();
        assert_eq!(config.max_call_s, None);
        assert_eq!(config.cut.to_string(), "05:00:00");
        assert_eq!(config.withholding_bp, 330);
    }

    /// Seen failing without the bounds: the hours overflowed the calendar and stopped every view,
    /// and a component that does not exist switched the cap off without a word.
    #[test]
    fn a_value_that_cannot_be_meant_is_refused_by_name() {
        for (key, value) in [
            ("allowed_lateness_h", json!(4_294_967_295_u32)),
            ("withholding_bp", json!(999_999)),
            ("cap_components", json!(["nwe"])),
            ("persistency_months", json!([25, 13])),
        ] {
            let refused = TenantConfig::default()
                .changed(&change(json!({key: value})))
                .unwrap_err();
            assert!(refused.to_string().contains(key), "{refused}");
        }
        assert_eq!(TenantConfig::default().fault(), None);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let refused = TenantConfig::default()
            .changed(&change(json!({"zoen": "Asia/Seoul"})))
            .unwrap_err();
        assert!(refused.to_string().contains("zoen"), "{refused}");
    }
}
