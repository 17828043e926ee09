//! Pictures drawn by our own studio, in every file format and condition.

use std::io::Cursor;

use friends_studio::{Character, Scene, render};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, RgbImage};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::chunks::{png, png_chunk, png_header, png_passes};

/// A plain drawing of Serval, `side` pixels square.
pub fn serval(side: u32) -> RgbImage {
    let text = std::fs::read_to_string(super::characters_dir().join("serval.toml"))
        .expect("the description is there");
    render(&Character::from_toml(&text).expect("and well formed"), &Scene::plain(), side).image
}

/// Four unlike quarters, so that every turn and flip can be told: red, green above blue, white.
pub fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => [220, 30, 30],
            (false, true) => [30, 200, 30],
            (true, false) => [30, 30, 220],
            (false, false) => [250, 250, 250],
        })
    })
}

pub fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 92)
        .encode_image(picture)
        .expect("a picture can be encoded");
    bytes
}

pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("a picture can be encoded");
    bytes.into_inner()
}

/// A GIF that shows `frames` one after the other.
pub fn animation(frames: Vec<RgbImage>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frames =
        frames.into_iter().map(|frame| Frame::new(DynamicImage::ImageRgb8(frame).into_rgba8()));
    GifEncoder::new(&mut bytes).encode_frames(frames).expect("frames can be encoded");
    bytes
}

/// The JPEG with an EXIF orientation (1 to 8) written into it.
pub fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    // TIFF, big-endian: one directory with the one entry 0x0112, a SHORT.
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("a short segment").to_be_bytes();
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend(length);
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

/// A valid PNG of one black color whose header says `width` by `height`: a few bytes that want much
/// memory.
pub fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(quarters(16, 16), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32fast::hash(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// A PNG of zeros: `color` and `depth` as in its header, rows stored or in the seven passes of an
/// interlaced picture.
pub fn png_of_zeros(width: u32, height: u32, color: u8, depth: u8, interlaced: bool) -> Vec<u8> {
    let channels = match color {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        _ => 4,
    };
    let row = |width: u32| 1 + (u64::from(width) * channels * u64::from(depth)).div_ceil(8);
    let pass = |&(x, y, across, down): &(u32, u32, u32, u32)| {
        u64::from((height - y).div_ceil(down)) * row((width - x).div_ceil(across))
    };
    let mut left: u64 = png_passes(interlaced).iter().map(pass).sum();
    let mut data = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    while left > 0 {
        let piece = left.min(zeros.len() as u64) as usize;
        std::io::Write::write_all(&mut data, &zeros[..piece]).expect("memory takes it");
        left -= piece as u64;
    }
    let rows = data.finish().expect("memory takes it");
    png(&[
        png_header(width, height, depth, color, interlaced),
        png_chunk(*b"IDAT", &rows),
        png_chunk(*b"IEND", &[]),
    ])
}

/// Invented characters side by side, and the boxes of their faces.
pub fn crowd(count: usize, width: u32, height: u32) -> friends_studio::Group {
    let mut random = ChaCha8Rng::seed_from_u64(12);
    let people: Vec<Character> =
        (0..count).map(|_| friends_studio::random_character(&mut random)).collect();
    friends_studio::group(
        &people.iter().collect::<Vec<_>>(),
        &Scene::plain(),
        (width, height),
        &mut random,
    )
}
