//! What a photo's decoding will cost, read off its header before anything is allocated.
//!
//! Codecs allocate what a file claims: a few hundred bytes can ask for gigabytes. So every size
//! that a decoder will believe is read first, by the formats' own specifications: JPEG (ITU-T
//! T.81), PNG (W3C, third edition), WebP (RFC 9649), GIF (89a). Each format reads its header in one
//! walk, see `jpeg`, `png`, `webp` and `gif`.

use image::ImageFormat;
use image::metadata::Orientation;

use super::refusal::not_a_photo;
use super::{gif, jpeg, png, webp};
use crate::error::Rejection;
use crate::geometry::Size;

/// Bytes that a color profile may have; those of cameras and phones have some hundred to some
/// thousand.
pub const MAX_PROFILE_BYTES: usize = 256 * 1024;

/// What decoding takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes that are held at the peak of decoding: the decoder's buffers and the pixels.
    pub bytes: u64,
    /// How often the decoder goes over the whole picture: the scans of a JPEG that has several.
    pub scans: u64,
    /// What makes this photo dearer than others of its size.
    pub because: Option<&'static str>,
}

/// What a header says, by format.
#[derive(Clone, Debug)]
pub enum Header<'a> {
    Jpeg(jpeg::Header<'a>),
    Png(png::Header),
    WebP(webp::Header<'a>),
    Gif(gif::Header<'a>),
}

impl<'a> Header<'a> {
    /// Reads the header of a photo of this format.
    ///
    /// # Errors
    /// `photo_rejected` where sizes are missing, contradict each other or point outside of the
    /// file; `unsupported_media_type` for kinds of the format that nothing here decodes.
    pub fn read(format: ImageFormat, bytes: &'a [u8]) -> Result<Self, Rejection> {
        match format {
            ImageFormat::Jpeg => jpeg::read(bytes).map(Self::Jpeg),
            ImageFormat::Png => png::read(bytes).map(Self::Png),
            ImageFormat::WebP => webp::read(bytes).map(Self::WebP),
            ImageFormat::Gif => gif::read(bytes).map(Self::Gif),
            _ => Err(not_a_photo()),
        }
    }

    /// Size of the stored picture.
    pub fn size(&self) -> Size {
        match self {
            Self::Jpeg(header) => header.size,
            Self::Png(header) => header.size,
            Self::WebP(header) => header.size,
            Self::Gif(header) => header.size,
        }
    }

    /// What decoding takes; its size must have been checked.
    ///
    /// # Errors
    /// `photo_too_costly` for what no decoder should begin with.
    pub fn cost(&self) -> Result<Cost, Rejection> {
        match self {
            Self::Jpeg(header) => Ok(header.cost),
            Self::Png(header) => Ok(header.cost),
            Self::WebP(header) => header.cost(),
            Self::Gif(header) => Ok(header.cost),
        }
    }

    /// How the pixels stand.
    pub fn orientation(&self) -> Orientation {
        match self {
            Self::Jpeg(header) => header.orientation,
            Self::Png(header) => header.orientation,
            Self::WebP(header) => header.orientation,
            Self::Gif(_) => Orientation::NoTransforms,
        }
    }
}

/// Width times height, at most 2⁴⁰: bytes for so many can be reckoned with, and every limit is far
/// below.
pub fn pixels(size: Size) -> u64 {
    (u64::from(size.width) * u64::from(size.height)).min(1 << 40)
}

/// The orientation that an EXIF block says (a TIFF header and directories).
pub fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}
