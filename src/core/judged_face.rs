//! One face and what is said of it.

use serde::{Deserialize, Serialize};

use crate::crop::{Region, RegionKind};
use crate::error::Fault;
use crate::geometry::PixelRect;
use crate::model::Classifier;
use crate::photo::Photo;
use crate::verdict::{self, Score, Verdict};

/// One face and its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JudgedFace {
    /// What was judged, in pixels of the upright photo, inside it.
    #[serde(rename = "box")]
    pub area: PixelRect,
    /// The detector's confidence, 0 to 1.
    pub confidence: f32,
    /// How the box came about.
    pub region: RegionKind,
    /// Whether the head has so few pixels that the answer is not to be relied on.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub small: bool,
    /// The answer.
    pub verdict: Verdict,
    /// One score a Friend, highest first.
    pub scores: Vec<Score>,
}

/// One region: crop, network, verdict.
///
/// # Errors
/// As [`Classifier::scores`].
pub fn judge_region(
    classifier: &Classifier,
    photo: &Photo,
    region: Region,
) -> Result<JudgedFace, Fault> {
    let bundle = classifier.bundle();
    let names = bundle.slugs();
    let scores = classifier.scores(photo, region.area)?;
    Ok(JudgedFace {
        area: region.area,
        confidence: region.confidence,
        region: region.kind,
        small: region.is_small(),
        verdict: bundle.thresholds().judge(&scores, &names),
        scores: verdict::ranked(&scores, &names),
    })
}
