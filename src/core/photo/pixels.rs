//! Where the pixels of a photo come from: kept in memory, or decoded where they are looked at.
//! Regions are in pixels of the full size, as the photo was stored.

use std::sync::OnceLock;

use bytes::Bytes;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{InnerPixel, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::clock::Clock;
use super::jpeg;
use super::jpeg::IndexedPhoto;
use crate::geometry::{Rect, Size};
use crate::limits::Limits;

/// A photo's pixels.
pub enum Pixels {
    /// All of them, perhaps at a fraction of the size.
    Kept(KeptPixels),
    /// Those of a plain JPEG.
    Indexed(Box<IndexedPhoto>),
}

impl Pixels {
    /// A region, cut out and resized. Every pixel of it counts when it is shrunk.
    pub fn view(&self, region: Rect, size: Size) -> RgbImage {
        match self {
            Self::Kept(kept) => kept.view(region, size),
            Self::Indexed(indexed) => indexed.view(region, size),
        }
    }

    /// How many times smaller than the photo the pixels are that are kept: 1, 2, 4 or 8.
    pub fn divisor(&self) -> u32 {
        match self {
            Self::Kept(kept) => kept.divisor,
            Self::Indexed(indexed) => indexed.divisor(),
        }
    }

    /// Bytes of the pixels that are kept.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Kept(kept) => kept.stored.as_raw().len(),
            Self::Indexed(indexed) => indexed.bytes(),
        }
    }
}

/// Pixels at one `divisor`-th of the full size.
pub struct KeptPixels {
    stored: RgbImage,
    divisor: u32,
    /// Where the full size comes from, at a fraction.
    detail: Option<Detail>,
}

/// What the full size of a JPEG is decoded from once a small head needs it, how long that may take,
/// and its pixels then; `None` where it cannot be decoded.
struct Detail {
    file: Bytes,
    limits: Limits,
    pixels: OnceLock<Option<RgbImage>>,
}

impl KeptPixels {
    /// Pixels in full size.
    pub fn in_full(stored: RgbImage) -> Self {
        Self { stored, divisor: 1, detail: None }
    }

    /// Pixels of a JPEG at a fraction.
    pub fn at_fraction(stored: RgbImage, divisor: u32, file: Bytes, limits: Limits) -> Self {
        let detail = Detail { file, limits, pixels: OnceLock::new() };
        Self { stored, divisor, detail: (divisor > 1).then_some(detail) }
    }

    fn view(&self, region: Rect, size: Size) -> RgbImage {
        let (pixels, divisor) = self.for_region(region, size);
        let region = region.scaled(1.0 / divisor as f32, 1.0 / divisor as f32);
        resized(pixels, region, size)
    }

    /// The pixels that a region is cut from, and by how much they are shrunk: those that are kept,
    /// unless they are too few for it and there are more.
    fn for_region(&self, region: Rect, size: Size) -> (&RgbImage, u32) {
        let longer = region.width.max(region.height) / self.divisor as f32;
        let is_coarse = longer < jpeg::DETAIL && longer < size.width.max(size.height) as f32;
        let detailed = self.detail.as_ref().filter(|_| is_coarse).and_then(Detail::pixels);
        detailed.map_or((&self.stored, self.divisor), |detailed| (detailed, 1))
    }
}

impl Detail {
    /// The pixels of the full size, decoded the first time that they are needed.
    fn pixels(&self) -> Option<&RgbImage> {
        let decode = || {
            let header = jpeg::read(&self.file).ok()?;
            let clock = Clock::start(self.limits.time);
            Some(jpeg::decode(&self.file, &header, 1, clock).ok()?.pixels)
        };
        self.pixels.get_or_init(decode).as_ref()
    }
}

/// Cuts `region` out of an RGB picture and resizes it to `size`.
fn resized(source: &RgbImage, region: Rect, size: Size) -> RgbImage {
    let mut target = RgbImage::new(size.width, size.height);
    resize::<U8x3>(source.as_raw(), source.dimensions(), region, &mut target, size);
    target
}

/// Cuts `region` out of `source`, of so many columns and rows, and resizes it to `size`, by an
/// area-weighted bilinear filter.
///
/// The typed interface of the resizer compiles for one kind of pixel; the other one for all kinds.
pub fn resize<P: InnerPixel + PixelTrait>(
    source: &[u8],
    (columns, rows): (u32, u32),
    region: Rect,
    target: &mut [u8],
    size: Size,
) {
    let source = TypedImageRef::<P>::from_buffer(columns, rows, source)
        .expect("a picture holds as many pixels as it says");
    let mut target = TypedImage::<P>::from_buffer(size.width, size.height, target)
        .expect("a picture holds as many pixels as it says");
    // Single-precision edges may round past the border by a hair, which the resizer refuses.
    let (columns, rows) = (f64::from(columns), f64::from(rows));
    let left = f64::from(region.x).clamp(0.0, columns - f64::from(f32::EPSILON));
    let top = f64::from(region.y).clamp(0.0, rows - f64::from(f32::EPSILON));
    let width = f64::from(region.width).min(columns - left);
    let height = f64::from(region.height).min(rows - top);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .crop(left, top, width, height);
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .expect("a region inside the picture can be resized");
}
