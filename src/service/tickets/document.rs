//! The result document, schema 1: what pages and programs read.

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;

use crate::error::Failure;
use crate::judgement::Judgement;

/// The version of the document's shape.
pub const SCHEMA: u32 = 1;

/// Where a ticket stands, with what belongs to it. Everything but `Waiting` is terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// The photo is still to come or to be judged.
    Waiting {
        /// When the wait ends in any case.
        #[serde(with = "time::serde::rfc3339")]
        deadline: OffsetDateTime,
    },
    /// Judged.
    Done(Judgement),
    /// The photo could not be judged, and that is the photo's fault.
    Rejected {
        /// Why not.
        error: Failure,
    },
    /// The photo could not be judged, and that is our fault.
    Failed {
        /// Why not.
        error: Failure,
    },
    /// The deadline passed before there was anything to judge.
    Expired,
}

impl State {
    /// The value of `status`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Done(_) => "done",
            Self::Rejected { .. } => "rejected",
            Self::Failed { .. } => "failed",
            Self::Expired => "expired",
        }
    }
}

/// The document at `/results/<id>.json` and in the answer of `/api/judge`. Times are RFC 3339 in
/// UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResultDocument {
    /// Always 1; a document of another one is not read.
    #[serde(deserialize_with = "known_schema")]
    pub schema: u32,
    /// The ticket's id; absent from `/api/judge`, which keeps nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `status`, and what belongs to it.
    #[serde(flatten)]
    pub state: State,
    /// When the ticket was opened, or the request judged.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the document itself is deleted.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "time::serde::rfc3339::option"
    )]
    pub expires_at: Option<OffsetDateTime>,
    /// When the photo was deleted: written once it is, a moment after the document's end.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "time::serde::rfc3339::option"
    )]
    pub photo_deleted_at: Option<OffsetDateTime>,
    /// The hash of the token that takes the result back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delete_token_sha256: Option<String>,
}

fn known_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        SCHEMA => Ok(SCHEMA),
        other => Err(serde::de::Error::custom(format!(
            "schema {other} is not known here; this program reads {SCHEMA}"
        ))),
    }
}

impl ResultDocument {
    /// The document that a ticket starts with.
    #[must_use]
    pub fn waiting(
        id: String,
        created_at: OffsetDateTime,
        deadline: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Self {
        Self {
            id: Some(id),
            expires_at: Some(expires_at),
            ..Self::new(State::Waiting { deadline }, created_at)
        }
    }

    /// A judgement that is kept nowhere.
    #[must_use]
    pub fn unkept(outcome: Outcome, created_at: OffsetDateTime) -> Self {
        Self::new(outcome.into(), created_at)
    }

    /// A document that says nothing but where it stands.
    fn new(state: State, created_at: OffsetDateTime) -> Self {
        Self {
            schema: SCHEMA,
            id: None,
            state,
            created_at,
            expires_at: None,
            photo_deleted_at: None,
            delete_token_sha256: None,
        }
    }

    /// The same ticket with its end written in.
    #[must_use]
    pub fn ended(self, outcome: Outcome) -> Self {
        Self { state: outcome.into(), ..self }
    }

    /// What was judged, when `done`.
    #[must_use]
    pub fn judgement(&self) -> Option<&Judgement> {
        if let State::Done(judgement) = &self.state { Some(judgement) } else { None }
    }

    /// Why there is no judgement, when `rejected` or `failed`.
    #[must_use]
    pub fn error(&self) -> Option<&Failure> {
        if let State::Rejected { error } | State::Failed { error } = &self.state {
            Some(error)
        } else {
            None
        }
    }

    /// Whether the ticket still waits, overdue or not.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Whether this ticket still waits although its deadline has passed.
    #[must_use]
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        matches!(self.state, State::Waiting { deadline } if deadline < now)
    }
}

/// How a ticket ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Judged.
    Done(Judgement),
    /// The photo's fault.
    Rejected(Failure),
    /// Our fault.
    Failed(Failure),
    /// Nothing came in time.
    Expired,
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(judgement) => Self::Done(judgement),
            Outcome::Rejected(error) => Self::Rejected { error },
            Outcome::Failed(error) => Self::Failed { error },
            Outcome::Expired => Self::Expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_says_less_or_something_else_is_not_read() {
        let read = |text: &str| serde_json::from_str::<ResultDocument>(text);
        let times = r#""created_at": "2026-11-25T00:00:00Z""#;
        assert!(read(&format!(r#"{{"schema": 1, "status": "expired", {times}}}"#)).is_ok());
        for (text, why) in [
            (format!(r#"{{"schema": 2, "status": "expired", {times}}}"#), "a newer one"),
            (format!(r#"{{"schema": 1, "status": "paused", {times}}}"#), "an unknown status"),
            (format!(r#"{{"schema": 1, "status": "done", {times}}}"#), "done, and nothing judged"),
            (format!(r#"{{"schema": 1, "status": "failed", {times}}}"#), "failed, and no reason"),
            (
                format!(r#"{{"schema": 1, "status": "waiting", {times}}}"#),
                "waiting, and no deadline",
            ),
        ] {
            assert!(read(&text).is_err(), "{why}");
        }
    }
}
