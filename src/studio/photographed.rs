//! Photographed people who may wear a drawn costume.

use std::path::Path;

use friends_core::geometry::Rect;
use image::RgbImage;

use crate::boxes;
use crate::error::StudioError;

/// The shorter side, in pixels, below which a photographed face wears nothing: enlarged, it would no longer look like a photo.
pub const MIN_FACE: f32 = 40.0;

/// A photographed person.
#[derive(Clone, Debug)]
pub struct Wearer {
    /// The photo.
    pub photo: RgbImage,
    /// The face in it, from hairline to chin, in pixels.
    pub face: Rect,
}

/// The people in the photos that `dir/boxes.json` lists whose face has at least [`MIN_FACE`] pixels a side.
///
/// # Errors
/// When the list or a photo cannot be read, or no face is large enough.
pub fn wearers(dir: &Path) -> Result<Vec<Wearer>, StudioError> {
    let mut wearers = Vec::new();
    for photo in boxes::read(dir)? {
        let faces: Vec<Rect> = photo.boxes.into_iter().filter(|face| face.width.min(face.height) >= MIN_FACE).collect();
        if faces.is_empty() {
            continue;
        }
        let picture = image::open(&photo.path).map_err(|source| StudioError::Photo { path: photo.path.clone(), source })?;
        let picture = picture.into_rgb8();
        wearers.extend(faces.into_iter().map(|face| Wearer { photo: picture.clone(), face }));
    }
    if wearers.is_empty() {
        return Err(StudioError::NoFaces { path: dir.to_owned(), min_face: MIN_FACE });
    }
    Ok(wearers)
}
