//! PNG row by row: eight bits a channel and white under transparency before a whole picture exists,
//! which `image`'s decoder would hold at full depth.

use image::RgbImage;
use image::metadata::Orientation;
use png::{ColorType, Decoder, DecodingError, InterlaceInfo, Limits, Reader, Transformations};

use super::clock::{Clock, TimedFile};
use super::header::{Cost, MAX_PROFILE_BYTES, orientation, pixels};
use super::refusal::{broken, damaged};
use super::{Decoded, on_canvas, over_white, whole_enough};
use crate::error::Rejection;
use crate::geometry::Size;

/// Bytes that the decoder may hold besides pixels: rows and the chunks that it keeps.
const DECODER_BYTES: usize = 64 * 1024 * 1024;

/// What a PNG says of itself.
#[derive(Clone, Debug)]
pub struct Header {
    /// Size of the picture, or of an animation's canvas.
    pub size: Size,
    /// How the pixels stand, by the `eXIf` chunk, which may follow the pixels.
    pub orientation: Orientation,
    /// What decoding takes.
    pub cost: Cost,
}

/// Reads `IHDR` (width, height, bit depth, color type, compression, filter, interlace) and `eXIf`.
///
/// # Errors
/// `photo_rejected` without a size.
pub fn read(bytes: &[u8]) -> Result<Header, Rejection> {
    let missing = || broken("its size is missing");
    let header =
        bytes.get(16..29).filter(|_| bytes.get(12..16) == Some(b"IHDR")).ok_or_else(missing)?;
    let number = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let size = Size { width: number(0), height: number(4) };
    let (depth, color) = (u64::from(header[8]), header[9]);
    let channels = match color {
        0 => 1,
        2 => 3,
        4 => 2,
        3 | 6 => 4, // A palette (3) expands to colors, perhaps with transparency.
        _ => return Err(broken("its kind of color does not exist")),
    };
    let (mut exif, mut is_animated) = (None, false);
    for (name, payload) in chunks(bytes) {
        match name {
            // The decoder panics at a palette that ends within a color.
            b"PLTE" if color == 3 && payload.len() % 3 != 0 => {
                return Err(broken("its palette is damaged"));
            }
            b"eXIf" => exif = exif.or(Some(payload)),
            b"acTL" => is_animated = true,
            _ => {}
        }
    }
    // A row as stored and the one above it, one expanded to eight bits a channel, and one as RGB.
    let rows = u64::from(size.width) * (2 * channels * depth.div_ceil(8) + channels + 3);
    // An animation whose first frame is smaller than its canvas has both.
    let pictures = if is_animated { 2 } else { 1 };
    let cost = Cost { bytes: pictures * 3 * pixels(size) + rows, scans: 1, because: None };
    Ok(Header { size, orientation: orientation(exif), cost })
}

/// Chunks as far as they are whole: name and payload.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_at_checked(4)?;
        let (payload, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = after.get(4..).unwrap_or_default();
        Some((name, payload))
    })
}

/// The pixels and the color profile. Of an animation whose default image is hidden, those of its
/// first frame.
///
/// # Errors
/// `photo_rejected` for what is broken or lacks more than a tenth of its pixels, `photo_too_costly`
/// when the time is over.
pub fn decode(
    bytes: &[u8],
    header: &Header,
    clock: Clock,
) -> Result<(Decoded, Option<Vec<u8>>), Rejection> {
    let refusal = |error| if clock.is_over() { Rejection::too_slow() } else { refusal(error) };
    let mut decoder = Decoder::new_with_limits(
        TimedFile::new(bytes, 1 << 16, clock),
        Limits { bytes: DECODER_BYTES },
    );
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    // Browsers show what a checksum denies, wherever it stands.
    decoder.ignore_checksums(true);
    let mut reader = decoder.read_info().map_err(refusal)?;
    let info = reader.info();
    if info.animation_control.is_some() && info.frame_control.is_none() {
        reader.next_frame_info().map_err(refusal)?;
    }
    let info = reader.info();
    let profile = info
        .icc_profile
        .as_deref()
        .filter(|profile| info.srgb.is_none() && profile.len() <= MAX_PROFILE_BYTES);
    let profile = profile.map(<[u8]>::to_vec);
    let frame = info.frame_control;
    let size = frame.map_or(header.size, |frame| Size { width: frame.width, height: frame.height });
    let (mut picture, there) = read_frame(&mut reader, size)?;
    if clock.is_over() {
        return Err(Rejection::too_slow());
    }
    if let Some(frame) = frame.filter(|_| size != header.size) {
        picture = on_canvas(&picture, header.size, (frame.x_offset, frame.y_offset));
    }
    Ok((whole_enough(picture, there)?, profile))
}

/// The current frame as far as it is there, and the share of its pixels that are.
fn read_frame(reader: &mut Reader<TimedFile>, size: Size) -> Result<(RgbImage, f64), Rejection> {
    let mut picture = RgbImage::new(size.width, size.height);
    let (to_rgb, channels) = converter(reader.output_color_type().0)?;
    let stride = 3 * size.width as usize;
    let mut row_of_pass = vec![0; stride];
    let (mut rows, mut read) = (0, 0);
    loop {
        let row = match reader.next_interlaced_row() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok((picture, 1.0)),
            Err(error @ DecodingError::LimitsExceeded) => return Err(refusal(error)),
            Err(_) => return Ok((picture, read as f64 / pixels(size) as f64)),
        };
        if let InterlaceInfo::Adam7(pass) = row.interlace() {
            to_rgb(row.data(), &mut row_of_pass);
            // Pixels of later passes look like their neighbors until they are read.
            png::splat_interlaced_row(&mut picture, stride, &row_of_pass, pass, 24);
        } else if let Some(to) = picture.get_mut(rows * stride..(rows + 1) * stride) {
            to_rgb(row.data(), to);
        }
        rows += 1;
        read += row.data().len() / channels;
    }
}

/// Writes a row, eight bits a channel, as RGB.
type ToRgb = fn(&[u8], &mut [u8]);

/// What turns rows of these colors into RGB, and how many channels they have.
fn converter(color: ColorType) -> Result<(ToRgb, usize), Rejection> {
    let convert: ToRgb = match color {
        ColorType::Rgb => |from, to| {
            for (from, to) in from.chunks_exact(3).zip(to.chunks_exact_mut(3)) {
                to.copy_from_slice(from);
            }
        },
        ColorType::Rgba => |from, to| {
            for (from, to) in from.chunks_exact(4).zip(to.chunks_exact_mut(3)) {
                to.copy_from_slice(&over_white([from[0], from[1], from[2], from[3]]));
            }
        },
        ColorType::Grayscale => |from, to| {
            for (from, to) in from.iter().zip(to.chunks_exact_mut(3)) {
                to.fill(*from);
            }
        },
        ColorType::GrayscaleAlpha => |from, to| {
            for (from, to) in from.chunks_exact(2).zip(to.chunks_exact_mut(3)) {
                to.copy_from_slice(&over_white([from[0], from[0], from[0], from[1]]));
            }
        },
        // Expanded to RGB, or to RGBA with transparency.
        ColorType::Indexed => return Err(broken("its palette is missing")),
    };
    Ok((convert, color.samples()))
}

fn refusal(error: DecodingError) -> Rejection {
    match error {
        DecodingError::LimitsExceeded => {
            broken("it is built in an unusual way that takes too much memory")
        }
        _ => damaged(),
    }
}
