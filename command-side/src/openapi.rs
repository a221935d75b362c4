//! The OpenAPI document of these routes: one path per command, made from the registry.

use plimsoll_contracts::Problem;
use utoipa::openapi::{
    Components, Content, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Paths, PathsBuilder, Ref,
    RefOr, Required, ResponseBuilder,
    path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{ArrayBuilder, ComponentsBuilder, Object, ObjectBuilder, Schema, Type},
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use crate::{
    contexts::{Entry, REGISTRY},
    domain::{Shape as _, Time},
};

/// The document; whoever serves several rooms merges it with theirs.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut paths = Paths::new();
    for entry in REGISTRY.iter() {
        let path = format!("/v1/commands/{}/{}", entry.context, entry.info.name);
        paths.add_path_operation(path, vec![HttpMethod::Post], command(entry));
    }
    paths.merge(others());
    let info = InfoBuilder::new().title("Plimsoll commands").version(env!("CARGO_PKG_VERSION")).build();
    let security = SecurityRequirement::new("bearer", Vec::<String>::new());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components()))
        .security(Some([security]))
        .build()
}

fn components() -> Components {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let mut builder = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema("Problem", problem())
        .schema("Receipt", receipt())
        .schema("Event", event());
    for entry in REGISTRY.iter() {
        builder = builder.schema(entry.info.name, with_occurred_at((entry.info.schema)()));
    }
    builder.build()
}

fn with_occurred_at(schema: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else { return schema };
    let mut time = Time::schema();
    if let RefOr::T(Schema::Object(field)) = &mut time {
        field.description = Some("Business time; the server's clock when left out.".to_owned());
    }
    object.properties.insert("occurred_at".to_owned(), time);
    RefOr::T(Schema::Object(object))
}

fn command(entry: &Entry) -> Operation {
    let body = RequestBodyBuilder::new()
        .content("application/json", content(&format!("#/components/schemas/{}", entry.info.name)))
        .required(Some(Required::True))
        .build();
    let operation = OperationBuilder::new()
        .tag(entry.context)
        .operation_id(Some(entry.info.name))
        .summary(Some(entry.info.about.trim()))
        .parameter(header("Idempotency-Key", true, "1 to 64 visible characters; the same key gives the same answer."))
        .parameter(header("If-Match", false, "Quoted version that the stream must be at, e.g. \"3\"."))
        .parameter(header("Correlation-Id", false, "Id that the events carry; a new one when left out."))
        .request_body(Some(body));
    answers(operation, "202", "Appended, or nothing to change.", content("#/components/schemas/Receipt"), &[
        "400", "401", "403", "404", "409", "413", "415", "422", "429", "503",
    ])
}

/// The routes that are no commands.
fn others() -> Paths {
    let json = || any("Members as documented.");
    let events = content("#/components/schemas/Event");
    let batch = OperationBuilder::new()
        .operation_id(Some("batch"))
        .summary(Some("Several commands: all or nothing, or one by one."))
        .request_body(Some(RequestBodyBuilder::new().content("application/json", any("{\"atomic\", \"commands\": [{\"context\", \"command\", \"idempotency_key\"?, \"if_match\"?, \"data\"}]}")).build()));
    let import = OperationBuilder::new()
        .operation_id(Some("import"))
        .summary(Some("Appends envelopes, one a line, in order; repeated ids are left out."))
        .request_body(Some(RequestBodyBuilder::new().content("application/x-ndjson", events).build()));
    let stream = get("stream", "The events of one stream.")
        .parameter(query("stream", ParameterIn::Path, "Name of the stream, e.g. order-O1."))
        .parameter(query("from", ParameterIn::Query, "First version."))
        .parameter(query("limit", ParameterIn::Query, "Events of the page."));
    let feed = get("events", "The events of the tenant in log order.")
        .parameter(query("after", ParameterIn::Query, "Position or token after which to begin."))
        .parameter(query("type", ParameterIn::Query, "Only these types; repeatable, or with commas."))
        .parameter(query("limit", ParameterIn::Query, "Events of the page."));
    let put = OperationBuilder::new()
        .operation_id(Some("changeConfig"))
        .summary(Some("Changes the keys that are given; each change is an event."))
        .request_body(Some(RequestBodyBuilder::new().content("application/json", json()).build()));
    let config = |operation: OperationBuilder, problems: &[&str]| answers(operation, "200", "The configuration.", json(), problems);
    let mut config_item = PathItem::new(HttpMethod::Get, config(get("config", "The tenant's configuration."), &["401", "503"]));
    config_item.put = Some(config(put, &["400", "401", "403", "409", "415", "503"]));
    let ndjson = answers(import, "200", "Progress, a line a batch; the last line has the totals.", json(), &["401", "403", "415", "429"]);
    let batched = answers(batch, "202", "A result per command.", json(), &["400", "401", "403", "404", "409", "413", "422", "429", "503"]);
    let read = ["400", "401", "403", "404", "503"];
    PathsBuilder::new()
        .path("/v1/commands:batch", PathItem::new(HttpMethod::Post, batched))
        .path("/v1/events:import", PathItem::new(HttpMethod::Post, ndjson))
        .path("/v1/streams/{stream}", PathItem::new(HttpMethod::Get, answers(stream, "200", "A page.", json(), &read)))
        .path("/v1/events", PathItem::new(HttpMethod::Get, answers(feed, "200", "A page.", json(), &read)))
        .path("/v1/log", PathItem::new(HttpMethod::Get, answers(get("log", "Where the log ends."), "200", "The end.", json(), &["401", "503"])))
        .path("/v1/config", config_item)
        .build()
}

