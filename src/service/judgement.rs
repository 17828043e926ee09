//! What is said of a photo: the part of the result document that judging decides.

use friends_core::geometry::Size;
use friends_core::judged_face::JudgedFace;
use friends_core::model::ModelName;
use serde::{Deserialize, Serialize};

/// What the judge saw in a photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Judgement {
    /// Size of the upright photo.
    pub photo: PhotoSize,
    /// What visitors should know of the photo.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<Note>,
    /// Which detector answered.
    pub detector: DetectorName,
    /// The detector that should have answered but could not be reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallback_from: Option<DetectorName>,
    /// The faces, from left to right; never empty.
    pub faces: Vec<JudgedFace>,
    /// The bundle that judged.
    pub model: ModelName,
    /// Where the time went.
    pub timings_ms: Timings,
}

/// What visitors should know of a photo that was judged all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The file ended before the photo did; almost all of it was there.
    Incomplete,
}

/// Width and height of the upright photo in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum DetectorName {
    /// The detector in this program.
    #[serde(rename = "embedded")]
    Embedded,
    /// Google Cloud Vision.
    #[serde(rename = "cloud-vision")]
    CloudVision,
    /// A cascade whose embedded stage found a face.
    #[serde(rename = "cascade:embedded")]
    CascadeEmbedded,
    /// A cascade that asked Cloud Vision.
    #[serde(rename = "cascade:cloud-vision")]
    CascadeCloudVision,
    /// No detector ran: the caller drew a box or asked for the whole photo.
    #[serde(rename = "none")]
    None,
}

/// Milliseconds by stage. `queue` and `fetch` are 0 where the photo came with the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Timings {
    /// Waiting until another photo may be held in memory.
    #[serde(default)]
    pub queue: u64,
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
