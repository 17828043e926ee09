//! Untrusted bytes become an upright photo, or a refusal with a reason.
//!
//! The type is sniffed from the bytes, every limit is checked on the header before pixels are
//! allocated, and orientation and color profile are applied to what is looked at rather than to the
//! whole photo: a [`Photo`] keeps its pixels as they were stored and [`Photo::view`] cuts, shrinks
//! and turns in that order, so that a turned 12-megapixel photo costs no more than an upright one.
//! A large JPEG is kept at a fraction of its size (`jpeg`); all coordinates are those of the full
//! size.

mod clock;
mod color;
mod gif;
mod header;
mod jpeg;
mod pixels;
mod png;
mod refusal;
mod webp;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageFormat, RgbImage};

use crate::error::{Fault, Reason, Rejection, RejectionKind};
use crate::geometry::{Rect, Size};
use crate::limits::Limits;

use self::clock::Clock;
use self::color::ToSrgb;
use self::header::Header;
use self::jpeg::IndexedPhoto;
use self::pixels::{KeptPixels, Pixels};
use self::refusal::{check_dimensions, check_memory, check_scans, cut_off, damaged, not_a_photo};

/// The media types that a ticket may declare; the bytes decide what a photo really is.
pub const ACCEPTED_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/// What to do about HEIC, wherever it turns up.
pub const HEIC_ADVICE: &str = "HEIC photos cannot be read here. On an iPhone choose Settings > Camera > Formats > Most Compatible, \
     or send a screenshot or a JPEG copy.";

/// The share of its rows, or pixels, that a photo whose file ends too early must have.
pub const SHARE_NEEDED: f64 = 0.9;

/// A decoded photo: RGB, eight bits a channel, with the orientation that it was stored in.
pub struct Photo {
    pixels: Pixels,
    /// The full size, as stored.
    full: Size,
    orientation: Orientation,
    /// For photos with other colors than those of sRGB.
    to_srgb: Option<ToSrgb>,
    incomplete: bool,
}

/// Pixels that a format's decoder has read.
struct Decoded {
    /// As they were stored, rounded up where they are at a fraction of the full size.
    pixels: RgbImage,
    /// Whether the file ended before the photo did.
    is_incomplete: bool,
}

impl Photo {
    /// Decodes the first frame of a JPEG, PNG, WebP or GIF, as browsers show it; transparency
    /// becomes white.
    ///
    /// A JPEG may have stray bytes between its segments and may lack its end, as viewers have it.
    /// Of a JPEG, PNG or GIF that ends in the middle [`SHARE_NEEDED`] must be there; a WebP must be
    /// whole.
    ///
    /// # Errors
    /// `unsupported_media_type` for anything else, `photo_too_large` for too many pixels,
    /// `photo_too_costly` for what would take, or took, more memory or time than a photo may have,
    /// `photo_rejected` for broken or tiny photos.
    pub fn decode(bytes: impl Into<Bytes>, limits: &Limits) -> Result<Self, Rejection> {
        Self::decode_for(bytes, limits, jpeg::SIDE)
    }

    /// As [`Photo::decode`], for a caller who needs `side` pixels of the longer side; `u32::MAX`
    /// decodes in full.
    ///
    /// # Errors
    /// As [`Photo::decode`].
    pub fn decode_for(
        bytes: impl Into<Bytes>,
        limits: &Limits,
        side: u32,
    ) -> Result<Self, Rejection> {
        let clock = Clock::start(limits.time);
        let file = bytes.into();
        let header = Header::read(sniff(&file)?, &file)?;
        check_dimensions(header.size(), limits)?;
        let cost = header.cost()?;
        // A plain JPEG's stream is kept once more without its stuffing.
        let copies = if matches!(header, Header::Jpeg(_)) { 2 } else { 1 };
        check_memory(cost, copies * file.len(), limits)?;
        check_scans(cost, header.size(), limits)?;
        // Decoders are written by others, and fuzzing has found files at which they panic.
        let decoding = AssertUnwindSafe(|| decoded(&file, &header, side, limits, clock));
        let (pixels, incomplete, profile) = catch_unwind(decoding).map_err(|_| damaged())??;
        if clock.is_over() {
            return Err(Rejection::too_slow());
        }
        Ok(Self {
            pixels,
            full: header.size(),
            orientation: header.orientation(),
            to_srgb: profile.and_then(|profile| ToSrgb::new(&profile)),
            incomplete,
        })
    }

    /// A photo from pixels that are upright already.
    #[must_use]
    pub fn from_upright(pixels: RgbImage) -> Self {
        Self {
            full: Size { width: pixels.width(), height: pixels.height() },
            pixels: Pixels::Kept(KeptPixels::in_full(pixels)),
            orientation: Orientation::NoTransforms,
            to_srgb: None,
            incomplete: false,
        }
    }

    /// How many times smaller than the photo its pixels are kept: 1, 2, 4 or 8.
    #[must_use]
    pub fn divisor(&self) -> u32 {
        self.pixels.divisor()
    }

    /// Bytes of the pixels that are kept.
    #[must_use]
    pub fn pixel_bytes(&self) -> usize {
        self.pixels.bytes()
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
        let target = if swaps_axes(self.orientation) {
            Size { width: size.height, height: size.width }
        } else {
            size
        };
        let mut view = self.pixels.view(source, target);
        if let Some(to_srgb) = &self.to_srgb {
            to_srgb.apply(&mut view);
        }
        let mut view = DynamicImage::ImageRgb8(view);
        view.apply_orientation(self.orientation);
        view.into_rgb8()
    }

