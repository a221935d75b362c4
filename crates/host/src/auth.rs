//! Bearer tokens: JWT under the rules of RFC 8725 — fixed algorithms per key, `iss`, `aud` and
//! `exp` checked — and the claims that say whose rows and which doors.

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    errors::ErrorKind,
    jwk::{AlgorithmParameters, JwkSet},
};
use plimsoll_contracts::{Problem, TenantId};
use serde::{Deserialize, Serialize};

use crate::ApiError;

/// Who issues our tokens and for whom.
const ISSUER: &str = "plimsoll";
/// Seconds by which clocks may differ.
const LEEWAY_S: u64 = 5;

/// What a token says of its bearer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: String,
    /// Whose data.
    pub tenant: TenantId,
    /// Which doors: `command:<context>`, `view:<name>`, `operate`, `import`, `audit`.
    #[serde(with = "spaced")]
    pub scope: Vec<String>,
    /// Ids whose rows may be seen; absent = all that the scope allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<BTreeSet<String>>,
    /// Expiry, seconds since 1970.
    pub exp: i64,
}

/// Every door, as `plimsoll up` hands it to its own page and tools.
pub const ALL_SCOPES: &[&str] = &["command:*", "view:*", "operate", "import", "audit"];

impl Claims {
    /// Claims with every scope for a tenant, until `expires_at`.
    #[must_use]
    pub fn everything(sub: &str, tenant: TenantId, expires_at: DateTime<Utc>) -> Self {
        let scope = ALL_SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        Self {
            sub: sub.to_owned(),
            tenant,
            scope,
            own: None,
            exp: expires_at.timestamp(),
        }
    }

    /// Whether a scope is among them; `kind:*` stands for every scope of that kind.
    #[must_use]
    pub fn allows(&self, scope: &str) -> bool {
        let kind = scope.split_once(':').map(|(kind, _)| kind);
        self.scope.iter().any(|held| {
            held == scope || kind.is_some_and(|kind| held.strip_suffix(":*").is_some_and(|all| all == kind))
        })
    }

    /// Asks for a scope.
    ///
    /// # Errors
    /// 403 `forbidden`, naming the scope.
    pub fn require(&self, scope: &str) -> Result<(), Problem> {
        if self.allows(scope) {
            Ok(())
        } else {
            Err(Problem::forbidden(format!(
                "this needs the scope `{scope}`; ask for a token that has it"
            )))
        }
    }
}

/// Why a token does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once: its signature and everything else of it holds.
    #[error("the token has expired")]
    Expired,
    /// It never was ours, or is not for us.
    #[error("{0}")]
    Bad(String),
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::unauthenticated(format!("{error}; get a new token"))
    }
}

/// The keys that tokens are checked with, and, for development keys, made with. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    inner: Arc<Inner>,
}

struct Inner {
    verify: Vec<VerifyKey>,
    sign: Option<EncodingKey>,
}

struct VerifyKey {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("verify", &self.inner.verify.len())
            .field("can_sign", &self.inner.sign.is_some())
            .finish()
    }
}

