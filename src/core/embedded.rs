//! The detector inside the program: `SeetaFace`'s frontal face cascade (Wu et al., "Funnel-structured cascade for multi-view
//! face detection with alignment awareness", 2016), in pure Rust by the `rustface` crate.
//!
//! It finds frontal human faces. Many masked, tilted and drawn faces escape it; then the whole photo is judged.

use rustface::{ImageData, Model};

use crate::error::Error;
use crate::face::Face;
use crate::geometry::Rect;
use crate::photo::Photo;

/// The model in the form in which the `rustface` crate carries it (BSD-2-Clause, 1.2 MB).
static MODEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/seeta_fd_frontal.bin"));

/// Longer side of the picture that is searched, in pixels: 54 ms at 512 on one core, growing with the area.
const SEARCHED_SIDE: u32 = 512;
/// The smallest face that is searched for, in pixels of the searched picture.
const MIN_FACE: u32 = 24;
/// Cascade score below which a window is no face. Scores are open-ended; clear faces reach 10 and more.
const MIN_SCORE: f64 = 2.0;
/// The cascade score that counts as certain.
const CERTAIN_SCORE: f64 = 20.0;

/// A loaded detector.
pub struct Embedded {
    model: Model,
}

impl Embedded {
    /// Loads the model from the program itself.
    ///
    /// # Errors
    /// Never with an unaltered program.
    pub fn load() -> Result<Self, Error> {
        let model = rustface::read_model(MODEL).map_err(|error| Error::fault("loading the face detector", error))?;
        Ok(Self { model })
    }

    /// The faces in a photo, in no order.
    #[must_use]
    pub fn find(&self, photo: &Photo) -> Vec<Face> {
        let full = photo.size();
        let size = full.shrunk_to(SEARCHED_SIDE);
        let gray = image::DynamicImage::ImageRgb8(photo.view(full.rect(), size)).into_luma8();
        let mut detector = rustface::create_detector_with_model(self.model.clone());
        detector.set_min_face_size(MIN_FACE);
        detector.set_score_thresh(MIN_SCORE);
        detector.set_pyramid_scale_factor(0.8);
        detector.set_slide_window_step(4, 4);
        let horizontal = full.width as f32 / size.width as f32;
        let vertical = full.height as f32 / size.height as f32;
        detector
            .detect(&ImageData::new(&gray, size.width, size.height))
            .iter()
            .map(|face| {
                let found = face.bbox();
                let rect = Rect::new(found.x() as f32, found.y() as f32, found.width() as f32, found.height() as f32);
                Face {
                    rect: rect.scaled(horizontal, vertical),
                    confidence: (face.score() / CERTAIN_SCORE).clamp(0.0, 1.0) as f32,
                }
            })
            .collect()
    }
}
