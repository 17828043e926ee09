//! What a JPEG's segments say, in one walk over them (ITU-T T.81; EXIF 2.32; ICC.1, annex B.4).

use std::borrow::Cow;

use image::metadata::Orientation;
use memchr::{memchr, memchr_iter, memmem};

use crate::error::Rejection;
use crate::geometry::Size;
use crate::photo::header::{Cost, MAX_PROFILE_BYTES, orientation, pixels};
use crate::photo::refusal::{broken, not_read};

/// What a JPEG says of itself.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// Size of the stored picture.
    pub size: Size,
    /// How the pixels stand, by the first EXIF segment.
    pub orientation: Orientation,
    /// The color profile.
    pub profile: Option<Cow<'a, [u8]>>,
    /// What decoding takes.
    pub cost: Cost,
    /// Color channels: 1, 3 or 4.
    #[cfg_attr(
        not(feature = "libjpeg"),
        expect(dead_code, reason = "the Rust decoder reads it itself")
    )]
    pub components: u8,
    /// Whether the file has an end of image after its first scan.
    pub has_end: bool,
}

const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// Reads all segments up to the first scan, and what is counted after it.
///
/// # Errors
/// `photo_rejected` without a size; `unsupported_media_type` for what is no JPEG of eight bits with
/// Huffman codes.
pub fn read(bytes: &[u8]) -> Result<Header<'_>, Rejection> {
    let (mut frame, mut exif, mut scan) = (None, None, None);
    let mut profile_parts = Vec::new();
    for (marker, segment) in segments(bytes) {
        match marker {
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                frame = frame.or(Some(Frame::read(marker, segment)?));
            }
            // JPEG-LS has a frame header of its own (ITU-T T.87).
            0xF7 => return Err(not_read("a lossless JPEG")),
            0xE1 => exif = exif.or_else(|| segment.strip_prefix(b"Exif\0\0")),
            0xE2 => profile_parts.extend(segment.strip_prefix(b"ICC_PROFILE\0")),
            START_OF_SCAN => scan = Some(segment),
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| broken("its size is missing"))?;
    // The scan's header is a part of `bytes`, and what follows it is entropy-coded.
    let coded =
        scan.map_or(bytes.len(), |scan| scan.as_ptr().addr() + scan.len() - bytes.as_ptr().addr());
    let coded = &bytes[coded..];
    let has_several_scans =
        frame.is_progressive || scan.is_some_and(|scan| scan.first() < Some(&frame.components));
    Ok(Header {
        size: frame.size,
        orientation: orientation(exif),
        profile: joined(profile_parts),
        cost: frame.cost(has_several_scans.then(|| 1 + count(coded, START_OF_SCAN))),
        components: frame.components,
        has_end: memmem::rfind(coded, &[0xFF, END_OF_IMAGE]).is_some(),
    })
}

/// `SOFn`: precision, height, width, components as (id, sampling, table).
struct Frame {
    size: Size,
    components: u8,
    samplings: Vec<(u64, u64)>,
    is_progressive: bool,
}

impl Frame {
    fn read(marker: u8, segment: &[u8]) -> Result<Self, Rejection> {
        let &[precision, h1, h0, w1, w0, components, ref rest @ ..] = segment else {
            return Err(broken("its size is missing"));
        };
        match (marker, precision) {
            (0xC0..=0xC2, 8) => {}
            (0xC0..=0xC2, _) => return Err(not_read("a JPEG of more than 8 bits a color")),
            (0xC3 | 0xC7 | 0xCB | 0xCF, _) => return Err(not_read("a lossless JPEG")),
            (0xC9 | 0xCA, _) => return Err(not_read("a JPEG with arithmetic coding")),
            _ => return Err(not_read("a hierarchical JPEG")),
        }
        let size = Size {
            width: u16::from_be_bytes([w1, w0]).into(),
            height: u16::from_be_bytes([h1, h0]).into(),
        };
        let samplings = rest.chunks_exact(3).take(components.into());
        let samplings = samplings
            .map(|sampling| (u64::from(sampling[1] >> 4), u64::from(sampling[1] & 15)))
            .collect();
        Ok(Self { size, components, samplings, is_progressive: marker == 0xC2 })
    }

    /// What decoding takes; `scans` where there may be more than one.
    fn cost(&self, scans: Option<u64>) -> Cost {
        let (across, down) =
            self.samplings.iter().fold((1, 1), |(h, v), one| (h.max(one.0), v.max(one.1)));
        let units = u64::from(self.size.width).div_ceil(8 * across)
            * u64::from(self.size.height).div_ceil(8 * down);
        // Samples of all components, padded to whole units.
        let samples: u64 = self.samplings.iter().map(|(h, v)| units * h * v * 64).sum();
        // Coefficients of two bytes stay until the last of several scans; otherwise unit row after
        // unit row is decoded.
        let coefficients = if scans.is_some() { 2 * samples } else { 0 };
        let rows = u64::from(self.size.width) * 8 * down * self.samplings.len() as u64 * 4;
        let because =
            scans.is_some().then_some("It is a progressive JPEG or one of several scans: save it as a baseline (standard) one.");
        let scans = scans.unwrap_or(1);
        Cost { bytes: 3 * pixels(self.size) + coefficients + rows, scans, because }
    }
}

/// Marker segments up to the first scan: the marker, and what follows the length. Bytes between
/// them are passed over, as decoders do.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            rest = &rest[memchr(0xFF, rest)?..];
            let &[_, marker, ref after @ ..] = rest else { return None };
            match marker {
                // A stuffed byte, and a byte that fills.
                0x00 | 0xFF => rest = &rest[1..],
                // Markers without a length.
                0x01 | 0xD0..=0xD8 => rest = after,
                END_OF_IMAGE => return None,
                _ => {
                    let (length, body) = after.split_first_chunk::<2>()?;
                    let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
                    let (segment, after) = body.split_at_checked(length)?;
                    // What follows a start of scan is entropy-coded.
                    rest = if marker == START_OF_SCAN { &[] } else { after };
                    return Some((marker, segment));
                }
            }
        }
    })
}

/// How often a marker stands in these bytes at most: a decoder that looks for it finds no more.
fn count(bytes: &[u8], marker: u8) -> u64 {
    memchr_iter(0xFF, bytes).filter(|&at| bytes.get(at + 1) == Some(&marker)).count() as u64
}

/// The profile from its parts: number of the part (from 1), count of parts, bytes.
fn joined(mut parts: Vec<&[u8]>) -> Option<Cow<'_, [u8]>> {
    parts.retain(|part| part.len() > 2);
    parts.sort_by_key(|part| part[0]);
    match *parts {
        [] => None,
        [only] => Some(Cow::Borrowed(&only[2..])),
        _ if parts.iter().map(|part| part.len()).sum::<usize>() > MAX_PROFILE_BYTES => None,
        _ => Some(Cow::Owned(parts.iter().flat_map(|part| &part[2..]).copied().collect())),
    }
}
