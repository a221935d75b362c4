//! The shape of command bodies: structs that refuse unknown fields, with their JSON schema made
//! of the same lines, so that the document served cannot drift from what is accepted.

use chrono::NaiveDate;
use plimsoll_contracts::{
    Amount, Currency, Id, Label, Month, SignedAmount, events as e, money::JSON_INTEGER_MAX,
    problem::FieldError, time,
};
use utoipa::openapi::{
    RefOr,
    schema::{ArrayBuilder, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type},
};

use super::Time;

/// A type that a body may hold.
pub(crate) trait Shape {
    /// Whether a body without it is refused.
    const REQUIRED: bool = true;

    /// Its JSON schema.
    fn schema() -> RefOr<Schema>;

    /// What its type lets through and an event must not hold, with the pointer from here.
    fn fault(&self) -> Option<FieldError> {
        None
    }
}

/// A fault of a member or an item, seen from what holds it.
pub(crate) fn fault_in<T: Shape>(name: impl std::fmt::Display, value: &T) -> Option<FieldError> {
    value.fault().map(|fault| FieldError {
        pointer: format!("/{name}{}", fault.pointer),
        detail: fault.detail,
    })
}

/// A day of a year that events may speak of.
fn far_day(day: NaiveDate) -> Option<FieldError> {
    time::in_range(day).err().map(|error| FieldError {
        pointer: String::new(),
        detail: error.to_string(),
    })
}

fn text(build: impl FnOnce(ObjectBuilder) -> ObjectBuilder) -> RefOr<Schema> {
    object(build(ObjectBuilder::new().schema_type(Type::String)).build())
}

fn integer(minimum: i64, maximum: i64) -> RefOr<Schema> {
    let builder = ObjectBuilder::new().schema_type(Type::Integer);
    object(builder.minimum(Some(minimum)).maximum(Some(maximum)).build())
}

/// An object as a schema.
pub(crate) const fn object(object: Object) -> RefOr<Schema> {
    RefOr::T(Schema::Object(object))
}

macro_rules! shapes {
    ($($type:ty => $schema:expr),+ $(,)?) => {
        $(impl Shape for $type {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        })+
    };
}

shapes! {
    Id => text(|t| t.pattern(Some("^[A-Za-z0-9._~:@-]{1,64}$"))),
    Label => text(|t| t.min_length(Some(1)).max_length(Some(64)).pattern(Some("^[^|]+$"))),
    Currency => text(|t| t.pattern(Some("^[A-Z]{3}$"))),
    Time => text(|t| t.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))),
    String => text(|t| t),
    Amount => integer(0, JSON_INTEGER_MAX),
    SignedAmount => integer(-JSON_INTEGER_MAX, JSON_INTEGER_MAX),
    u16 => integer(0, u16::MAX.into()),
    u32 => integer(0, u32::MAX.into()),
    bool => object(ObjectBuilder::new().schema_type(Type::Boolean).build()),
}

impl Shape for Month {
    fn schema() -> RefOr<Schema> {
        text(|t| t.pattern(Some("^\\d{4}-\\d{2}$")))
    }

    fn fault(&self) -> Option<FieldError> {
        far_day(self.first_day())
    }
}

impl Shape for NaiveDate {
    fn schema() -> RefOr<Schema> {
        text(|t| t.format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))))
    }

    fn fault(&self) -> Option<FieldError> {
        far_day(*self)
    }
}

impl<T: Shape> Shape for Option<T> {
    const REQUIRED: bool = false;

    fn schema() -> RefOr<Schema> {
        T::schema()
    }

    fn fault(&self) -> Option<FieldError> {
        self.as_ref().and_then(T::fault)
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn schema() -> RefOr<Schema> {
        RefOr::T(Schema::Array(ArrayBuilder::new().items(T::schema()).build()))
    }

    fn fault(&self) -> Option<FieldError> {
        self.iter()
            .enumerate()
            .find_map(|(index, item)| fault_in(index, item))
    }
}

macro_rules! choices {
    ($($type:ty: $($value:literal)|+;)+) => {
        $(impl Shape for $type {
            fn schema() -> RefOr<Schema> {
                text(|t| t.enum_values(Some([$($value),+])))
            }
        })+
    };
}

choices! {
    e::ProductKind: "goods" | "charge";
    e::CancelReason: "customer" | "out_of_stock" | "payment_failed" | "timeout" | "other";
    e::PaymentMethod: "card" | "virtual_account" | "transfer" | "wallet" | "invoice";
    e::CallDirection: "in" | "out";
    e::TransferKind: "blind" | "attended";
    e::EndedBy: "caller" | "agent" | "system";
    e::AgentState: "ready" | "not_ready";
    e::PremiumMode: "monthly" | "quarterly" | "half_yearly" | "yearly";
    e::VoidReason: "quality_complaint" | "misrepresentation" | "other";
    e::RateComponent: "new" | "instalment" | "maintenance";
    e::RateBasis: "monthly_premium" | "annual_premium" | "acquisition_cost";
    e::RateMode: "each" | "spread";
    e::Payout: "as_earned" | "advance";
    e::OverrideKind: "percent" | "differential" | "flat";
    e::BonusMode: "slab" | "marginal";
    e::AdjustmentComponent: "manual" | "bonus" | "settling";
}

/// A field of a body's schema, with its comment as description.
pub(crate) fn field<T: Shape>(builder: ObjectBuilder, name: &str, about: &str) -> ObjectBuilder {
    let mut schema = T::schema();
    match &mut schema {
        RefOr::T(Schema::Object(object)) => object.description = Some(about.trim().to_owned()),
        RefOr::T(Schema::Array(array)) => array.description = Some(about.trim().to_owned()),
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
    let builder = builder.property(name, schema);
    if T::REQUIRED {
        builder.required(name)
    } else {
        builder
    }
}

/// A struct of a body: unknown fields are refused, the comments become the schema's descriptions.
macro_rules! body {
    (
        $(#[doc = $doc:literal])+
        $name:ident { $($(#[doc = $about:literal])+ $field:ident: $type:ty),* $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name { $($(#[doc = $about])+ pub(crate) $field: $type),* }

        impl $crate::domain::Shape for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let builder = utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::Object)
                    .description(Some(concat!($($doc),+).trim()))
                    .additional_properties(Some(
                        utoipa::openapi::schema::AdditionalProperties::<utoipa::openapi::schema::Schema>::FreeForm(false),
                    ));
                $(let builder = $crate::domain::shape::field::<$type>(
                    builder, stringify!($field), concat!($($about),+),
                );)*
                $crate::domain::shape::object(builder.build())
            }

            fn fault(&self) -> Option<plimsoll_contracts::problem::FieldError> {
                $(if let Some(fault) = $crate::domain::shape::fault_in(stringify!($field), &self.$field) {
                    return Some(fault);
                })*
                None
            }
        }
    };
}
pub(crate) use body;
