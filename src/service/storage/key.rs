//! Where every object lies.

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
    /// A visitor's photo, until it is judged; named by its ticket, as the next three.
    Upload(&'a str),
    /// A ticket's result document.
    Result(&'a str),
    /// Says that a ticket is open: what a sweep reads instead of all results.
    Waiting(&'a str),
    /// A page that a visitor shares; its id is not the ticket's.
    Share(&'a str),
    /// What a visitor said of the verdict on one face; the ticket is named by its hash.
    Feedback(&'a str, usize),
    /// The crop that the visitor gave with it.
    FeedbackCrop(&'a str, usize),
    /// How many calls of Cloud Vision are spoken for in a month, `2026-11`.
    VisionCalls(&'a str),
    /// How the service is used, day by day.
    Stats,
}

impl StorageKey<'_> {
    /// Photos.
    pub(crate) const UPLOADS: &'static str = "uploads/";
    /// Markers of open tickets.
    pub(crate) const WAITING: &'static str = "waiting/";
    /// What visitors said.
    pub const FEEDBACK: &'static str = "feedback/";

    /// Which bucket.
    pub(super) fn bucket(self) -> Bucket {
        match self {
            Self::Upload(_)
            | Self::Waiting(_)
            | Self::Feedback(..)
            | Self::FeedbackCrop(..)
            | Self::VisionCalls(_) => Bucket::Uploads,
            Self::Result(_) | Self::Share(_) | Self::Stats => Bucket::Site,
        }
    }

    /// The key inside the bucket. Feedback is filed under a hash: its key cannot be turned back
    /// into the ticket.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Upload(id) => format!("{}{id}", Self::UPLOADS),
            Self::Result(id) => format!("results/{id}.json"),
            Self::Share(id) => format!("r/{id}"),
            Self::Waiting(id) => format!("{}{id}", Self::WAITING),
            Self::Feedback(hash, face) => format!("{}{}-{face}.json", Self::FEEDBACK, hash),
            Self::FeedbackCrop(hash, face) => format!("{}{}-{face}.jpg", Self::FEEDBACK, hash),
            Self::VisionCalls(month) => format!("spend/vision-{month}.json"),
            Self::Stats => "stats.json".to_owned(),
        }
    }

    /// `Content-Type`; a photo's is whatever its ticket declared.
    pub(super) fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Upload(_) | Self::Waiting(_) => None,
            Self::Result(_) | Self::Feedback(..) | Self::VisionCalls(_) | Self::Stats => {
                Some("application/json")
            }
            Self::Share(_) => Some("text/html; charset=utf-8"),
            Self::FeedbackCrop(..) => Some("image/jpeg"),
        }
    }

    /// The name of the ticket whose photo lies at `path`, if that is what lies there.
    #[must_use]
    pub fn uploaded(path: &str) -> Option<&str> {
        path.strip_prefix(Self::UPLOADS)
    }

    /// The name of the opinion whose key this is: what stands before its ending.
    pub(crate) fn opinion(path: &str) -> Option<&str> {
        path.strip_prefix(Self::FEEDBACK)?.strip_suffix(".json")
    }

    /// The name of the ticket that a marker at `path` says is open.
    pub(crate) fn marked(path: &str) -> Option<&str> {
        path.strip_prefix(Self::WAITING)
    }
}
