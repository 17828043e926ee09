//! Untrusted bytes become an upright photo, or a refusal with a reason.
//!
//! The type is sniffed from the bytes, every limit is checked on the header before pixels are allocated, and the EXIF orientation is
//! applied to what is looked at rather than to the whole photo: a [`Photo`] keeps its pixels as they were stored and
//! [`Photo::view`] cuts, shrinks and turns in that order, so that a turned 12-megapixel photo costs no more than an upright
//! one. A large JPEG is kept at a fraction of its size (`fraction.rs`); all coordinates are those of the full size.

mod fraction;
mod header;
mod png_rows;

use std::io::Cursor;
use std::sync::OnceLock;

use bytes::Bytes;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage};

use crate::error::{Code, Error, Rejection};
use crate::geometry::{Rect, Size};
use crate::limits::Limits;

use self::header::Header;

/// The media types that a ticket may declare; the bytes decide what a photo really is.
pub const ACCEPTED_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/// What to do about HEIC, wherever it turns up.
pub const HEIC_ADVICE: &str = "HEIC photos cannot be read here. On an iPhone choose Settings > Camera > Formats > Most Compatible, \
     or send a screenshot or a JPEG copy.";

/// The share of its rows that a JPEG without an end must have.
pub const ROWS_NEEDED: f64 = 0.9;

/// A decoded photo: RGB, eight bits a channel, with the orientation that it was stored in.
pub struct Photo {
    /// The pixels, at one `divisor`-th of the full size.
    stored: RgbImage,
    divisor: u32,
    /// The full size, as stored.
    full: Size,
    orientation: Orientation,
    incomplete: bool,
    /// What the full size is decoded from once small heads need it, and its pixels then; `None` where it cannot be.
    file: Bytes,
    detailed: OnceLock<Option<RgbImage>>,
}

impl Photo {
    /// Decodes the first frame of a JPEG, PNG, WebP or GIF; transparency becomes white.
    ///
    /// A JPEG may have stray bytes between its segments and may lack its end, as viewers have it, if [`ROWS_NEEDED`] of its rows are
    /// there; every other photo must be whole.
    ///
    /// # Errors
    /// `unsupported_media_type` for anything else, `photo_too_large` over the limits, `photo_rejected` for broken or tiny
    /// photos.
    pub fn decode(bytes: impl Into<Bytes>, limits: &Limits) -> Result<Self, Rejection> {
        Self::decode_for(bytes, limits, fraction::SIDE)
    }

    /// As [`Photo::decode`], for a caller who needs `side` pixels of the longer side; `u32::MAX` decodes in full.
    ///
    /// # Errors
    /// As [`Photo::decode`].
    pub fn decode_for(bytes: impl Into<Bytes>, limits: &Limits, side: u32) -> Result<Self, Rejection> {
        let file = bytes.into();
        let format = sniff(&file)?;
        let header = header::read(format, &file)?;
        check_dimensions(header.size, limits)?;
        check_memory(&header, limits)?;
        check_scans(&header, limits)?;
        if format == ImageFormat::Png {
            let (stored, orientation) = png_rows::decode(&file)?;
            return Ok(Self::in_full(stored, orientation, false));
        }
        let incomplete = format == ImageFormat::Jpeg && !jpeg_has_an_end(&file);
        let divisor = fraction::divisor(header.size, side);
        if format == ImageFormat::Jpeg
            && !incomplete
            && divisor > 1
            && let Some(stored) = fraction::decode(&file, header.size, divisor)
        {
            let orientation = header::jpeg_orientation(&file);
            return Ok(Self { divisor, full: header.size, file, ..Self::in_full(stored, orientation, false) });
        }
        let (stored, orientation) = decode_in_full(format, &file, header.size)?;
        if incomplete && rows_there(&stored) < ROWS_NEEDED {
            return Err(broken("it ends in the middle"));
        }
        Ok(Self::in_full(stored, orientation, incomplete))
    }

    /// A photo from pixels that are upright already.
    #[must_use]
    pub fn from_upright(pixels: RgbImage) -> Self {
        Self::in_full(pixels, Orientation::NoTransforms, false)
    }

    fn in_full(stored: RgbImage, orientation: Orientation, incomplete: bool) -> Self {
        let full = Size { width: stored.width(), height: stored.height() };
        Self { stored, divisor: 1, full, orientation, incomplete, file: Bytes::new(), detailed: OnceLock::new() }
    }

    /// How many times smaller than the photo its pixels are kept: 1, 2, 4 or 8.
    #[must_use]
    pub fn divisor(&self) -> u32 {
        self.divisor
    }

    /// Bytes of the pixels that are kept.
    #[must_use]
    pub fn pixel_bytes(&self) -> usize {
        self.stored.as_raw().len()
    }

    /// Whether the file ended before the photo did.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Size of the upright photo.
    #[must_use]
    pub fn size(&self) -> Size {
        let Size { width, height } = self.full;
        if swaps_axes(self.orientation) { Size { width: height, height: width } } else { self.full }
    }

