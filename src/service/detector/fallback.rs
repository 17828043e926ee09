//! Who answers when a detector cannot: Cloud Vision falls back to the embedded detector.

use std::borrow::Borrow;
use std::sync::Arc;

use friends_core::face::Face;
use friends_core::face_detector::FaceDetector;
use friends_core::photo::Photo;

use super::cloud_vision::CloudVision;
use crate::error::Error;
use crate::judgement::DetectorName;
use crate::preloaded::Preloaded;
use crate::run_blocking::run_blocking;

/// A cascade leaves Cloud Vision alone where the embedded detector is at least this sure of a face:
/// in 105 of 106 photos of cosplayers, 124 of 150 of people in masks, 75 of 150 cartoons.
const SURE: f32 = 0.65;

/// What a detector found, and which one it was in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The faces, in no order.
    pub faces: Vec<Face>,
    /// The detector that answered.
    pub detector: DetectorName,
    /// The detector that should have answered but could not be reached.
    pub fallback_from: Option<DetectorName>,
}

/// A detector, with what it falls back to.
pub enum Detector {
    /// The detector in this program: no network, no cost.
    Embedded(Preloaded<FaceDetector>),
    /// Google Cloud Vision; the embedded one when Vision cannot be reached.
    CloudVision(CloudVision, Preloaded<FaceDetector>),
    /// The embedded one first; Google Cloud Vision for photos in which it finds nothing, or nothing
    /// that it is sure of.
    Cascade(CloudVision, Preloaded<FaceDetector>),
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

    /// The embedded detector, which each has.
    #[must_use]
    pub fn embedded(&self) -> &Preloaded<FaceDetector> {
        match self {
            Self::Embedded(embedded)
            | Self::CloudVision(_, embedded)
            | Self::Cascade(_, embedded) => embedded,
        }
    }

    /// Cloud Vision, if this detector asks it.
    #[must_use]
    pub fn vision(&self) -> Option<&CloudVision> {
        match self {
            Self::Embedded(_) => None,
            Self::CloudVision(vision, _) | Self::Cascade(vision, _) => Some(vision),
        }
    }

    /// Finds the faces in a photo. A photo without faces is not an error, and neither is a Cloud
    /// Vision that cannot be reached or must not be asked any more this month: the embedded
    /// detector steps in and the answer says so.
    ///
    /// `photo` is whatever holds one; the holder is kept until the work on it is over.
    ///
    /// # Errors
    /// When the detector itself breaks.
    pub async fn find<P: Borrow<Photo> + Send + Sync + 'static>(
        &self,
        photo: &Arc<P>,
    ) -> Result<Found, Error> {
        let answer = |faces, detector| Found { faces, detector, fallback_from: None };
        match self {
            Self::Embedded(embedded) => {
                Ok(answer(find_embedded(embedded, photo).await?, DetectorName::Embedded))
            }
            Self::CloudVision(vision, embedded) => match vision.find(photo).await {
                Ok(faces) => Ok(answer(faces, DetectorName::CloudVision)),
                Err(error) => {
                    tracing::warn!(
                        error = error.chain(),
                        "Cloud Vision did not answer; the embedded detector answers instead"
                    );
                    let faces = find_embedded(embedded, photo).await?;
                    Ok(Found {
                        fallback_from: Some(DetectorName::CloudVision),
                        ..answer(faces, DetectorName::Embedded)
                    })
                }
            },
            Self::Cascade(vision, embedded) => {
                let faces = find_embedded(embedded, photo).await?;
                if faces.iter().any(|face| face.confidence >= SURE) {
                    return Ok(answer(faces, DetectorName::CascadeEmbedded));
                }
                match vision.find(photo).await {
                    // Cloud Vision sees photographed people; a drawing that it does not see may be
                    // one all the same.
                    Ok(seen) if seen.is_empty() && !faces.is_empty() => {
                        Ok(answer(faces, DetectorName::CascadeEmbedded))
                    }
                    Ok(seen) => Ok(answer(seen, DetectorName::CascadeCloudVision)),
                    Err(error) => {
                        tracing::warn!(
                            error = error.chain(),
                            "Cloud Vision did not answer; the embedded detector answers alone"
                        );
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
async fn find_embedded<P: Borrow<Photo> + Send + Sync + 'static>(
    embedded: &Preloaded<FaceDetector>,
    photo: &Arc<P>,
) -> Result<Vec<Face>, Error> {
    let (embedded, photo) = (embedded.clone(), Arc::clone(photo));
    let find = move || embedded.get()?.find((*photo).borrow());
    Ok(run_blocking("finding faces", find).await??)
}
