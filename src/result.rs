//! The result document, schema 1: what pages and programs read.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::crop::RegionKind;
use crate::error::Rejection;
use crate::geometry::{PixelRect, Size};
use crate::verdict::{Score, Verdict};

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
    /// What was found, when `done`.
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
    pub code: crate::error::Code,
    /// For people.
    pub message: String,
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self { code: rejection.code, message: rejection.message }
    }
}

/// What the judge saw in a photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Size of the upright photo.
    pub photo: PhotoSize,
    /// Who looked for faces.
    pub detector: DetectorName,
    /// The detector that should have looked but could not be reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallback_from: Option<DetectorName>,
    /// The faces, from left to right; never empty.
    pub faces: Vec<JudgedFace>,
    /// Whose opinion this is.
    pub model: ModelName,
    /// Where the time went.
    pub timings_ms: Timings,
}

/// Width and height of the upright photo in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl From<Size> for PhotoSize {
    fn from(size: Size) -> Self {
        Self { width: size.width, height: size.height }
    }
}

/// Which detector answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetectorName {
    /// The detector in this program.
    #[serde(rename = "embedded")]
    Embedded,
    /// Google Cloud Vision.
    #[serde(rename = "cloud-vision")]
    CloudVision,
    /// A cascade whose first stage was sure enough.
    #[serde(rename = "cascade:embedded")]
    CascadeEmbedded,
    /// A cascade that asked Cloud Vision.
    #[serde(rename = "cascade:cloud-vision")]
    CascadeCloudVision,
    /// Nobody looked: the caller drew a box or asked for the whole photo.
    #[serde(rename = "none")]
    None,
}

/// One face and its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedFace {
    /// What was judged, in pixels of the upright photo, inside it.
    #[serde(rename = "box")]
    pub area: PixelRect,
    /// The detector's confidence, 0 to 1.
    pub confidence: f32,
    /// How the box came about.
    pub region: RegionKind,
    /// The answer.
    pub verdict: Verdict,
    /// One score a Friend, highest first.
    pub scores: Vec<Score>,
}

/// The bundle that judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelName {
    /// The bundle's name.
    pub name: String,
    /// SHA-256 of its manifest, which in turn names the SHA-256 of every file.
    pub sha256: String,
}

/// Milliseconds by stage. `fetch` is 0 where the photo came with the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Getting the bytes out of the upload bucket.
    pub fetch: u64,
    /// Bytes to pixels.
    pub decode: u64,
    /// Finding faces.
    pub detect: u64,
    /// Judging all of them.
    pub classify: u64,
    /// All of it.
    pub total: u64,
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