    /// The part `region` (upright pixels, clamped to the photo) as an upright picture of `size`.
    ///
    /// Every pixel of the region counts when it is shrunk (an area-weighted bilinear filter).
    #[must_use]
    pub fn view(&self, region: Rect, size: Size) -> RgbImage {
        let region = region.intersection(self.size().rect()).unwrap_or_else(|| self.size().rect());
        let source = self.stored_region(region);
        let target = if swaps_axes(self.orientation) { Size { width: size.height, height: size.width } } else { size };
        let (pixels, divisor) = self.pixels_for(source, target);
        let source = source.scaled(1.0 / divisor as f32, 1.0 / divisor as f32);
        let mut view = DynamicImage::ImageRgb8(resize(pixels, source, target));
        view.apply_orientation(self.orientation);
        view.into_rgb8()
    }

    /// The whole photo, upright and shrunk to `size`, as a JPEG; `quality` is 1 to 100. Nothing of the original file but its pixels is in
    /// it.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn to_jpeg(&self, size: Size, quality: u8) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode(&self.view(self.size().rect(), size), size.width, size.height, ExtendedColorType::Rgb8)
            .map_err(|error| Error::fault("encoding a JPEG", error))?;
        Ok(bytes)
    }

    /// The pixels that a region, in stored coordinates, is cut from, and by how much they are shrunk. The kept ones, unless they are too
    /// few for it and there are more.
    fn pixels_for(&self, region: Rect, target: Size) -> (&RgbImage, u32) {
        let longer = region.width.max(region.height) / self.divisor as f32;
        let is_coarse = longer < fraction::DETAIL && longer < target.width.max(target.height) as f32;
        if self.divisor > 1
            && is_coarse
            && let Some(detailed) = self.detailed()
        {
            return (detailed, 1);
        }
        (&self.stored, self.divisor)
    }

    /// The pixels of the full size, decoded the first time that they are needed.
    fn detailed(&self) -> Option<&RgbImage> {
        let decode = || decode_in_full(ImageFormat::Jpeg, &self.file, self.full).ok().map(|(pixels, _)| pixels);
        self.detailed.get_or_init(decode).as_ref()
    }

    /// Where a region of the upright photo lies in the stored pixels of the full size.
    fn stored_region(&self, upright: Rect) -> Rect {
        let (w, h) = (self.full.width as f32, self.full.height as f32);
        let Rect { x, y, width, height } = upright;
        let (right, bottom) = (upright.right(), upright.bottom());
        match self.orientation {
            Orientation::NoTransforms => upright,
            Orientation::FlipHorizontal => Rect::new(w - right, y, width, height),
            Orientation::FlipVertical => Rect::new(x, h - bottom, width, height),
            Orientation::Rotate180 => Rect::new(w - right, h - bottom, width, height),
            Orientation::Rotate90 => Rect::new(y, h - right, height, width),
            Orientation::Rotate270 => Rect::new(w - bottom, x, height, width),
            Orientation::Rotate90FlipH => Rect::new(y, x, height, width),
            Orientation::Rotate270FlipH => Rect::new(w - bottom, h - right, height, width),
        }
    }
}

/// All pixels of a JPEG, WebP or GIF, whose header says this size, and how they stand.
fn decode_in_full(format: ImageFormat, bytes: &[u8], size: Size) -> Result<(RgbImage, Orientation), Rejection> {
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder().map_err(refusal)?;
    if decoder.dimensions() != (size.width, size.height) {
        return Err(broken("it says two different sizes"));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((opaque(DynamicImage::from_decoder(decoder).map_err(refusal)?), orientation))
}

fn swaps_axes(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// What the first bytes say the file is.
fn sniff(bytes: &[u8]) -> Result<ImageFormat, Rejection> {
    if bytes.is_empty() {
        return Err(Rejection::new(Code::PhotoRejected, "The photo is empty: no bytes arrived."));
    }
    if is_heic(bytes) {
        return Err(Rejection::new(Code::UnsupportedMediaType, HEIC_ADVICE));
    }
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif)) => Ok(format),
        _ => Err(unsupported()),
    }
}

fn unsupported() -> Rejection {
    Rejection::new(Code::UnsupportedMediaType, "This is not a photo that can be read here. Send a JPEG, PNG, WebP or GIF.")
}

/// ISO base media files whose brand is a HEIF still: `....ftyp` and the brand (ISO/IEC 23008-12).
fn is_heic(bytes: &[u8]) -> bool {
    const BRANDS: [&[u8]; 9] = [b"heic", b"heif", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"];
    bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..12).is_some_and(|brand| BRANDS.contains(&brand))
}

/// Whether an end-of-image marker follows the first scan: decoders fill up what is missing with grey and say nothing.
fn jpeg_has_an_end(bytes: &[u8]) -> bool {
    let scan = header::segments(bytes).find(|(marker, _)| *marker == 0xDA);
    // The scan's header is a part of `bytes`, and what follows it is entropy-coded.
    let begun = scan.map(|(_, segment)| segment.as_ptr().addr() + segment.len() - bytes.as_ptr().addr());
    begun.and_then(|at| bytes.get(at..)).is_some_and(|coded| coded.windows(2).rev().any(|pair| pair == [0xFF, 0xD9]))
}

