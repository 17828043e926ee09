//! Cuts a finished picture to the head, as the service does with a photo in which it finds a face.

use image::RgbImage;
use image::imageops::{self, FilterType};
use rand::Rng;

use crate::random::Dice;
use crate::stage::Rendered;

/// The side of the square as a multiple of the longer side of the head box: at least, and at most.
const GROWTH: (f32, f32) = (1.05, 2.0);
/// How far the middle of the square may lie from the middle of the head, as a share of the square's
/// side.
const SHIFT: f32 = 0.1;
/// Squares are at least this many pixels wide before they are scaled, however small the head is.
const MIN_SIDE: f32 = 24.0;

/// The square around the head, grown and shifted at random, as a picture of `size` × `size` pixels.
///
/// The square ends at the picture's edge: close heads fill it, distant ones bring their
/// surroundings.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pictures are far smaller than 2^24 pixels, and places are clamped to them"
)]
pub fn head_crop(picture: &Rendered, size: u32, rng: &mut (impl Rng + ?Sized)) -> RgbImage {
    let image = &picture.image;
    let shorter = image.width().min(image.height()) as f32;
    // The product of two uniform numbers prefers tight squares.
    let growth = GROWTH.0 + (GROWTH.1 - GROWTH.0) * rng.between(0.0, 1.0) * rng.between(0.0, 1.0);
    let side = (picture.head.width.max(picture.head.height) * growth)
        .clamp(MIN_SIDE.min(shorter), shorter);
    let (x, y) = picture.head.center();
    let corner = |middle: f32, shift: f32, length: u32| {
        (middle + shift * side - side / 2.0).clamp(0.0, length as f32 - side) as u32
    };
    let left = corner(x, rng.between(-SHIFT, SHIFT), image.width());
    let top = corner(y, rng.between(-SHIFT, SHIFT), image.height());
    let cut = imageops::crop_imm(image, left, top, side as u32, side as u32).to_image();
    imageops::resize(&cut, size, size, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use friends_core::geometry::Rect;
    use image::Rgb;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_head_is_in_the_crop_and_fills_a_good_part_of_it() {
        let head = Rect::from_edges(120.0, 90.0, 200.0, 180.0);
        let face = head;
        let image = RgbImage::from_fn(320, 320, |x, y| {
            let inside = (120..200).contains(&x) && (90..180).contains(&y);
            Rgb(if inside { [255, 0, 0] } else { [0, 0, 255] })
        });
        let picture = Rendered { image, head, face };
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..50 {
            let crop = head_crop(&picture, 64, &mut rng);
            assert_eq!(crop.dimensions(), (64, 64));
            let red = crop.pixels().filter(|pixel| pixel.0[0] > 127).count() as f32 / (64.0 * 64.0);
            // 80 x 90 pixels of a square of 1.05 to 2 times 90 pixels a side, a tenth of it perhaps
            // cut off.
            assert!((0.2..0.85).contains(&red), "{red}");
        }
    }

    #[test]
    fn any_head_in_any_picture_gives_a_crop_of_the_asked_size() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for (left, top, right, bottom) in
            [(0.0, 0.0, 16.0, 16.0), (15.0, 15.0, 16.0, 16.0), (0.0, 0.0, 0.0, 0.0)]
        {
            let head = Rect::from_edges(left, top, right, bottom);
            let picture = Rendered { image: RgbImage::new(16, 16), head, face: head };
            assert_eq!(head_crop(&picture, 128, &mut rng).dimensions(), (128, 128));
        }
    }
}
