//! What a photo's decoding will cost, read off its header before anything is allocated.
//!
//! Codecs allocate what a file claims: a few hundred bytes can ask for gigabytes. So every size that a decoder will believe is read
//! here first, by the formats' own specifications: JPEG (ITU-T T.81), PNG (W3C, third edition), WebP (RFC 9649), GIF (89a).

use image::ImageFormat;
use image::metadata::Orientation;

use super::{broken, unsupported};
use crate::error::Rejection;
use crate::geometry::Size;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Size of the stored picture.
    pub size: Size,
    /// Bytes that are held at the peak of decoding: the file, the decoder's buffers and the pixels.
    pub working_bytes: u64,
    /// How often the decoder goes over the whole picture: the scans of a JPEG that has several.
    pub scans: u64,
    /// What makes this photo dearer than others of its size.
    pub because: Option<&'static str>,
}

/// Reads the header of a photo of this format.
///
/// # Errors
/// `photo_rejected` where sizes are missing, contradict each other or point outside of the file.
pub fn read(format: ImageFormat, bytes: &[u8]) -> Result<Header, Rejection> {
    let mut header = match format {
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Png => png(bytes),
        ImageFormat::WebP => webp(bytes),
        ImageFormat::Gif => gif(bytes),
        _ => return Err(unsupported()),
    }?;
    header.working_bytes += bytes.len() as u64;
    Ok(header)
}

/// Width times height, at most 2⁴⁰: bytes for so many can be reckoned with, and every limit is far below.
fn pixels(size: Size) -> u64 {
    (u64::from(size.width) * u64::from(size.height)).min(1 << 40)
}

/// Frame header: `SOFn length precision height width components (id sampling table)*`.
fn jpeg(bytes: &[u8]) -> Result<Header, Rejection> {
    let missing = || broken("its size is missing");
    let (marker, segment) = segments(bytes).find(|(marker, _)| is_frame(*marker)).ok_or_else(missing)?;
    let &[_, h1, h0, w1, w0, components, ref rest @ ..] = segment else { return Err(missing()) };
    let size = Size { width: u32::from(u16::from_be_bytes([w1, w0])), height: u32::from(u16::from_be_bytes([h1, h0])) };
    let samplings: Vec<(u64, u64)> =
        rest.chunks_exact(3).take(components.into()).map(|c| (u64::from(c[1] >> 4), u64::from(c[1] & 15))).collect();
    let (across, down) = samplings.iter().fold((1, 1), |(h, v), one| (h.max(one.0), v.max(one.1)));
    let units = u64::from(size.width).div_ceil(8 * across) * u64::from(size.height).div_ceil(8 * down);
    // Samples of all components, padded to whole units.
    let samples: u64 = samplings.iter().map(|(h, v)| units * h * v * 64).sum();
    let progressive = matches!(marker, 0xC2 | 0xC6 | 0xCA | 0xCE);
    let first_scan =
        segments(bytes).find(|(marker, _)| *marker == START_OF_SCAN).and_then(|(_, segment)| segment.first().copied());
    let has_several_scans = progressive || first_scan.is_some_and(|holds| holds < components);
    // Coefficients of two bytes stay until the last of several scans; otherwise unit row after unit row is decoded.
    let coefficients = if has_several_scans { 2 * samples } else { 0 };
    let scans = if has_several_scans { scans(bytes) } else { 1 };
    let rows = u64::from(size.width) * 8 * down * samplings.len() as u64 * 4;
    // A gray picture is widened to RGB when it is whole.
    let pixel = if components == 1 { 1 + 3 } else { 3 };
    let because =
        has_several_scans.then_some("It is a progressive JPEG or one of several scans: save it as a baseline (standard) one.");
    Ok(Header { size, working_bytes: pixel * pixels(size) + coefficients + rows, scans, because })
}

const START_OF_SCAN: u8 = 0xDA;

/// How many scans a JPEG has at most: a decoder that looks for a marker finds no more starts of scans.
fn scans(bytes: &[u8]) -> u64 {
    bytes.windows(2).filter(|pair| *pair == [0xFF, START_OF_SCAN]).count() as u64
}

/// How a JPEG's pixels stand, by the first EXIF segment.
pub fn jpeg_orientation(bytes: &[u8]) -> Orientation {
    let exif = segments(bytes).find_map(|(marker, segment)| (marker == 0xE1).then(|| segment.strip_prefix(b"Exif\0\0"))?);
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// Marker segments up to the first scan: the marker, and what follows the length. Bytes between them are passed over.
pub fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut ended = false;
    std::iter::from_fn(move || {
        if !ended {
            let next = rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF));
            rest = &rest[next?..];
        }
        let &[0xFF, marker, high, low, ref body @ ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?;
        let segment = body.get(..length)?;
        rest = &body[length..];
        // What follows a start of scan is entropy-coded.
        (!std::mem::replace(&mut ended, marker == START_OF_SCAN)).then_some((marker, segment))
    })
}

fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// `IHDR`: width, height, bit depth, color type, compression, filter, interlace.
fn png(bytes: &[u8]) -> Result<Header, Rejection> {
    let missing = || broken("its size is missing");
    let header = bytes.get(16..29).filter(|_| bytes.get(12..16) == Some(b"IHDR")).ok_or_else(missing)?;
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let size = Size { width: number(0), height: number(4) };
    let (depth, color, interlace) = (u64::from(header[8]), header[9], header[12]);
    let channels = match color {
        0 => 1,
        2 => 3,
        4 => 2,
        3 | 6 => 4, // A palette (3) expands to colors, perhaps with transparency.
        _ => return Err(broken("its kind of color does not exist")),
    };
    // A row as stored and the one above it, and one expanded to eight bits a channel.
    let rows = u64::from(size.width) * (2 * channels * depth.div_ceil(8) + channels);
    // Rows of an interlaced picture come in seven passes over the whole.
    let whole = if interlace == 0 { 0 } else { channels * pixels(size) };
    let because = (interlace != 0).then_some("It is an interlaced PNG: save it without interlacing.");
    Ok(Header { size, working_bytes: 3 * pixels(size) + rows + whole, scans: 1, because })
}

/// Chunks of a RIFF file: name and payload. A length is believed up to the end of the file only.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), Rejection>> {
    std::iter::from_fn(move || {
        let (name, after) = rest.split_at_checked(4)?;
        let Some((length, after)) = after.split_first_chunk::<4>() else {
            rest = &[];
            return Some(Err(broken("it ends in the middle")));
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some(payload) = after.get(..length) else {
            rest = &[];
            return Some(Err(broken("it ends in the middle")));
        };
        // Payloads are padded to even lengths.
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some(Ok((name, payload)))
    })
}

/// `VP8X` has the size of the canvas; each frame has one of its own, which decoders believe more.
fn webp(bytes: &[u8]) -> Result<Header, Rejection> {
    let mut canvas = None;
    let (mut frame, mut animated, mut alpha, mut lossless) = (None::<Size>, false, false, false);
    for chunk in chunks(bytes.get(12..).unwrap_or_default()) {
        let (name, payload) = chunk?;
        match name {
            b"VP8X" => canvas = Some(Size { width: 1 + number24(payload, 4)?, height: 1 + number24(payload, 7)? }),
            b"ALPH" => alpha = true,
            b"VP8 " | b"VP8L" if frame.is_none() => {
                lossless = name == b"VP8L";
                frame = Some(bitstream(name, payload)?);
            }
            b"ANMF" => {
                animated = true;
                let stated = Size { width: 1 + number24(payload, 6)?, height: 1 + number24(payload, 9)? };
                for inner in chunks(payload.get(16..).unwrap_or_default()) {
                    let (name, payload) = inner?;
                    if matches!(name, b"VP8 " | b"VP8L") && bitstream(name, payload)? != stated {
                        return Err(broken("its parts contradict each other"));
                    }
                }
                let within = canvas.is_some_and(|canvas: Size| stated.width <= canvas.width && stated.height <= canvas.height);
                if !within {
                    return Err(broken("its parts contradict each other"));
                }
                frame = frame.or(Some(stated));
            }
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| broken("it holds no picture"))?;
    let size = canvas.unwrap_or(frame);
    if !animated && size != frame {
        return Err(broken("its parts contradict each other"));
    }
    // Measured on the decoder: a lossy picture takes its planes and RGB; with transparency, or lossless, four bytes a pixel twice; an
    // animation its canvas, a frame and a copy of both.
    let pixel = if animated {
        16
    } else if alpha || lossless {
        8
    } else {
        5
    };
    let because = animated.then_some("It is animated: send a still picture.");
    Ok(Header { size, working_bytes: pixel * pixels(size), scans: 1, because })
}

/// The size in the frame header of `VP8 ` (RFC 6386, 9.1) or `VP8L` (RFC 9649, 3.4).
fn bitstream(name: &[u8], payload: &[u8]) -> Result<Size, Rejection> {
    let missing = || broken("its size is missing");
    if name == b"VP8L" {
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

/// Logical screen, then blocks up to the first image descriptor, whose frame may be larger than the screen.
fn gif(bytes: &[u8]) -> Result<Header, Rejection> {
    let missing = || broken("its size is missing");
    let &[w0, w1, h0, h1, packed, _, _, ref blocks @ ..] = bytes.get(6..).unwrap_or_default() else { return Err(missing()) };
    let size = |w: [u8; 2], h: [u8; 2]| Size { width: u16::from_le_bytes(w).into(), height: u16::from_le_bytes(h).into() };
    let screen = size([w0, w1], [h0, h1]);
    let table = if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    let mut rest = blocks.get(table..).ok_or_else(missing)?;
    let frame = loop {
        match *rest {
            [0x2C, _, _, _, _, w0, w1, h0, h1, ..] => break size([w0, w1], [h0, h1]),
            [0x21, _, ref sub_blocks @ ..] => {
                rest = sub_blocks;
                // Sub-blocks of a length and as many bytes; one of length 0 is the last.
                loop {
                    let (&length, after) = rest.split_first().ok_or_else(missing)?;
                    rest = after.get(length.into()..).ok_or_else(missing)?;
                    if length == 0 {
                        break;
                    }
                }
            }
            _ => return Err(broken("it holds no picture")),
        }
    };
    // The screen as RGBA; the frame as indices and as RGBA.
    Ok(Header { size: screen, working_bytes: 4 * pixels(screen) + 5 * pixels(frame), scans: 1, because: None })
}
