//! The OpenAPI document of these routes: one path per command, made from the registry.

mod parts;
mod routes;
mod schemas;

use utoipa::openapi::{
    Components, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths,
    schema::ComponentsBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use crate::contexts::REGISTRY;

/// The document; whoever serves several rooms merges it with theirs.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut paths = Paths::new();
    for entry in REGISTRY.iter() {
        let path = format!("/v1/commands/{}/{}", entry.context, entry.info.name);
        paths.add_path_operation(path, vec![HttpMethod::Post], routes::command(entry));
    }
    paths.merge(routes::others());
    let info = InfoBuilder::new()
        .title("Plimsoll commands")
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let security = SecurityRequirement::new("bearer", Vec::<String>::new());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components()))
        .security(Some([security]))
        .build()
}

fn components() -> Components {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let mut builder = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema("Problem", schemas::problem())
        .schema("Receipt", schemas::receipt())
        .schema("Event", schemas::event());
    for entry in REGISTRY.iter() {
        builder = builder.schema(entry.info.name, schemas::with_occurred_at((entry.info.schema)()));
    }
    builder.build()
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
        assert_eq!(
            names.len(),
            REGISTRY.len(),
            "command names are schema names, so they are unique"
        );
    }
}
