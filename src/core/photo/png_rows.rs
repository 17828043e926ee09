//! PNG row by row: eight bits a channel and white under transparency before a whole picture exists, which `image`'s decoder would hold
//! at full depth.

use std::io::Cursor;

use image::RgbImage;
use image::metadata::Orientation;
use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};

use super::{broken, over_white};
use crate::error::Rejection;

/// Bytes that the decoder may hold besides pixels: rows and the chunks that it keeps.
const DECODER_BYTES: usize = 64 * 1024 * 1024;

/// The pixels as stored, and how they are to be turned.
pub fn decode(bytes: &[u8]) -> Result<(RgbImage, Orientation), Rejection> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: DECODER_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(refusal)?;
    let info = reader.info();
    let (width, height, interlaced) = (info.width, info.height, info.interlaced);
    let mut picture = RgbImage::new(width, height);
    let to_rgb = converter(reader.output_color_type().0)?;
    let line = 3 * width as usize;
    if interlaced {
        let size = reader.output_buffer_size().ok_or_else(|| broken("it is too large"))?;
        let mut whole = vec![0; size];
        let frame = reader.next_frame(&mut whole).map_err(refusal)?;
        for (row, to) in whole.chunks_exact(frame.line_size).zip(picture.chunks_exact_mut(line)) {
            to_rgb(row, to);
        }
    } else {
        for to in picture.chunks_exact_mut(line) {
            let row = reader.next_row().map_err(refusal)?.ok_or_else(|| broken("it ends in the middle"))?;
            to_rgb(row.data(), to);
        }
    }
    Ok((picture, orientation(&mut reader)))
}

/// Writes a row, eight bits a channel, as RGB.
type ToRgb = fn(&[u8], &mut [u8]);

/// What turns rows of these colors into RGB.
fn converter(color: ColorType) -> Result<ToRgb, Rejection> {
    Ok(match color {
        ColorType::Rgb => |from, to| to.copy_from_slice(&from[..to.len()]),
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
    })
}

/// What an `eXIf` chunk says, which may follow the pixels.
fn orientation(reader: &mut Reader<Cursor<&[u8]>>) -> Orientation {
    // A photo whose pixels are all there is taken, whatever becomes of the rest.
    let _ = reader.finish();
    let exif = reader.info().exif_metadata.as_deref();
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

fn refusal(error: DecodingError) -> Rejection {
    broken(match error {
        DecodingError::LimitsExceeded => "it is built in an unusual way that takes too much memory",
        _ => "the file is damaged or incomplete",
    })
}
