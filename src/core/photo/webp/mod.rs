//! WebP (RFC 9649): a picture, or the first frame of an animation.
//!
//! The decoder gets a small file of its own with nothing but the frame. What other chunks and flags
//! say about metadata, which is often wrong after programs that strip it, never reaches it.

mod tables;

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{ImageFormat, ImageReader};

use super::clock::{Clock, TimedFile};
use super::header::{Cost, MAX_PROFILE_BYTES, orientation, pixels};
use super::refusal::{self, broken, cut_off};
use super::{Decoded, on_canvas, opaque, whole_enough};
use crate::error::Rejection;
use crate::geometry::Size;

/// What a WebP says of itself.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// The canvas.
    pub size: Size,
    /// How the pixels stand.
    pub orientation: Orientation,
    /// The color profile.
    pub profile: Option<Cow<'a, [u8]>>,
    frame: Frame<'a>,
}

/// A picture on the canvas.
#[derive(Clone, Copy, Debug)]
struct Frame<'a> {
    left: u32,
    top: u32,
    size: Size,
    /// The payload of `ALPH`.
    alpha: Option<&'a [u8]>,
    /// `VP8 ` or `VP8L`, and the payload.
    bitstream: ([u8; 4], &'a [u8]),
}

/// Reads all chunks: `VP8X` has the size of the canvas; each frame has one of its own.
///
/// # Errors
/// `photo_rejected` where a chunk is cut off, sizes contradict each other or there is no picture.
pub fn read(bytes: &[u8]) -> Result<Header<'_>, Rejection> {
    let (mut canvas, mut frame, mut is_animated) = (None, None, false);
    let (mut alpha, mut exif, mut profile) = (None, None, None);
    for chunk in chunks(riff(bytes)) {
        let (name, payload) = chunk?;
        match &name {
            b"VP8X" => {
                let (width, height) = (1 + number24(payload, 4)?, 1 + number24(payload, 7)?);
                canvas = Some(Size { width, height });
            }
            b"ALPH" => alpha = Some(payload),
            b"VP8 " | b"VP8L" if frame.is_none() => {
                let size = bitstream_size(name, payload)?;
                frame = Some(Frame { left: 0, top: 0, size, alpha, bitstream: (name, payload) });
            }
            b"ANMF" => {
                is_animated = true;
                let animated = animation_frame(payload)?;
                frame = frame.or(Some(animated));
            }
            b"EXIF" => exif = exif.or(Some(payload)),
            b"ICCP" => profile = profile.or(Some(payload)),
            _ => {}
        }
    }
    let mut frame = frame.ok_or_else(|| broken("it holds no picture"))?;
    let size = canvas.unwrap_or(frame.size);
    let fits =
        frame.left + frame.size.width <= size.width && frame.top + frame.size.height <= size.height;
    if !fits || !is_animated && size != frame.size {
        return Err(broken("its parts contradict each other"));
    }
    if &frame.bitstream.0 == b"VP8L" {
        // Transparency is within.
        frame.alpha = None;
    }
    // Some programs write the mark of JPEG's EXIF segments before the TIFF header.
    let exif = exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    let profile = profile.filter(|profile| profile.len() <= MAX_PROFILE_BYTES).map(Cow::Borrowed);
    Ok(Header { size, orientation: orientation(exif), profile, frame })
}

impl Header<'_> {
    /// What decoding takes. The prefix codes of a lossless picture are counted here, which looks at
    /// each block of it: its size must have been checked.
    ///
    /// # Errors
    /// `photo_too_costly` for more codes than the picture can use.
    pub fn cost(&self) -> Result<Cost, Rejection> {
        let (size, frame) = (self.size, &self.frame);
        let is_lossless = &frame.bitstream.0 == b"VP8L";
        let tables = match frame.bitstream.1 {
            lossless if is_lossless => {
                tables::bytes(lossless.get(5..).unwrap_or_default(), frame.size)?
            }
            _ => match frame.alpha {
                // Compressed as the green of a lossless picture.
                Some(&[flags, ref lossless @ ..]) if flags & 3 == 1 => {
                    tables::bytes(lossless, frame.size)?
                }
                _ => 0,
            },
        };
        // Measured on the decoder: a lossy picture takes its planes and RGB; with transparency, or
        // lossless, four bytes a pixel twice. A frame that is smaller than its canvas has that beside
        // it.
        let pixel = if is_lossless || frame.alpha.is_some() { 8 } else { 5 };
        let beside = if size == frame.size { 0 } else { 3 * pixels(size) };
        let file = frame.bitstream.1.len() + frame.alpha.map_or(0, <[u8]>::len);
        let bytes = pixel * pixels(frame.size) + beside + tables + file as u64;
        Ok(Cost { bytes, scans: 1, because: None })
    }
}

