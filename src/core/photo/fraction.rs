//! JPEGs at a fraction of their size: the inverse transform yields fewer pixels, so that most of the work is never done.

use image::RgbImage;

use crate::geometry::Size;

/// What judging needs of a photo's longer side, in pixels: the detector sees 320 of it, 384 or 512
/// where faces are small, and a head 128. Smaller heads are cut from the full size, see [`DETAIL`].
pub const SIDE: u32 = 1600;

/// A region whose longer side has fewer pixels at the fraction, and that is to be shown larger, is cut from the full size.
pub const DETAIL: f32 = 96.0;

/// By how much a photo of this size is to be shrunk: 1, 2, 4 or 8, the most that leaves `side` pixels to the longer side.
#[must_use]
pub fn divisor(photo: Size, side: u32) -> u32 {
    let longer = photo.width.max(photo.height);
    [8, 4, 2].into_iter().find(|divisor| longer / divisor >= side).unwrap_or(1)
}

/// Decodes a JPEG of this size at one `divisor`-th of it, rounded up. `None` for what libjpeg does not turn into RGB (files of four
/// components) or finds broken: the decoder for full sizes has the last word on those.
#[cfg(feature = "libjpeg")]
pub fn decode(bytes: &[u8], photo: Size, divisor: u32) -> Option<RgbImage> {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    let eighths = u8::try_from(8 / divisor).ok()?;
    let decoding = || -> std::io::Result<Option<RgbImage>> {
        let mut header = mozjpeg::Decompress::with_markers(mozjpeg::NO_MARKERS).from_mem(bytes)?;
        if header.size() != (photo.width as usize, photo.height as usize) {
            return Ok(None);
        }
        header.scale(eighths);
        // Where colors have half the resolution they need no enlarging at half the size; at full size this is never reached.
        header.do_fancy_upsampling(false);
        let mut picture = header.rgb()?;
        let size = (u32::try_from(picture.width()), u32::try_from(picture.height()));
        let pixels: Vec<[u8; 3]> = picture.read_scanlines()?;
        picture.finish()?;
        let (Ok(width), Ok(height)) = size else { return Ok(None) };
        Ok(RgbImage::from_raw(width, height, pixels.into_flattened()))
    };
    // libjpeg's fatal errors arrive as unwinding, without a message of their own.
    catch_unwind(AssertUnwindSafe(decoding)).ok()?.ok()?
}

/// Without libjpeg every photo is decoded in full.
#[cfg(not(feature = "libjpeg"))]
pub fn decode(_: &[u8], _: Size, _: u32) -> Option<RgbImage> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_that_is_needed_is_left() {
        let size = |width, height| Size { width, height };
        assert_eq!(
            [1280, 3199, 3200, 4000, 6400, 12800, 65500].map(|long| divisor(size(long, 1000), SIDE)),
            [1, 1, 2, 2, 4, 8, 8]
        );
        assert_eq!(divisor(size(1000, 4000), SIDE), 2);
        assert_eq!(divisor(size(50, 50), u32::MAX), 1);
    }
}
