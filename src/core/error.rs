//! What can go wrong here, sorted by whose fault it is.
//!
//! A [`Rejection`] is the photo's fault: it says what to do. A [`Fault`] is ours.

use serde::{Deserialize, Serialize};

/// What is wrong with a photo that is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionKind {
    /// Too many bytes or too many pixels.
    TooLarge,
    /// More memory or time than a photo may have.
    TooCostly,
    /// Not one of the formats that are judged.
    Unsupported,
    /// The right format, but broken, empty, too small or otherwise unreadable.
    Unreadable,
}

/// Why a photo was refused, more closely than by its [`RejectionKind`]: for programs that say it in
/// other languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
    pub kind: RejectionKind,
    /// Why and what to do, for people (one or two English sentences).
    pub message: String,
    /// Why, more closely, where the kind leaves it open.
    pub reason: Option<Reason>,
}

impl Rejection {
    /// A refusal of this kind, said in `message`.
    pub fn new(kind: RejectionKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), reason: None }
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// A photo whose time is over.
    #[must_use]
    pub fn too_slow() -> Self {
        Self::new(
            RejectionKind::TooCostly,
            "The photo takes too long to open. Send a smaller copy, saved as an ordinary JPEG.",
        )
        .because(Reason::TooSlow)
    }
}

/// The cause behind a [`Fault`].
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Our fault: another try would end the same way.
#[derive(Debug, thiserror::Error)]
#[error("{attempt} failed")]
pub struct Fault {
    /// What was tried.
    pub attempt: &'static str,
    /// What went wrong.
    #[source]
    pub cause: Cause,
}

impl Fault {
    /// A fault while trying `attempt`.
    pub fn new(attempt: &'static str, cause: impl Into<Cause>) -> Self {
        Self { attempt, cause: cause.into() }
    }
}

/// An error and all its causes in one line, for logs.
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