/// Why keys or tokens could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The JWKS file cannot be read.
    #[error("cannot read the key file {path}")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The JWKS file is not a JSON Web Key Set, or has no usable key.
    #[error("{path} is no usable JSON Web Key Set: {detail}")]
    Jwks {
        /// Which file.
        path: String,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// A secret that is too short to be one.
    #[error("a secret for HS256 needs at least 32 bytes, this one has {0}")]
    ShortSecret(usize),
    /// These keys only check tokens.
    #[error("tokens cannot be made here: only public keys are configured")]
    CannotSign,
    /// The token library refused.
    #[error("the token could not be made")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

impl Keys {
    /// One secret for signing and checking (HS256): development, or one house behind one door.
    ///
    /// # Errors
    /// [`KeyError::ShortSecret`] below 32 bytes.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        let verify = VerifyKey {
            id: None,
            key: DecodingKey::from_secret(secret),
            validation: validation(Algorithm::HS256),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                verify: vec![verify],
                sign: Some(EncodingKey::from_secret(secret)),
            }),
        })
    }

    /// Public keys (`EdDSA`, RS256) from a JSON Web Key Set on disk; each key checks only its own
    /// algorithm.
    ///
    /// # Errors
    /// [`KeyError::Read`] and [`KeyError::Jwks`].
    pub fn from_jwks_file(path: &Path) -> Result<Self, KeyError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::Read {
            path: name.clone(),
            source,
        })?;
        let wrong = |detail: String| KeyError::Jwks {
            path: name.clone(),
            detail,
        };
        let set: JwkSet = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        let mut verify = Vec::new();
        for jwk in &set.keys {
            let algorithm = match &jwk.algorithm {
                AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
                AlgorithmParameters::RSA(_) => Algorithm::RS256,
                _ => {
                    return Err(wrong("only Ed25519 (OKP) and RSA keys are accepted".to_owned()));
                }
            };
            let key = DecodingKey::from_jwk(jwk).map_err(|e| wrong(e.to_string()))?;
            verify.push(VerifyKey {
                id: jwk.common.key_id.clone(),
                key,
                validation: validation(algorithm),
            });
        }
        if verify.is_empty() {
            return Err(wrong("it holds no keys".to_owned()));
        }
        Ok(Self {
            inner: Arc::new(Inner { verify, sign: None }),
        })
    }

    /// Whether tokens can be made here.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        self.inner.sign.is_some()
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`KeyError::CannotSign`] with public keys only.
    pub fn issue(&self, claims: &Claims) -> Result<String, KeyError> {
        let key = self.inner.sign.as_ref().ok_or(KeyError::CannotSign)?;
        let full = Issued {
            claims,
            iss: ISSUER,
            aud: ISSUER,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &full, key).map_err(KeyError::Sign)
    }

    /// Checks a token.
    ///
    /// # Errors
    /// 401 `unauthenticated`, saying what is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Claims, Problem> {
        Ok(self.check(token)?)
    }

    /// Checks a token, for callers to whom an expired one is another matter than a bad one.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn check(&self, token: &str) -> Result<Claims, TokenError> {
        let head =
            jsonwebtoken::decode_header(token).map_err(|e| TokenError::Bad(format!("not a JWT: {e}")))?;
        let fits = |key: &&VerifyKey| {
            key.validation.algorithms.contains(&head.alg)
                && (head.kid.is_none() || key.id.is_none() || key.id == head.kid)
        };
        let mut why = "no key of ours fits its algorithm and key id".to_owned();
        for key in self.inner.verify.iter().filter(fits) {
            match jsonwebtoken::decode::<Claims>(token, &key.key, &key.validation) {
                Ok(data) => return Ok(data.claims),
                Err(e) if *e.kind() == ErrorKind::ExpiredSignature => return Err(TokenError::Expired),
                Err(e) => why = format!("the token does not hold: {e}"),
            }
        }
        Err(TokenError::Bad(why))
    }
}

#[derive(Serialize)]
struct Issued<'a> {
    #[serde(flatten)]
    claims: &'a Claims,
    iss: &'static str,
    aud: &'static str,
}

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY_S;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation
}

impl<S: Send + Sync> FromRequestParts<S> for Claims
where
    Keys: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let token =
            bearer(parts).ok_or_else(|| Problem::unauthenticated("send `Authorization: Bearer <token>`"))?;
        Ok(Keys::from_ref(state).verify(token)?)
    }
}

/// The bearer token of a request, if it has one.
#[must_use]
pub fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

mod spaced {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(scope: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&scope.join(" "))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(String::deserialize(deserializer)?
            .split_whitespace()
            .map(str::to_owned)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn keys() -> Keys {
        Keys::from_secret(&[7; 32]).unwrap()
    }

    fn claims(until: DateTime<Utc>) -> Claims {
        Claims::everything("U1", TenantId::main(), until)
    }

    #[test]
    fn a_token_reads_back_its_claims() {
        let claims = Claims {
            scope: vec!["view:revenue".to_owned()],
            ..claims(Utc::now() + Duration::hours(1))
        };
        let read = keys().verify(&keys().issue(&claims).unwrap()).unwrap();
        assert_eq!(read, claims);
        assert!(read.require("view:revenue").is_ok());
        assert_eq!(read.require("view:commission").unwrap_err().status, 403);
    }

    #[test]
    fn an_expired_token_and_another_houses_token_are_refused() {
        let expired = keys().issue(&claims(Utc::now() - Duration::minutes(1))).unwrap();
        assert_eq!(keys().verify(&expired).unwrap_err().status, 401);
        assert_eq!(keys().check(&expired), Err(TokenError::Expired));
        let foreign = Keys::from_secret(&[8; 32]).unwrap();
        let token = foreign.issue(&claims(Utc::now() + Duration::hours(1))).unwrap();
        assert_eq!(keys().verify(&token).unwrap_err().status, 401);
        let both = foreign.issue(&claims(Utc::now() - Duration::minutes(1))).unwrap();
        assert!(matches!(keys().check(&both), Err(TokenError::Bad(_))));
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        // {"alg":"none"} . {"sub":"x"} .
        assert_eq!(
            keys()
                .verify("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")
                .unwrap_err()
                .status,
            401
        );
    }

    #[test]
    fn a_star_opens_every_door_of_its_kind_and_no_other() {
        let claims = Claims {
            scope: vec!["view:*".to_owned()],
            ..claims(Utc::now())
        };
        assert!(claims.allows("view:revenue"));
        assert!(!claims.allows("command:orders"));
        assert!(!claims.allows("operate"));
    }
}
