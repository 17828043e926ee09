//! JPEGs: plain ones are decoded where they are looked at (`indexed`); libjpeg decodes all others,
//! as browsers do. The Rust decoder stands in where the core is built without C.

mod header;
mod indexed;
#[cfg(feature = "libjpeg")]
mod libjpeg;

use image::RgbImage;

pub use self::header::{Header, read};
pub use self::indexed::IndexedPhoto;
use super::clock::Clock;
#[cfg(feature = "libjpeg")]
use super::refusal::damaged;
use super::{Decoded, whole_enough};
use crate::error::Rejection;
use crate::geometry::Size;

/// What judging needs of a photo's longer side, in pixels: the detector sees 320 of it, 384 or 512
/// where faces are small, and a head 128. Smaller heads are cut from the full size, see [`DETAIL`].
pub const SIDE: u32 = 1600;

/// A region whose longer side has fewer pixels at the fraction, and that is to be shown larger, is
/// cut from the full size.
pub const DETAIL: f32 = 96.0;

/// By how much a photo of this size is to be shrunk: 1, 2, 4 or 8, the most that leaves `side`
/// pixels to the longer side.
#[must_use]
pub fn divisor(photo: Size, side: u32) -> u32 {
    let longer = photo.width.max(photo.height);
    [8, 4, 2].into_iter().find(|divisor| longer / divisor >= side).unwrap_or(1)
}

/// Decodes a JPEG at one `divisor`-th of its size.
///
/// # Errors
/// `photo_rejected` for what is broken or lacks more than a tenth of its rows, `photo_too_costly`
/// when the time is over.
#[cfg(feature = "libjpeg")]
pub fn decode(
    bytes: &[u8],
    header: &Header,
    divisor: u32,
    clock: Clock,
) -> Result<Decoded, Rejection> {
    let Some(read) = libjpeg::decode(bytes, header, divisor, clock) else {
        return Err(if clock.is_over() { Rejection::too_slow() } else { damaged() });
    };
    let is_cut = !header.has_end;
    let there = if is_cut || read.is_damaged { rows_there(&read.pixels, is_cut) } else { 1.0 };
    let decoded = whole_enough(read.pixels, there)?;
    Ok(Decoded { is_incomplete: is_cut || decoded.is_incomplete, ..decoded })
}

/// Decodes a JPEG in full.
///
/// # Errors
/// As with libjpeg; but nothing ends this decoder before it is done.
#[cfg(not(feature = "libjpeg"))]
pub fn decode(bytes: &[u8], header: &Header, _: u32, clock: Clock) -> Result<Decoded, Rejection> {
    if clock.is_over() {
        return Err(Rejection::too_slow());
    }
    let picture = image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg)
        .map_err(super::refusal::of_decoder)?;
    let pixels = picture.into_rgb8();
    if pixels.dimensions() != (header.size.width, header.size.height) {
        return Err(super::refusal::broken("it says two different sizes"));
    }
    let there = if header.has_end { 1.0 } else { rows_there(&pixels, true) };
    Ok(Decoded { is_incomplete: !header.has_end, ..whole_enough(pixels, there)? })
}

/// The share of rows that are there in a JPEG that lacks some. Decoders fill up the rest with gray,
/// so rows at the bottom that have a single color do not count: any color where the file has no end
/// (`is_cut`), and gray where it has one too early.
fn rows_there(stored: &RgbImage, is_cut: bool) -> f64 {
    let last = *stored.get_pixel(stored.width() - 1, stored.height() - 1);
    if !is_cut && last != FILL && last != FILL_OF_INKS {
        return 1.0;
    }
    let filled =
        stored.rows().rev().take_while(|row| row.clone().all(|pixel| *pixel == last)).count();
    1.0 - filled as f64 / f64::from(stored.height())
}

/// What a decoder fills in: coefficients of zero.
const FILL: image::Rgb<u8> = image::Rgb([128; 3]);
/// The same in a picture of four inks.
const FILL_OF_INKS: image::Rgb<u8> = image::Rgb([64; 3]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_that_is_needed_is_left() {
        let size = |width, height| Size { width, height };
        assert_eq!(
            [1280, 3199, 3200, 4000, 6400, 12800, 65500]
                .map(|long| divisor(size(long, 1000), SIDE)),
            [1, 1, 2, 2, 4, 8, 8]
        );
        assert_eq!(divisor(size(1000, 4000), SIDE), 2);
        assert_eq!(divisor(size(50, 50), u32::MAX), 1);
    }
}
