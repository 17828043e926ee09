//! What can go wrong in the service, sorted by what follows from it.
//!
//! [`Error::Rejected`] is the caller's fault: the answer says what to do, and it is never retried.
//! [`Error::Transient`] may pass: the function returns it, so that the event is delivered again.
//! [`Error::Fault`] is ours: it ends the ticket as `failed` and is logged once, at the entry point.

use friends_core::error::{Cause, Fault, Reason, Rejection, RejectionKind};
use serde::{Deserialize, Serialize};

/// The stable machine-readable reasons of the public API. Pages translate by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request itself is malformed.
    BadRequest,
    /// Not for who asks.
    Forbidden,
    /// Nothing lives at this address.
    NotFound,
    /// Too many bytes or too many pixels.
    PhotoTooLarge,
    /// More memory or time than a photo may have.
    PhotoTooCostly,
    /// Not one of the photo formats that are judged.
    UnsupportedMediaType,
    /// The right format, but broken, empty or otherwise unreadable.
    PhotoRejected,
    /// More photos at once than this place takes.
    TooManyRequests,
    /// Our fault.
    Internal,
}

impl From<RejectionKind> for Code {
    fn from(kind: RejectionKind) -> Self {
        match kind {
            RejectionKind::TooLarge => Self::PhotoTooLarge,
            RejectionKind::TooCostly => Self::PhotoTooCostly,
            RejectionKind::Unsupported => Self::UnsupportedMediaType,
            RejectionKind::Unreadable => Self::PhotoRejected,
        }
    }
}

/// Why there is no judgement, or no answer, in the words of the public API. It stands in result
/// documents as it is.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, utoipa::ToSchema,
)]
#[error("{message}")]
pub struct Failure {
    /// For programs.
    pub code: Code,
    /// For people: why and what to do, in one or two English sentences.
    pub message: String,
    /// For programs, where the code leaves open what is wrong with the photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Failure {
    /// A failure for `code`, said in `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason: None }
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// A request that is not as it must be.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// An address or an id that leads nowhere.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing at this address.")
    }
}

impl From<Rejection> for Failure {
    fn from(Rejection { kind, message, reason }: Rejection) -> Self {
        Self { code: kind.into(), message, reason }
    }
}

/// Every way in which the service can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's fault, or the photo's.
    #[error(transparent)]
    Rejected(#[from] Failure),
    /// A passing fault of a service that we call: worth another try.
    #[error("{attempt} did not succeed this time")]
    Transient {
        /// What was tried.
        attempt: &'static str,
        /// What the service said.
        #[source]
        cause: Cause,
    },
    /// Our fault: another try would end the same way.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection.into())
    }
}

impl Error {
    /// A passing fault while trying `attempt`.
    pub fn transient(attempt: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Transient { attempt, cause: cause.into() }
    }

    /// A lasting fault while trying `attempt`.
    pub fn fault(attempt: &'static str, cause: impl Into<Cause>) -> Self {
        Fault::new(attempt, cause).into()
    }

    /// What a visitor is told: a refusal as it is, anything else without its inner workings.
    #[must_use]
    pub fn public(&self) -> Failure {
        match self {
            Self::Rejected(failure) => failure.clone(),
            Self::Transient { .. } | Self::Fault(_) => Failure::new(
                Code::Internal,
                "Something broke on our side; the photo is not to blame. Please try again.",
            ),
        }
    }

    /// The error and all its causes in one line, for logs.
    #[must_use]
    pub fn chain(&self) -> String {
        friends_core::error::chain(self)
    }
}
