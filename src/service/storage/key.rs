//! Where every object lies.

use crate::service::ticket::TicketId;

/// The two buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bucket {
    /// Private; what arrives under `uploads/` triggers the function.
    Uploads,
    /// The page and the results: what visitors read.
    Site,
}

/// Every object that we ever write: where it lies and what type it has.
#[derive(Clone, Copy, Debug)]
pub enum StorageKey<'a> {
    /// A visitor's photo, until it is judged.
    Upload(&'a TicketId),
    /// A ticket's result document.
    Result(&'a TicketId),
    /// Says that a ticket is open: what a sweep reads instead of all results.
    Waiting(&'a TicketId),
    /// A page that a visitor shares; its id is not the ticket's.
    Share(&'a TicketId),
    /// What a visitor said of the verdict on one face.
    Feedback(&'a TicketId, usize),
    /// The crop that the visitor gave with it.
    FeedbackCrop(&'a TicketId, usize),
    /// How many calls of Cloud Vision are spoken for in a month, `2026-11`.
    VisionCalls(&'a str),
    /// How the service is used, day by day.
    Stats,
}

impl StorageKey<'_> {
    /// Photos.
    pub(super) const UPLOADS: &'static str = "uploads/";
    /// Markers of open tickets.
    pub(super) const WAITING: &'static str = "waiting/";
    /// What visitors said.
    pub const FEEDBACK: &'static str = "feedback/";

    /// Which bucket.
    pub(super) fn bucket(self) -> Bucket {
        match self {
            Self::Upload(_) | Self::Waiting(_) | Self::Feedback(..) | Self::FeedbackCrop(..) | Self::VisionCalls(_) => {
                Bucket::Uploads
            }
            Self::Result(_) | Self::Share(_) | Self::Stats => Bucket::Site,
        }
    }

    /// The key inside the bucket. Feedback is filed under a hash: its key cannot be turned back into the ticket.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Upload(id) => format!("{}{}", Self::UPLOADS, id.as_str()),
            Self::Result(id) => format!("results/{}.json", id.as_str()),
            Self::Share(id) => format!("r/{}", id.as_str()),
            Self::Waiting(id) => format!("{}{}", Self::WAITING, id.as_str()),
            Self::Feedback(id, face) => format!("{}{}-{face}.json", Self::FEEDBACK, id.log_name()),
            Self::FeedbackCrop(id, face) => format!("{}{}-{face}.jpg", Self::FEEDBACK, id.log_name()),
            Self::VisionCalls(month) => format!("spend/vision-{month}.json"),
            Self::Stats => "stats.json".to_owned(),
        }
    }

    /// `Content-Type`; a photo's is whatever its ticket declared.
    pub(super) fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Upload(_) | Self::Waiting(_) => None,
            Self::Result(_) | Self::Feedback(..) | Self::VisionCalls(_) | Self::Stats => Some("application/json"),
            Self::Share(_) => Some("text/html; charset=utf-8"),
            Self::FeedbackCrop(..) => Some("image/jpeg"),
        }
    }

    /// The ticket whose photo lies at `path`, if that is what lies there.
    #[must_use]
    pub fn uploaded(path: &str) -> Option<TicketId> {
        TicketId::parse(path.strip_prefix(Self::UPLOADS)?)
    }

    /// The name of the opinion whose key this is: what stands before its ending.
    pub(super) fn opinion(path: &str) -> Option<&str> {
        path.strip_prefix(Self::FEEDBACK)?.strip_suffix(".json")
    }

    /// The ticket that a marker at `path` says is open.
    pub(super) fn marked(path: &str) -> Option<TicketId> {
        TicketId::parse(path.strip_prefix(Self::WAITING)?)
    }
}
