//! Schemas of what the routes answer, and of bodies with their business time.

use plimsoll_contracts::Problem;
use utoipa::openapi::{
    RefOr,
    schema::{ArrayBuilder, Schema, Type},
};

use super::parts::{kind, members};
use crate::domain::{Shape as _, Time};

/// A command's body with the field that every command may carry.
pub(super) fn with_occurred_at(schema: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else {
        return schema;
    };
    let mut time = Time::schema();
    if let RefOr::T(Schema::Object(field)) = &mut time {
        field.description = Some("Business time; the server's clock when left out.".to_owned());
    }
    object.properties.insert("occurred_at".to_owned(), time);
    RefOr::T(Schema::Object(object))
}

pub(super) fn receipt() -> Schema {
    let mut object = members(&[
        ("position", Type::Integer),
        ("epoch", Type::String),
        ("stream", Type::String),
        ("version", Type::Integer),
    ]);
    let names = ArrayBuilder::new()
        .items(RefOr::T(Schema::Object(kind(Type::String).build())))
        .build();
    object
        .properties
        .insert("events".to_owned(), RefOr::T(Schema::Array(names)));
    Schema::Object(object)
}

pub(super) fn event() -> Schema {
    Schema::Object(members(&[
        ("id", Type::String),
        ("stream", Type::String),
        ("version", Type::Integer),
        ("type", Type::String),
        ("schema", Type::Integer),
        ("occurred_at", Type::String),
        ("correlation_id", Type::String),
        ("actor", Type::Object),
        ("data", Type::Object),
    ]))
}

pub(super) fn problem() -> Schema {
    let example = serde_json::to_value(Problem::refused("AlreadyShipped", "the order has left the house"));
    let mut object = members(&[
        ("type", Type::String),
        ("title", Type::String),
        ("status", Type::Integer),
    ]);
    object.examples.extend(example.ok());
    Schema::Object(object)
}
