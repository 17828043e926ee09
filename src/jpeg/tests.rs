use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

/// Waves of all frequencies, in all colors.
fn waves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |a: f32, b: f32| {
            let phase = (x as f32 * a + y as f32 * b) * (1.0 + x as f32 / 90.0);
            (127.0 + 120.0 * phase.sin()) as u8
        };
        Rgb([wave(0.05, 0.11), wave(0.21, 0.02), wave(0.01, 0.4)])
    })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn indexed(bytes: &[u8], scale: Scale) -> (IndexedJpeg, Picture) {
    Jpeg::open(bytes).expect("a plain file").index(scale).expect("a sound stream")
}

/// Whether a part has the samples that the whole has there.
fn is_part_of(part: &Picture, whole: &Picture) -> bool {
    part.planes.iter().zip(&whole.planes).all(|(part_plane, plane)| {
        let (left, top) = (part.x / plane.step.0, part.y / plane.step.1);
        (0..part_plane.height).all(|row| {
            let at = (top + row) * plane.width + left;
            part_plane.samples[row * part_plane.width..][..part_plane.width]
                == plane.samples[at..][..part_plane.width]
        })
    })
}

#[test]
fn luma_is_what_went_in() {
    let picture = waves(100, 75);
    let (_, whole) = indexed(&jpeg(&picture, 100), Scale::Full);
    let plane = &whole.planes[0];
    for (x, y, Rgb([r, g, b])) in picture.enumerate_pixels() {
        let luma = 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b);
        let there = f32::from(plane.samples[y as usize * plane.width + x as usize]);
        assert!((luma - there).abs() < 3.0, "{luma} is {there} at {x}, {y}");
    }
}

#[test]
fn a_smaller_picture_has_the_means_of_a_larger_one() {
    // Smooth, so that no frequency is lost.
    let picture = RgbImage::from_fn(256, 192, |x, y| Rgb([(x / 2 + y / 3) as u8; 3]));
    let (jpeg, full) = indexed(&jpeg(&picture, 95), Scale::Full);
    for scale in [Scale::Half, Scale::Quarter, Scale::Eighth] {
        let small = jpeg.whole(scale).unwrap();
        let (plane, large) = (&small.planes[0], &full.planes[0]);
        let side = scale.divisor();
        for y in 0..plane.height {
            for x in 0..plane.width {
                let squares = (0..side * side).map(|i| {
                    f32::from(
                        large.samples[(y * side + i / side) * large.width + x * side + i % side],
                    )
                });
                let mean = squares.sum::<f32>() / (side * side) as f32;
                let there = f32::from(plane.samples[y * plane.width + x]);
                assert!((mean - there).abs() < 2.5, "{scale:?}: {mean} is {there} at {x}, {y}");
            }
        }
    }
}

#[test]
fn what_is_not_plain_is_left_to_others() {
    let plain = jpeg(&waves(40, 40), 80);
    let with = |from: &[u8], to: &[u8]| {
        let at = plain.windows(from.len()).position(|window| window == from).unwrap();
        [&plain[..at], to, &plain[at + from.len()..]].concat()
    };
    assert!(Jpeg::open(&plain).is_some());
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a progressive one", with(&[0xFF, 0xC0], &[0xFF, 0xC2])),
        ("twelve bits", with(&[0xFF, 0xC0, 0, 17, 8], &[0xFF, 0xC0, 0, 17, 12])),
        ("no end", plain[..plain.len() - 2].to_vec()),
        ("the first half", plain[..plain.len() / 2].to_vec()),
        ("a restart marker that nobody announced", {
            let mut bytes = plain.clone();
            let end = bytes.len() - 2;
            bytes.splice(end..end, [0xFF, 0xD0]);
            bytes
        }),
    ] {
        let opened = Jpeg::open(&bytes);
        assert!(opened.is_none(), "{what}");
    }
    let mut cut = plain.clone();
    cut.drain(plain.len() - 200..plain.len() - 2);
    assert!(Jpeg::open(&cut).unwrap().index(Scale::Eighth).is_none(), "too few codes");
}

#[test]
fn a_part_outside_is_none() {
    let (jpeg, _) = indexed(&jpeg(&waves(40, 30), 80), Scale::Eighth);
    let area = |x, y, width, height| Area { x, y, width, height };
    for outside in
        [area(40, 0, 1, 1), area(0, 30, 1, 1), area(0, 0, 0, 1), area(usize::MAX, 0, 2, 1)]
    {
        assert!(jpeg.region(outside, Scale::Full).is_none(), "{outside:?}");
    }
    assert!(jpeg.region(area(39, 29, 100, 100), Scale::Full).is_some());
}

proptest! {
    #[test]
    fn a_part_is_a_part_of_the_whole(
        (width, height, quality) in (1_u32..150, 1_u32..120, 20_u8..100),
        (x, y, w, h) in (0.0_f32..1.0, 0.0_f32..1.0, 0.0_f32..1.0, 0.0_f32..1.0),
        first in 0_usize..4,
    ) {
        let bytes = jpeg(&waves(width, height), quality);
        let (jpeg, picture) = indexed(&bytes, Scale::ALL[first]);
        let pixel = |share: f32, of: u32| (share * of as f32) as usize;
        let area = Area { x: pixel(x, width), y: pixel(y, height), width: 1 + pixel(w, width), height: 1 + pixel(h, height) };
        for scale in Scale::ALL {
            let whole = jpeg.whole(scale).unwrap();
            prop_assert!(is_part_of(&jpeg.region(area, scale).unwrap(), &whole));
            prop_assert!(scale != Scale::ALL[first] || whole == picture);
        }
    }

    #[test]
    fn damage_never_panics(at in 0.0_f32..1.0, value in 0_u8..=255, scale in 0_usize..4) {
        let mut bytes = jpeg(&waves(70, 50), 60);
        let place = (at * bytes.len() as f32) as usize;
        bytes[place] = value;
        let indexed = Jpeg::open(&bytes).filter(|jpeg| jpeg.size().0 * jpeg.size().1 < 1 << 20);
        if let Some((jpeg, _)) = indexed.and_then(|jpeg| jpeg.index(Scale::ALL[scale])) {
            for scale in Scale::ALL {
                let area = Area { x: 20, y: 10, width: 30, height: 30 };
                let (width, height) = jpeg.size();
                let is_inside = area.x < width && area.y < height;
                prop_assert_eq!(jpeg.region(area, scale).is_some(), is_inside);
            }
        }
    }
}
