//! Which region of a photo training and evaluation take.

use std::sync::Arc;

use friends_core::heads::FaceDetector;
use friends_judge::training::examples::Framing;

/// Heads found by the embedded detector, or whole pictures.
pub fn framing(whole: bool) -> anyhow::Result<Framing> {
    Ok(if whole { Framing::Whole } else { Framing::Detect(Arc::new(FaceDetector::load()?)) })
}
