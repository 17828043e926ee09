//! The result document, schema 1: what pages and programs read.

use friends_core::error::{Code, Rejection};
use friends_core::judgement::Judgement;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The version of the document's shape.
pub const SCHEMA: u32 = 1;

/// Where a ticket stands. Everything but `Waiting` is terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The photo is still to come or to be judged, until `deadline`.
    Waiting,
    /// Judged.
    Done,
    /// The photo could not be judged, and that is the photo's fault.
    Rejected,
    /// The photo could not be judged, and that is our fault.
    Failed,
    /// The deadline passed before there was anything to judge.
    Expired,
}

/// The document at `/results/<id>.json` and in the answer of `/api/judge`. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultDocument {
    /// Always [`SCHEMA`].
    pub schema: u32,
    /// The ticket's id; absent from `/api/judge`, which keeps nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the ticket stands.
    pub status: Status,
    /// While waiting: when the wait ends in any case.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub deadline: Option<OffsetDateTime>,
    /// What was judged, when `done`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// Why not, when `rejected` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// When the ticket was opened, or the request judged.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the document itself is deleted.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When the photo's deletion was ordered: in the same run that wrote this document, retried until it succeeds.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    pub photo_deleted_at: Option<OffsetDateTime>,
}

/// Why there is no judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self { code: rejection.code, message: rejection.message }
    }
}

impl ResultDocument {
    /// The document that a ticket starts with.
    #[must_use]
    pub fn waiting(id: String, created_at: OffsetDateTime, deadline: OffsetDateTime, expires_at: OffsetDateTime) -> Self {
        Self {
            schema: SCHEMA,
            id: Some(id),
            status: Status::Waiting,
            deadline: Some(deadline),
            judgement: None,
            error: None,
            created_at,
            expires_at: Some(expires_at),
            photo_deleted_at: None,
        }
    }

    /// A judgement that is kept nowhere.
    #[must_use]
    pub fn unkept(outcome: Outcome, created_at: OffsetDateTime) -> Self {
        let blank = Self {
            schema: SCHEMA,
            id: None,
            status: Status::Waiting,
            deadline: None,
            judgement: None,
            error: None,
            created_at,
            expires_at: None,
            photo_deleted_at: None,
        };
        blank.ended(outcome)
    }

    /// The same ticket with its end written in.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.deadline = None;
        match outcome {
            Outcome::Done(judgement) => {
                self.status = Status::Done;
                self.judgement = Some(judgement);
            }
            Outcome::Rejected(rejection) => {
                self.status = Status::Rejected;
                self.error = Some(rejection.into());
            }
            Outcome::Failed(rejection) => {
                self.status = Status::Failed;
                self.error = Some(rejection.into());
            }
            Outcome::Expired => self.status = Status::Expired,
        }
        self
    }

    /// Whether this ticket still waits although its deadline has passed.
    #[must_use]
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        self.status == Status::Waiting && self.deadline.is_none_or(|deadline| deadline < now)
    }
}

/// How a ticket ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Judged.
    Done(Judgement),
    /// The photo's fault.
    Rejected(Rejection),
    /// Our fault.
    Failed(Rejection),
    /// Nothing came in time.
    Expired,
}
