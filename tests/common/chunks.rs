//! PNG, WebP and GIF put together from their parts, for files that no ordinary encoder writes.

use std::io::Write as _;

use image::RgbImage;

/// A chunk of a PNG with its checksum.
pub fn png_chunk(name: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let named = [&name[..], payload].concat();
    let length = u32::try_from(payload.len()).expect("a short chunk");
    [&length.to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// A PNG of these chunks.
pub fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1A\n".to_vec(), chunks.concat()].concat()
}

/// `IHDR`; color types are 0 (gray), 2 (RGB), 3 (palette), 4 (gray with alpha), 6 (RGBA).
pub fn png_header(width: u32, height: u32, depth: u8, color: u8, interlaced: bool) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    png_chunk(*b"IHDR", &[&size[..], &[depth, color, 0, 0, u8::from(interlaced)]].concat())
}

/// Where each pass over a picture begins (left, top), and its steps (across, down): the seven of Adam7
/// (PNG, third edition, 8.1), or a single one.
pub fn png_passes(interlaced: bool) -> &'static [(u32, u32, u32, u32)] {
    if !interlaced {
        return &[(0, 0, 1, 1)];
    }
    &[
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
}

/// The rows of an RGB picture as `IDAT` has them, without filters; interlaced ones in seven passes.
pub fn png_rows(picture: &RgbImage, interlaced: bool) -> Vec<u8> {
    let mut rows = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    for &(left, top, across, down) in png_passes(interlaced) {
        for y in (top..picture.height()).step_by(down as usize) {
            rows.write_all(&[0]).expect("memory takes it");
            for x in (left..picture.width()).step_by(across as usize) {
                rows.write_all(&picture.get_pixel(x, y).0).expect("memory takes it");
            }
        }
    }
    rows.finish().expect("memory takes it")
}

/// `fcTL`: the number of this chunk, then size and place of a frame.
pub fn png_frame(number: u32, (width, height): (u32, u32), (left, top): (u32, u32)) -> Vec<u8> {
    let numbers: Vec<u8> =
        [number, width, height, left, top].into_iter().flat_map(u32::to_be_bytes).collect();
    png_chunk(*b"fcTL", &[&numbers[..], &[0, 1, 0, 10, 0, 0]].concat())
}

/// A chunk of a WebP.
pub fn webp_chunk(name: &str, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [name.as_bytes(), &length.to_le_bytes(), payload, &vec![0; payload.len() % 2]].concat()
}

/// A WebP of these chunks.
pub fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WEBP".to_vec(), chunks.concat()].concat();
    [&b"RIFF"[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

/// `VP8X`; flags are 2 (animation), 4 (XMP), 8 (EXIF), 16 (alpha), 32 (profile).
pub fn webp_canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    webp_chunk("VP8X", &[vec![flags, 0, 0, 0], three(width - 1), three(height - 1)].concat())
}

/// `ANMF` with the chunks of a frame.
pub fn webp_frame(
    (left, top): (u32, u32),
    (width, height): (u32, u32),
    chunks: &[Vec<u8>],
) -> Vec<u8> {
    let numbers = [left / 2, top / 2, width - 1, height - 1, 100].map(three).concat();
    webp_chunk("ANMF", &[numbers, vec![2], chunks.concat()].concat())
}

/// The chunks of a WebP after its head.
pub fn webp_chunks(file: &[u8]) -> Vec<u8> {
    file[12..].to_vec()
}

/// The stream of a lossless WebP picture that is all black, but for `groups` groups of codes with
/// 15 bits each. `bits` is how many bits fewer than pixels its blocks have a side, at least 2.
pub fn lossless_of_groups(width: u32, height: u32, bits: u32, groups: u32) -> Vec<u8> {
    let mut stream = BitWriter::default();
    // No transforms, no cache of colors; a picture of groups.
    stream.put(0, 2);
    stream.put(1, 1);
    stream.put(bits - 2, 3);
    // That picture: no cache; green and red have two values, of which the first pixel has the
    // second, the others the first.
    stream.put(0, 1);
    let last = groups - 1;
    for value in [last & 255, last >> 8] {
        stream.put(0b111, 3);
        stream.put(0, 8);
        stream.put(value, 8);
    }
    for _ in 0..3 {
        stream.put(0b0001, 4);
    }
    for pixel in 0..width.div_ceil(1 << bits) * height.div_ceil(1 << bits) {
        stream.put(if pixel == 0 { 0b11 } else { 0 }, 2);
    }
    for group in 0..groups {
        for _ in 0..4 {
            if group == 0 {
                // A single value takes no bits of a pixel.
                stream.put(0b0001, 4);
            } else {
                stream.long_code();
            }
        }
        stream.put(0b0001, 4);
    }
    // Four codes for each pixel of the first block, of which each takes one bit.
    for _ in 0..1 << (2 * bits) {
        stream.put(0, 4);
    }
    stream.bytes
}

/// `VP8L` around such a stream.
pub fn lossless(width: u32, height: u32, stream: &[u8]) -> Vec<u8> {
    let size = (width - 1) | (height - 1) << 14;
    webp_chunk("VP8L", &[&[0x2F][..], &size.to_le_bytes(), stream].concat())
}

/// Bits from the least significant one of each byte on.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    bits: usize,
}

impl BitWriter {
    fn put(&mut self, bits: u32, count: u32) {
        for at in 0..count {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((bits >> at & 1) as u8) << (self.bits % 8);
            self.bits += 1;
        }
    }

    /// A code of 16 values whose lengths are 1 to 15, and 15 again: as few bits as so long a code
    /// can have.
    fn long_code(&mut self) {
        self.put(0, 1);
        // Lengths of the codes for the lengths 0 to 15: four bits each, in their odd order, and
        // none for repetitions.
        self.put(15, 4);
        for place in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] {
            self.put(if place < 16 { 4 } else { 0 }, 3);
        }
        // 16 lengths are stated: 2 more than this number of four bits.
        self.put(0b1, 1);
        self.put(1, 3);
        self.put(14, 4);
        for length in (1..=15).chain([15]) {
            // Prefix codes are stored from their first bit on.
            self.put(u32::reverse_bits(length) >> 28, 4);
        }
    }
}

fn three(number: u32) -> Vec<u8> {
    number.to_le_bytes()[..3].to_vec()
}

/// A GIF of one frame at (0, 0), with bytes before the frame, and its size changed.
pub fn gif_with(gif: &[u8], screen: (u16, u16), before_frame: &[u8]) -> Vec<u8> {
    let table = if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
    let (head, frame) = gif.split_at(13 + table);
    let mut file = [head, before_frame, frame].concat();
    file[6..8].copy_from_slice(&screen.0.to_le_bytes());
    file[8..10].copy_from_slice(&screen.1.to_le_bytes());
    file
}
