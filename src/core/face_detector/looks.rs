//! How large a photo is looked at, and when the detector looks again.
//!
//! A face that is small in the photo has too few pixels in the network's input, and one that fills
//! the photo too many. So what the first look finds decides about a second and a third one, of
//! other sizes. What each is worth stands in `models/face-detector/README.md`.

use serde::Deserialize;

use crate::face::Face;
use crate::geometry::Size;

/// Where the largest face is smaller than this share of the photo's longer side, there may be more,
/// too small to be seen at first.
const SMALL: f32 = 0.08;
/// From this length over width on a photo is long; see [`side`].
const LONG: f32 = 2.0;
/// How many times its side a look at a long photo may have.
const LONGEST: f32 = 3.0;

/// The longer sides of the inputs, in pixels. Inputs for photos longer than 2:1 are longer, so that
/// they have as many pixels as for a photo of 2:1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looks {
    /// The first look.
    pub first: u32,
    /// The second where nothing was found: faces that fill the photo.
    pub near: u32,
    /// The last where still nothing was found, or one face that is small for the photo.
    pub far: u32,
    /// The last where several faces were found and all are small.
    pub crowd: u32,
}

/// The longer side of the input for a photo: `side`, or more where the photo is longer than 2:1, so
/// that a look at it has as many pixels as one at a photo of 2:1.
pub fn side(photo: Size, side: u32) -> u32 {
    let (longer, shorter) = (photo.width.max(photo.height), photo.width.min(photo.height));
    let factor = (longer as f32 / shorter as f32 / LONG).sqrt().clamp(1.0, LONGEST);
    (side as f32 * factor).round() as u32
}

impl Looks {
    /// Of what size the last look is, if any, when the looks before have found these faces.
    #[must_use]
    pub fn last(self, photo: Size, found: &[Face]) -> Option<u32> {
        let longer = photo.width.max(photo.height) as f32;
        let is_small = |face: &Face| face.rect.area().sqrt() < SMALL * longer;
        let size = match found {
            [] | [_] => self.far,
            _ => self.crowd,
        };
        found.iter().all(is_small).then_some(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Rect;

    const LOOKS: Looks = Looks { first: 320, near: 160, far: 384, crowd: 512 };

    fn face(side: f32) -> Face {
        Face { rect: Rect::new(0.0, 0.0, side, side), confidence: 0.9 }
    }

    #[test]
    fn small_faces_are_looked_for_again() {
        let photo = Size { width: 1000, height: 700 };
        assert_eq!(LOOKS.last(photo, &[]), Some(384));
        assert_eq!(LOOKS.last(photo, &[face(60.0)]), Some(384));
        assert_eq!(LOOKS.last(photo, &[face(40.0), face(60.0)]), Some(512));
        assert_eq!(LOOKS.last(photo, &[face(60.0), face(200.0)]), None, "one is near");
        assert_eq!(LOOKS.last(photo, &[face(90.0)]), None);
    }

    #[test]
    fn a_long_photo_has_as_many_pixels_as_one_of_2_to_1() {
        assert_eq!(side(Size { width: 400, height: 300 }, 320), 320);
        for (width, height) in [(900, 1900), (4000, 800), (100, 1000)] {
            let photo = Size { width, height };
            let input = photo.scaled_to(side(photo, 320));
            let pixels = input.width * input.height;
            assert!(pixels.abs_diff(320 * 160) < 3000, "{photo:?} becomes {input:?}");
        }
        assert_eq!(side(Size { width: 16, height: 3_000_000 }, 320), 960);
    }
}
