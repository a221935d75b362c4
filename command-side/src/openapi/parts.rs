//! Small pieces that every route of the document is made of.

use utoipa::openapi::{
    Content, Ref, RefOr, Required, ResponseBuilder,
    path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    request_body::{RequestBody, RequestBodyBuilder},
    schema::{Object, ObjectBuilder, Schema, Type},
};

/// An operation by its id and what it does.
pub(super) fn operation(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
}

/// A required body.
pub(super) fn body(content_type: &str, content: Content) -> RequestBody {
    RequestBodyBuilder::new()
        .content(content_type, content)
        .required(Some(Required::True))
        .build()
}

pub(super) fn answers(
    operation: OperationBuilder,
    status: &str,
    about: &str,
    body: Content,
    problems: &[&str],
) -> Operation {
    let good = ResponseBuilder::new()
        .description(about)
        .content("application/json", body)
        .build();
    let operation = operation.response(status, good);
    let with_problem = |operation: OperationBuilder, status: &&str| {
        let problem = content("#/components/schemas/Problem");
        operation.response(
            *status,
            ResponseBuilder::new()
                .description("Why not.")
                .content("application/problem+json", problem)
                .build(),
        )
    };
    problems.iter().fold(operation, with_problem).build()
}

pub(super) fn content(reference: &str) -> Content {
    Content::new(Some(RefOr::<Schema>::Ref(Ref::new(reference))))
}

pub(super) fn any(about: &str) -> Content {
    Content::new(Some(RefOr::T(Schema::Object(
        kind(Type::Object).description(Some(about)).build(),
    ))))
}

pub(super) fn header(name: &str, required: bool, about: &str) -> Parameter {
    let required = if required { Required::True } else { Required::False };
    parameter(name, ParameterIn::Header, required, about)
}

pub(super) fn query(name: &str, place: ParameterIn, about: &str) -> Parameter {
    let required = if place == ParameterIn::Path {
        Required::True
    } else {
        Required::False
    };
    parameter(name, place, required, about)
}

pub(super) fn parameter(name: &str, place: ParameterIn, required: Required, about: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(about))
        .schema(Some(RefOr::T(Schema::Object(kind(Type::String).build()))))
        .build()
}

pub(super) fn kind(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

pub(super) fn members(fields: &[(&str, Type)]) -> Object {
    let mut builder = kind(Type::Object);
    for (name, of) in fields {
        builder = builder
            .property(*name, RefOr::T(Schema::Object(kind(of.clone()).build())))
            .required(*name);
    }
    builder.build()
}