/// The share of rows that are there in a JPEG without an end. Decoders fill up the rest with one color, so rows at the bottom that have a
/// single color do not count.
fn rows_there(stored: &RgbImage) -> f64 {
    let last = stored.get_pixel(stored.width() - 1, stored.height() - 1);
    let filled = stored.rows().rev().take_while(|row| row.clone().all(|pixel| pixel == last)).count();
    1.0 - filled as f64 / f64::from(stored.height())
}

fn check_dimensions(size: Size, limits: &Limits) -> Result<(), Rejection> {
    let pixels = u64::from(size.width) * u64::from(size.height);
    if pixels > limits.pixels {
        return Err(Rejection::new(
            Code::PhotoTooLarge,
            format!(
                "The photo has {} megapixels; at most {} are read. Send a smaller copy.",
                pixels.div_ceil(1_000_000),
                limits.pixels / 1_000_000
            ),
        ));
    }
    if size.width.min(size.height) < limits.shortest_side {
        return Err(Rejection::new(
            Code::PhotoRejected,
            format!(
                "The photo is only {} by {} pixels; each side needs at least {}.",
                size.width, size.height, limits.shortest_side
            ),
        ));
    }
    Ok(())
}

/// Refuses what would take more memory than a photo may have.
fn check_memory(header: &Header, limits: &Limits) -> Result<(), Rejection> {
    if header.working_bytes <= limits.working_bytes {
        return Ok(());
    }
    let (needed, given) = (header.working_bytes.div_ceil(1 << 20), limits.working_bytes >> 20);
    let advice = header.because.unwrap_or("Send a smaller copy.");
    Err(Rejection::new(
        Code::PhotoTooLarge,
        format!("The photo needs {needed} MB of memory to open; at most {given} are given. {advice}"),
    ))
}

/// Refuses what a decoder would go over too often.
fn check_scans(header: &Header, limits: &Limits) -> Result<(), Rejection> {
    let Header { size, scans, .. } = *header;
    let scanned = u64::from(size.width) * u64::from(size.height) * scans;
    if scans <= limits.scans && scanned <= limits.scanned_pixels {
        return Ok(());
    }
    Err(Rejection::new(
        Code::PhotoTooLarge,
        format!("The photo is stored in {scans} scans, which takes too long to open. Save it as a baseline (standard) JPEG."),
    ))
}

fn broken(why: &str) -> Rejection {
    Rejection::new(Code::PhotoRejected, format!("The photo cannot be opened: {why}. Try to save or send it again."))
}

fn refusal(error: ImageError) -> Rejection {
    match error {
        ImageError::Limits(_) => {
            Rejection::new(Code::PhotoTooLarge, "The photo needs more memory than is allowed. Send a smaller or simpler copy.")
        }
        ImageError::Unsupported(_) => Rejection::new(
            Code::UnsupportedMediaType,
            "This kind of image file cannot be read here. Save it as an ordinary JPEG or PNG and send that.",
        ),
        _ => broken("the file is damaged or incomplete"),
    }
}

/// RGB with transparency laid over white.
fn opaque(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let (width, height) = (image.width(), image.height());
    let mut bytes = image.into_rgba8().into_raw();
    // In place: a second picture would double the memory.
    for pixel in 0..bytes.len() / 4 {
        let rgba = [bytes[4 * pixel], bytes[4 * pixel + 1], bytes[4 * pixel + 2], bytes[4 * pixel + 3]];
        bytes[3 * pixel..3 * pixel + 3].copy_from_slice(&over_white(rgba));
    }
    bytes.truncate(3 * width as usize * height as usize);
    RgbImage::from_raw(width, height, bytes).expect("three bytes a pixel are left")
}

/// A color with its transparency laid over white.
fn over_white([r, g, b, alpha]: [u8; 4]) -> [u8; 3] {
    let alpha = u32::from(alpha);
    [r, g, b].map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

/// Cuts `region` out of `source` and resizes it to `size`.
///
/// The typed interface of the resizer compiles for this one kind of pixel; the other one compiles for all kinds.
fn resize(source: &RgbImage, region: Rect, size: Size) -> RgbImage {
    let view = TypedImageRef::<U8x3>::from_buffer(source.width(), source.height(), source.as_raw())
        .expect("an RGB image holds three bytes a pixel");
    let mut resized = RgbImage::new(size.width, size.height);
    let mut target =
        TypedImage::<U8x3>::from_buffer(size.width, size.height, &mut resized).expect("an RGB image holds three bytes a pixel");
    // Single-precision edges may round past the border by a hair, which the resizer refuses.
    let (left, top) = (f64::from(region.x).max(0.0), f64::from(region.y).max(0.0));
    let width = f64::from(region.width).min(f64::from(source.width()) - left);
    let height = f64::from(region.height).min(f64::from(source.height()) - top);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(left, top, width, height);
    Resizer::new().resize_typed(&view, &mut target, &options).expect("a region inside the picture can be resized");
    resized
}
