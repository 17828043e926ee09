//! Photographed people who may wear a drawn costume.

use std::path::Path;

use friends_core::geometry::Rect;
use image::RgbImage;

use crate::boxes;
use crate::error::StudioError;

/// The shorter side, in pixels, below which a photographed face wears nothing: enlarged, it would
/// no longer look like a photo.
pub const MIN_FACE: f32 = 40.0;

/// A photographed person.
#[derive(Clone, Debug)]
pub struct Wearer {
    /// The photo.
    pub photo: RgbImage,
    /// The face in it, from hairline to chin, in pixels.
    pub face: Rect,
}

/// A photo of people.
#[derive(Clone, Debug)]
pub struct Photographed {
    /// The photo.
    pub image: RgbImage,
    /// All faces in it, in pixels.
    pub faces: Vec<Rect>,
}

impl Photographed {
    /// The faces of at least [`MIN_FACE`] pixels a side.
    pub fn large_faces(&self) -> impl Iterator<Item = Rect> + '_ {
        self.faces.iter().copied().filter(|face| face.width.min(face.height) >= MIN_FACE)
    }
}

/// The photos that `dir/boxes.json` lists.
///
/// # Errors
/// When the list or a photo cannot be read.
pub fn read(dir: &Path) -> Result<Vec<Photographed>, StudioError> {
    let opened = |photo: boxes::Boxed| match image::open(&photo.path) {
        Ok(picture) => Ok(Photographed { image: picture.into_rgb8(), faces: photo.boxes }),
        Err(source) => Err(StudioError::Photo { path: photo.path, source }),
    };
    boxes::read(dir)?.into_iter().map(opened).collect()
}

/// The people in the photos that `dir/boxes.json` lists whose face has at least [`MIN_FACE`] pixels
/// a side.
///
/// # Errors
/// As [`read`], and when no face is large enough.
pub fn wearers(dir: &Path) -> Result<Vec<Wearer>, StudioError> {
    let photos = read(dir)?;
    let wearer = |photo: &Photographed, face| Wearer { photo: photo.image.clone(), face };
    let wearers: Vec<Wearer> = photos
        .iter()
        .flat_map(|photo| photo.large_faces().map(move |face| wearer(photo, face)))
        .collect();
    if wearers.is_empty() {
        return Err(StudioError::NoFaces { path: dir.to_owned(), min_face: MIN_FACE });
    }
    Ok(wearers)
}
