//! What can go wrong, sorted by whose fault it is.
//!
//! [`Error::Rejected`] is the sender's fault: the answer says what to do, and it is never retried.
//! [`Error::Transient`] may pass: the function returns it, so that the event is delivered again.
//! [`Error::Fault`] is ours: it ends the ticket as `failed` and is logged once, at the entry point.

use serde::{Deserialize, Serialize};

/// The stable machine-readable reasons of the public API. Pages translate by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Why a photo was refused, more closely than by its [`Code`]: for programs that say it in other
/// languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No bytes arrived.
    Empty,
    /// HEIC or another still of the HEIF family.
    Heic,
    /// A lossless JPEG, one with arithmetic coding, or one of more than eight bits.
    KindOfJpeg,
    /// A form with the photo in it, base64, or a compressed body, instead of the photo's bytes.
    Wrapped,
    /// A side has too few pixels.
    TooSmall,
    /// The file ends in the middle.
    CutOff,
    /// A JPEG of more scans than are read.
    TooManyScans,
    /// It would take more memory than a photo may have.
    TooMuchMemory,
    /// It took more time than a photo may have.
    TooSlow,
}

/// A refusal with its reason, in a sentence for the person who sent the photo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// Why, for programs.
    pub code: Code,
    /// Why and what to do, for people (one or two English sentences).
    pub message: String,
    /// Why, more closely, where the code leaves it open.
    pub reason: Option<Reason>,
}

impl Rejection {
    /// A refusal for `code`, said in `message`.
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

    /// A photo whose time is over.
    #[must_use]
    pub fn too_slow() -> Self {
        Self::new(
            Code::PhotoTooCostly,
            "The photo takes too long to open. Send a smaller copy, saved as an ordinary JPEG.",
        )
    }

    /// A file of the caller's that could not be read.
    #[must_use]
    pub fn unreadable(error: &std::io::Error) -> Self {
        Self::new(Code::NotFound, format!("The file cannot be read: {error}."))
    }
}

/// The cause behind an [`Error`].
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Every way in which judging a photo can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sender's fault.
    #[error(transparent)]
    Rejected(#[from] Rejection),
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
    #[error("{attempt} failed")]
    Fault {
        /// What was tried.
        attempt: &'static str,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
}

impl Error {
    /// A passing fault while trying `attempt`.
    pub fn transient(attempt: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Transient { attempt, cause: cause.into() }
    }

    /// A lasting fault while trying `attempt`.
    pub fn fault(attempt: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Fault { attempt, cause: cause.into() }
    }

    /// What a visitor is told: a rejection as it is, anything else without its inner workings.
    #[must_use]
    pub fn public(&self) -> Rejection {
        match self {
            Self::Rejected(rejection) => rejection.clone(),
            Self::Transient { .. } | Self::Fault { .. } => Rejection::new(
                Code::Internal,
                "Something broke on our side; the photo is not to blame. Please try again.",
            ),
        }
    }

    /// The error and all its causes in one line, for logs.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error and all its causes in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
