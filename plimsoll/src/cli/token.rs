//! `plimsoll token`: a bearer token by hand, from the secret of a development server.

use std::{collections::BTreeSet, process::ExitCode};

use anyhow::Context as _;
use chrono::{Duration, Utc};
use plimsoll_contracts::TenantId;
use plimsoll_host::{Claims, Keys, auth::ALL_SCOPES};

use super::output::line;

/// Arguments of `plimsoll token`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The HS256 secret of the server, at least 32 bytes.
    #[arg(long, env = "PLIMSOLL_SECRET", hide_env_values = true)]
    secret: String,
    /// Whose data.
    #[arg(long, default_value = "main")]
    tenant: TenantId,
    /// Scopes, separated by spaces [default: all].
    #[arg(long)]
    scope: Option<String>,
    /// Only rows of these ids, separated by commas.
    #[arg(long, value_delimiter = ',')]
    own: Vec<String>,
    /// Who.
    #[arg(long, default_value = "operator")]
    sub: String,
    /// Hours until it expires.
    #[arg(long, default_value_t = 12)]
    hours: u32,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let keys = Keys::from_secret(args.secret.as_bytes())?;
    let scope = args.scope.clone().unwrap_or_else(|| ALL_SCOPES.join(" "));
    let own: BTreeSet<String> = args.own.iter().cloned().collect();
    let claims = Claims {
        sub: args.sub.clone(),
        tenant: args.tenant.clone(),
        scope: scope.split_whitespace().map(str::to_owned).collect(),
        own: (!own.is_empty()).then_some(own),
        exp: (Utc::now() + Duration::hours(i64::from(args.hours))).timestamp(),
    };
    line(&keys.issue(&claims).context("the token could not be made")?);
    Ok(ExitCode::SUCCESS)
}
