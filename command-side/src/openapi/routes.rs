//! One operation per route; the commands' come from the registry.

use utoipa::openapi::{
    HttpMethod, PathItem, Paths, PathsBuilder, ResponseBuilder,
    path::{Operation, ParameterIn},
};

use super::parts::{answers, any, body, content, header, operation, query};
use crate::contexts::Entry;

/// The operation of one command.
pub(super) fn command(entry: &Entry) -> Operation {
    let schema = content(&format!("#/components/schemas/{}", entry.info.name));
    let about_key = "1 to 64 visible characters; the same key gives the same answer.";
    let operation = operation(entry.info.name, entry.info.about.trim())
        .tag(entry.context)
        .parameter(header("Idempotency-Key", true, about_key))
        .parameter(header(
            "If-Match",
            false,
            "Quoted version that the stream must be at, e.g. \"3\".",
        ))
        .parameter(header(
            "Correlation-Id",
            false,
            "Id that the events carry; a new one when left out.",
        ))
        .request_body(Some(body("application/json", schema)));
    let receipt = content("#/components/schemas/Receipt");
    let problems = [
        "400", "401", "403", "404", "409", "413", "415", "422", "429", "503",
    ];
    answers(
        operation,
        "202",
        "Appended, or nothing to change.",
        receipt,
        &problems,
    )
}

/// The routes that are no commands.
pub(super) fn others() -> Paths {
    let (get, post) = (HttpMethod::Get, HttpMethod::Post);
    let mut config = PathItem::new(get.clone(), read_config());
    config.put = Some(change_config());
    PathsBuilder::new()
        .path("/v1/commands:batch", PathItem::new(post.clone(), batch()))
        .path("/v1/events:import", PathItem::new(post, import()))
        .path("/v1/streams/{stream}", PathItem::new(get.clone(), stream()))
        .path("/v1/events", PathItem::new(get.clone(), feed()))
        .path("/v1/log", PathItem::new(get, log()))
        .path("/v1/config", config)
        .build()
}

fn batch() -> Operation {
    let about =
        "`atomic` and `commands`, each `context`, `command`, `idempotency_key`?, `if_match`?, `data`.";
    let operation = operation("batch", "Several commands: all or nothing, or one by one.")
        .request_body(Some(body("application/json", any(about))));
    let problems = [
        "400", "401", "403", "404", "409", "413", "415", "422", "429", "503",
    ];
    let one_by_one = any("`results`: a status and a receipt or problem per command.");
    let operation = operation.response(
        "202",
        ResponseBuilder::new()
            .description("Atomic: all appended together, or nothing to change.")
            .content("application/json", any("`epoch`, `position`, `results`."))
            .build(),
    );
    let about = "One by one: each for itself; some may have failed.";
    answers(operation, "200", about, one_by_one, &problems)
}

fn import() -> Operation {
    let about = "Appends envelopes, one a line, in order; repeated ids are left out.";
    let events = content("#/components/schemas/Event");
    let operation = operation("import", about).request_body(Some(body("application/x-ndjson", events)));
    let told = "A line per batch; the last line has the totals.";
    answers(
        operation,
        "200",
        told,
        any("`line`, `appended`, `repeated`, `position`, `problem`."),
        &["401", "403", "415", "429"],
    )
}

fn stream() -> Operation {
    let operation = operation("stream", "The events of one stream.")
        .parameter(query(
            "stream",
            ParameterIn::Path,
            "Name of the stream, e.g. order-O1.",
        ))
        .parameter(query("from", ParameterIn::Query, "First version."))
        .parameter(query("limit", ParameterIn::Query, "Events of the page."));
    answers(
        operation,
        "200",
        "A page.",
        any("`stream`, `events`, `next`."),
        &["400", "401", "403", "404", "503"],
    )
}

fn feed() -> Operation {
    let operation = operation("events", "The events of the tenant in log order.")
        .parameter(query(
            "after",
            ParameterIn::Query,
            "Position or token after which to begin.",
        ))
        .parameter(query(
            "type",
            ParameterIn::Query,
            "Only these types; repeatable, or with commas.",
        ))
        .parameter(query("limit", ParameterIn::Query, "Events of the page."));
    let page = any("`epoch`, `position`, `events`, `more`.");
    answers(operation, "200", "A page.", page, &["400", "401", "403", "503"])
}

fn log() -> Operation {
    let end = any("`epoch`, `position`, `stream`.");
    answers(
        operation("log", "Where the log ends."),
        "200",
        "The end.",
        end,
        &["401", "503"],
    )
}

fn read_config() -> Operation {
    let operation = operation("config", "The tenant's configuration.");
    answers(
        operation,
        "200",
        "The configuration.",
        any("All keys."),
        &["401", "503"],
    )
}

fn change_config() -> Operation {
    let operation = operation(
        "changeConfig",
        "Changes the keys that are given; each change is an event.",
    )
    .request_body(Some(body("application/json", any("Keys that change."))));
    let problems = ["400", "401", "403", "409", "413", "415", "503"];
    answers(
        operation,
        "200",
        "The configuration.",
        any("All keys."),
        &problems,
    )
}
