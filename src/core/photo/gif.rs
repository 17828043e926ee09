//! GIF (89a): the first frame, as browsers show it while an animation has not begun.

use image::RgbImage;
use weezl::decode::Decoder;
use weezl::{BitOrder, LzwStatus};

use super::clock::Clock;
use super::header::{Cost, pixels};
use super::refusal::{broken, cut_off, damaged};
use super::{Decoded, whole_enough};
use crate::error::Rejection;
use crate::geometry::Size;

/// What a GIF says of itself, up to the pixels of its first frame.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// The logical screen, or what the first frame needs where the screen is smaller.
    pub size: Size,
    /// What decoding takes.
    pub cost: Cost,
    left: u32,
    top: u32,
    frame: Size,
    is_interlaced: bool,
    /// Colors of three bytes each.
    palette: &'a [u8],
    transparent: Option<u8>,
    /// Bits of the smallest code, then sub-blocks.
    data: &'a [u8],
}

/// Reads the logical screen, then blocks up to the first image descriptor.
///
/// # Errors
/// `photo_rejected` without a frame.
pub fn read(bytes: &[u8]) -> Result<Header<'_>, Rejection> {
    const EXTENSION: u8 = 0x21;
    const GRAPHIC_CONTROL: u8 = 0xF9;
    const IMAGE: u8 = 0x2C;
    let missing = || broken("it holds no picture");
    let Some(&[w0, w1, h0, h1, packed, _, _, ref after @ ..]) = bytes.get(6..) else {
        return Err(missing());
    };
    let screen = Size { width: short(w0, w1), height: short(h0, h1) };
    let (global, mut rest) = after.split_at_checked(table_length(packed)).ok_or_else(missing)?;
    let mut transparent = None;
    loop {
        match *rest {
            // Some programs write empty sub-blocks too many.
            [0, ref after @ ..] => rest = after,
            [EXTENSION, label, ref after @ ..] => {
                if let (GRAPHIC_CONTROL, &[4, flags, _, _, index, ..]) = (label, after) {
                    transparent = (flags & 1 != 0).then_some(index);
                }
                rest = after;
                // Sub-blocks of a length and as many bytes; one of length 0 is the last.
                loop {
                    let (&length, after) = rest.split_first().ok_or_else(missing)?;
                    rest = after.get(length.into()..).ok_or_else(missing)?;
                    if length == 0 {
                        break;
                    }
                }
            }
            [IMAGE, x0, x1, y0, y1, w0, w1, h0, h1, packed, ref after @ ..] => {
                let (local, data) =
                    after.split_at_checked(table_length(packed)).ok_or_else(missing)?;
                let (left, top) = (short(x0, x1), short(y0, y1));
                // A frame without a size takes the whole screen.
                let side = |stated: u32, screen: u32| if stated == 0 { screen } else { stated };
                let frame = Size {
                    width: side(short(w0, w1), screen.width),
                    height: side(short(h0, h1), screen.height),
                };
                let size = Size {
                    width: screen.width.max(left + frame.width),
                    height: screen.height.max(top + frame.height),
                };
                // The screen as RGB, and the frame as indices.
                let cost =
                    Cost { bytes: 3 * pixels(size) + pixels(frame), scans: 1, because: None };
                let palette = if local.is_empty() { global } else { local };
                let is_interlaced = packed & 0x40 != 0;
                return Ok(Header {
                    size,
                    cost,
                    left,
                    top,
                    frame,
                    is_interlaced,
                    palette,
                    transparent,
                    data,
                });
            }
            _ => return Err(missing()),
        }
    }
}

fn short(low: u8, high: u8) -> u32 {
    u16::from_le_bytes([low, high]).into()
}

/// Bytes of the color table that these flags announce.
fn table_length(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

/// The first frame on a white screen.
///
/// # Errors
/// `photo_rejected` for what is broken or lacks more than a tenth of its pixels, `photo_too_costly`
/// when the time is over.
pub fn decode(header: &Header, clock: Clock) -> Result<Decoded, Rejection> {
    let (width, height) = (header.frame.width as usize, header.frame.height as usize);
    let mut indices = vec![0; width * height];
    let read = read_codes(header.data, &mut indices, clock)?;
    if clock.is_over() {
        return Err(Rejection::too_slow());
    }
    let mut picture =
        RgbImage::from_pixel(header.size.width, header.size.height, image::Rgb([255; 3]));
    let rows: Vec<usize> =
        if header.is_interlaced { interlaced(height) } else { (0..height).collect() };
    for (indices, y) in indices[..read].chunks(width.max(1)).zip(rows) {
        for (x, &index) in indices.iter().enumerate() {
            let color = header
                .palette
                .chunks_exact(3)
                .nth(index.into())
                .filter(|_| Some(index) != header.transparent);
            if let Some(color) = color {
                let at = (header.left + x as u32, header.top + y as u32);
                picture.put_pixel(at.0, at.1, image::Rgb([color[0], color[1], color[2]]));
            }
        }
    }
    // Some programs leave out the last pixels.
    let is_whole = indices.len() - read < width;
    let there = if is_whole { 1.0 } else { read as f64 / indices.len() as f64 };
    whole_enough(picture, there)
}

/// Reads the frame's indices as far as they are there; returns how many.
fn read_codes(data: &[u8], indices: &mut [u8], clock: Clock) -> Result<usize, Rejection> {
    let (&bits, mut blocks) = data.split_first().ok_or_else(cut_off)?;
    if !(1..=11).contains(&bits) {
        return Err(damaged());
    }
    let mut decoder = Decoder::new(BitOrder::Lsb, bits);
    let mut read = 0;
    // A block has 255 bytes at most, of which a byte stands for some thousand pixels at most.
    while let Some((&length, after)) = blocks.split_first()
        && length > 0
        && !clock.is_over()
    {
        let (mut block, after) = after.split_at(after.len().min(length.into()));
        blocks = after;
        loop {
            let result = decoder.decode_bytes(block, &mut indices[read..]);
            block = &block[result.consumed_in..];
            read += result.consumed_out;
            match result.status {
                Ok(LzwStatus::Ok)
                    if read < indices.len() && (!block.is_empty() || result.consumed_out > 0) => {}
                Ok(LzwStatus::Ok | LzwStatus::NoProgress) if read < indices.len() => break,
                _ => return Ok(read),
            }
        }
    }
    Ok(read)
}

/// Rows in the order in which an interlaced frame stores them.
fn interlaced(height: usize) -> Vec<usize> {
    [(0, 8), (4, 8), (2, 4), (1, 2)]
        .into_iter()
        .flat_map(|(first, step)| (first..height).step_by(step))
        .collect()
}
