//! Finding faces: a closed set of detectors.

mod cloud_vision;
mod embedded;

pub use cloud_vision::{CloudVision, DEFAULT_URL};
pub use embedded::Embedded;

use std::sync::Arc;

use crate::error::Error;
use crate::geometry::Rect;
use crate::photo::Photo;
use crate::result::DetectorName;

/// A face: the skin between brow and chin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// Where, in pixels of the upright photo; it may reach over the border.
    pub rect: Rect,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
}

/// What a detector found, and which one it was in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The faces, in no order.
    pub faces: Vec<Face>,
    /// Who answered.
    pub detector: DetectorName,
    /// Who should have answered but could not be reached.
    pub fallback_from: Option<DetectorName>,
}

/// Who looks for faces.
pub enum Detector {
    /// The detector in this program: no network, no cost.
    Embedded(Arc<Embedded>),
    /// Google Cloud Vision; the embedded one when Vision cannot be reached.
    CloudVision(CloudVision, Arc<Embedded>),
    /// The embedded one first; Google Cloud Vision for photos in which it finds nothing.
    Cascade(CloudVision, Arc<Embedded>),
}

impl Detector {
    /// The setting's name, as in `FRIENDS_DETECTOR` and `/api/health`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded(_) => "embedded",
            Self::CloudVision(..) => "cloud-vision",
            Self::Cascade(..) => "cascade",
        }
    }

    /// Finds the faces in a photo. A photo without faces is not an error, and neither is an unreachable Cloud Vision: the
    /// embedded detector steps in and the answer says so.
    ///
    /// # Errors
    /// When the detector itself breaks.
    pub async fn find(&self, photo: &Arc<Photo>) -> Result<Found, Error> {
        let answer = |faces, detector| Found { faces, detector, fallback_from: None };
        match self {
            Self::Embedded(embedded) => Ok(answer(look(embedded, photo).await?, DetectorName::Embedded)),
            Self::CloudVision(vision, embedded) => match vision.find(photo).await {
                Ok(faces) => Ok(answer(faces, DetectorName::CloudVision)),
                Err(error) => {
                    tracing::warn!(error = error.chain(), "Cloud Vision did not answer; the embedded detector looks instead");
                    let faces = look(embedded, photo).await?;
                    Ok(Found { fallback_from: Some(DetectorName::CloudVision), ..answer(faces, DetectorName::Embedded) })
                }
            },
            Self::Cascade(vision, embedded) => {
                let faces = look(embedded, photo).await?;
                if !faces.is_empty() {
                    return Ok(answer(faces, DetectorName::CascadeEmbedded));
                }
                match vision.find(photo).await {
                    Ok(faces) => Ok(answer(faces, DetectorName::CascadeCloudVision)),
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "Cloud Vision did not answer; no face was found without it");
                        Ok(Found {
                            fallback_from: Some(DetectorName::CascadeCloudVision),
                            ..answer(faces, DetectorName::CascadeEmbedded)
                        })
                    }
                }
            }
        }
    }
}

/// Runs the embedded detector off the async threads.
async fn look(embedded: &Arc<Embedded>, photo: &Arc<Photo>) -> Result<Vec<Face>, Error> {
    let (embedded, photo) = (Arc::clone(embedded), Arc::clone(photo));
    tokio::task::spawn_blocking(move || embedded.find(&photo)).await.map_err(|panic| Error::fault("looking for faces", panic))
}