/// `ANMF`: where the frame lies, its size, its chunks.
fn animation_frame(payload: &[u8]) -> Result<Frame<'_>, Rejection> {
    let (left, top) = (2 * number24(payload, 0)?, 2 * number24(payload, 3)?);
    let stated = Size { width: 1 + number24(payload, 6)?, height: 1 + number24(payload, 9)? };
    let mut alpha = None;
    for chunk in chunks(payload.get(16..).unwrap_or_default()) {
        let (name, payload) = chunk?;
        match &name {
            b"ALPH" => alpha = Some(payload),
            b"VP8 " | b"VP8L" if bitstream_size(name, payload)? == stated => {
                return Ok(Frame { left, top, size: stated, alpha, bitstream: (name, payload) });
            }
            b"VP8 " | b"VP8L" => break,
            _ => {}
        }
    }
    Err(broken("its parts contradict each other"))
}

/// What lies within the RIFF file that the bytes begin with; what follows it is no part of the
/// picture.
fn riff(bytes: &[u8]) -> &[u8] {
    let length = bytes
        .get(4..8)
        .map_or(0, |length| u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    let end = (length as usize).saturating_add(8).min(bytes.len());
    bytes.get(12..end).unwrap_or_default()
}

/// Chunks of a RIFF file: name and payload. A length is believed up to the end of the file only.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Result<([u8; 4], &[u8]), Rejection>> {
    std::iter::from_fn(move || {
        let (name, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let Some(payload) = after.get(..length) else {
            rest = &[];
            return Some(Err(cut_off()));
        };
        // Payloads are padded to even lengths.
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some(Ok((*name, payload)))
    })
}

/// The size in the frame header of `VP8 ` (RFC 6386, 9.1) or `VP8L` (RFC 9649, 3.4).
fn bitstream_size(name: [u8; 4], payload: &[u8]) -> Result<Size, Rejection> {
    let missing = || broken("its size is missing");
    if &name == b"VP8L" {
        let &[0x2F, a, b, c, d, ..] = payload else { return Err(missing()) };
        let bits = u32::from_le_bytes([a, b, c, d]);
        return Ok(Size { width: 1 + (bits & 0x3FFF), height: 1 + (bits >> 14 & 0x3FFF) });
    }
    let &[_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..] = payload else { return Err(missing()) };
    let fourteen = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    Ok(Size { width: fourteen(w0, w1), height: fourteen(h0, h1) })
}

fn number24(bytes: &[u8], at: usize) -> Result<u32, Rejection> {
    let three = bytes.get(at..at + 3).ok_or_else(|| broken("its size is missing"))?;
    Ok(u32::from_le_bytes([three[0], three[1], three[2], 0]))
}

/// The picture on a white canvas.
///
/// # Errors
/// `photo_rejected` for what is broken, `photo_too_costly` when the time is over.
pub fn decode(header: &Header, clock: Clock) -> Result<Decoded, Rejection> {
    let frame = &header.frame;
    let still = still(frame);
    let reader =
        ImageReader::with_format(TimedFile::new(&still, 1 << 16, clock), ImageFormat::WebP);
    let picture = reader.decode().map_err(|error| {
        if clock.is_over() { Rejection::too_slow() } else { refusal::of_decoder(error) }
    })?;
    let mut picture = opaque(picture);
    if frame.size != header.size {
        picture = on_canvas(&picture, header.size, (frame.left, frame.top));
    }
    whole_enough(picture, 1.0)
}

/// A file with nothing but this frame.
fn still(frame: &Frame) -> Vec<u8> {
    let (name, payload) = frame.bitstream;
    let mut file = Vec::with_capacity(payload.len() + frame.alpha.map_or(0, <[u8]>::len) + 64);
    file.extend(b"RIFF\0\0\0\0WEBP");
    if let Some(alpha) = frame.alpha {
        const HAS_ALPHA: u8 = 0x10;
        let side = |side: u32| (side - 1).to_le_bytes();
        let ([w0, w1, w2, _], [h0, h1, h2, _]) = (side(frame.size.width), side(frame.size.height));
        append(&mut file, *b"VP8X", &[HAS_ALPHA, 0, 0, 0, w0, w1, w2, h0, h1, h2]);
        append(&mut file, *b"ALPH", alpha);
    }
    append(&mut file, name, payload);
    let length = u32::try_from(file.len() - 8).unwrap_or(u32::MAX);
    file[4..8].copy_from_slice(&length.to_le_bytes());
    file
}

fn append(file: &mut Vec<u8>, name: [u8; 4], payload: &[u8]) {
    file.extend(name);
    file.extend(u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend(payload);
    file.extend(&[0][..payload.len() % 2]);
}