    /// The whole photo, upright and shrunk to `size`, as a JPEG; `quality` is 1 to 100. Nothing of
    /// the original file but its pixels is in it.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn to_jpeg(&self, size: Size, quality: u8) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode(
                &self.view(self.size().rect(), size),
                size.width,
                size.height,
                ExtendedColorType::Rgb8,
            )
            .map_err(|error| Fault::new("encoding a JPEG", error))?;
        Ok(bytes)
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

/// What the format's decoder reads: the pixels, whether the file ended before the photo did, and
/// the color profile.
fn decoded(
    file: &Bytes,
    header: &Header,
    side: u32,
    limits: &Limits,
    clock: Clock,
) -> Result<(Pixels, bool, Option<Vec<u8>>), Rejection> {
    let owned = |profile: &Option<Cow<[u8]>>| profile.as_deref().map(<[u8]>::to_vec);
    let in_full = |pixels| Pixels::Kept(KeptPixels::in_full(pixels));
    Ok(match header {
        Header::Jpeg(header) => {
            let (pixels, is_incomplete) = decoded_jpeg(file, header, side, limits, clock)?;
            (pixels, is_incomplete, owned(&header.profile))
        }
        Header::Png(header) => {
            let (Decoded { pixels, is_incomplete }, profile) = png::decode(file, header, clock)?;
            (in_full(pixels), is_incomplete, profile)
        }
        Header::WebP(header) => {
            let Decoded { pixels, is_incomplete } = webp::decode(header, clock)?;
            (in_full(pixels), is_incomplete, owned(&header.profile))
        }
        Header::Gif(header) => {
            let Decoded { pixels, is_incomplete } = gif::decode(header, clock)?;
            (in_full(pixels), is_incomplete, None)
        }
    })
}

/// A plain JPEG is decoded where it is looked at, every other one at the fraction that leaves `side`
/// pixels.
fn decoded_jpeg(
    file: &Bytes,
    header: &jpeg::Header,
    side: u32,
    limits: &Limits,
    clock: Clock,
) -> Result<(Pixels, bool), Rejection> {
    let is_in_full = side == u32::MAX;
    if let Some(indexed) = (!is_in_full).then(|| IndexedPhoto::read(file, header)).flatten() {
        return Ok((Pixels::Indexed(Box::new(indexed)), false));
    }
    let divisor = jpeg::divisor(header.size, side);
    let Decoded { pixels, is_incomplete } = jpeg::decode(file, header, divisor, clock)?;
    let kept = KeptPixels::at_fraction(pixels, divisor, file.clone(), *limits);
    Ok((Pixels::Kept(kept), is_incomplete))
}

fn swaps_axes(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// What the first bytes say the file is.
fn sniff(bytes: &[u8]) -> Result<ImageFormat, Rejection> {
    if bytes.is_empty() {
        return Err(Rejection::new(
            RejectionKind::Unreadable,
            "The photo is empty: no bytes arrived.",
        )
        .because(Reason::Empty));
    }
    if is_heic(bytes) {
        return Err(Rejection::new(RejectionKind::Unsupported, HEIC_ADVICE).because(Reason::Heic));
    }
    match image::guess_format(bytes) {
        Ok(
            format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif),
        ) => Ok(format),
        _ => Err(not_a_photo()),
    }
}

/// ISO base media files whose brand is a HEIF still: `....ftyp` and the brand (ISO/IEC 23008-12).
fn is_heic(bytes: &[u8]) -> bool {
    const BRANDS: [&[u8]; 9] =
        [b"heic", b"heif", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"];
    bytes.get(4..8) == Some(b"ftyp")
        && bytes.get(8..12).is_some_and(|brand| BRANDS.contains(&brand))
}

/// Takes pixels of which this share was in the file, if that is enough.
fn whole_enough(pixels: RgbImage, there: f64) -> Result<Decoded, Rejection> {
    if there < SHARE_NEEDED {
        return Err(cut_off());
    }
    Ok(Decoded { pixels, is_incomplete: there < 1.0 })
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
        let rgba =
            [bytes[4 * pixel], bytes[4 * pixel + 1], bytes[4 * pixel + 2], bytes[4 * pixel + 3]];
        bytes[3 * pixel..3 * pixel + 3].copy_from_slice(&over_white(rgba));
    }
    bytes.truncate(3 * width as usize * height as usize);
    RgbImage::from_raw(width, height, bytes).expect("three bytes a pixel are left")
}

/// An animation's first frame on its canvas; what it leaves free is transparent, so white.
fn on_canvas(frame: &RgbImage, canvas: Size, (left, top): (u32, u32)) -> RgbImage {
    let mut picture = RgbImage::from_pixel(canvas.width, canvas.height, image::Rgb([255; 3]));
    image::imageops::replace(&mut picture, frame, left.into(), top.into());
    picture
}

/// A color with its transparency laid over white.
fn over_white([r, g, b, alpha]: [u8; 4]) -> [u8; 3] {
    let alpha = u32::from(alpha);
    [r, g, b].map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}