fn get(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new().operation_id(Some(id)).summary(Some(summary))
}

fn answers(operation: OperationBuilder, status: &str, about: &str, body: Content, problems: &[&str]) -> Operation {
    let good = ResponseBuilder::new().description(about).content("application/json", body).build();
    let operation = operation.response(status, good);
    let with_problem = |operation: OperationBuilder, status: &&str| {
        let problem = content("#/components/schemas/Problem");
        operation.response(*status, ResponseBuilder::new().description("Why not.").content("application/problem+json", problem).build())
    };
    problems.iter().fold(operation, with_problem).build()
}

fn content(reference: &str) -> Content {
    Content::new(Some(RefOr::<Schema>::Ref(Ref::new(reference))))
}

fn any(about: &str) -> Content {
    Content::new(Some(RefOr::T(Schema::Object(kind(Type::Object).description(Some(about)).build()))))
}

fn header(name: &str, required: bool, about: &str) -> Parameter {
    let required = if required { Required::True } else { Required::False };
    parameter(name, ParameterIn::Header, required, about)
}

fn query(name: &str, place: ParameterIn, about: &str) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    parameter(name, place, required, about)
}

fn parameter(name: &str, place: ParameterIn, required: Required, about: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(about))
        .schema(Some(RefOr::T(Schema::Object(kind(Type::String).build()))))
        .build()
}

fn kind(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

fn members(fields: &[(&str, Type)]) -> Object {
    let mut builder = kind(Type::Object);
    for (name, of) in fields {
        builder = builder.property(*name, RefOr::T(Schema::Object(kind(of.clone()).build()))).required(*name);
    }
    builder.build()
}

fn receipt() -> Schema {
    let mut object = members(&[
        ("position", Type::Integer),
        ("epoch", Type::String),
        ("stream", Type::String),
        ("version", Type::Integer),
    ]);
    let names = ArrayBuilder::new().items(RefOr::T(Schema::Object(kind(Type::String).build()))).build();
    object.properties.insert("events".to_owned(), RefOr::T(Schema::Array(names)));
    Schema::Object(object)
}

fn event() -> Schema {
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

fn problem() -> Schema {
    let example = serde_json::to_value(Problem::refused("AlreadyShipped", "the order has left the house"));
    let mut object = members(&[("type", Type::String), ("title", Type::String), ("status", Type::Integer)]);
    object.examples.extend(example.ok());
    Schema::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_path_and_a_closed_schema() {
        let document = serde_json::to_value(openapi()).unwrap();
        for entry in REGISTRY.iter() {
            let path = format!("/v1/commands/{}/{}", entry.context, entry.info.name);
            assert!(document["paths"][&path]["post"].is_object(), "{path}");
            let schema = &document["components"]["schemas"][entry.info.name];
            assert_eq!(schema["additionalProperties"], false, "{path}");
            assert!(schema["properties"]["occurred_at"].is_object(), "{path}");
        }
        let mut names: Vec<&str> = REGISTRY.iter().map(|entry| entry.info.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), REGISTRY.len(), "command names are schema names, so they are unique");
    }
}
