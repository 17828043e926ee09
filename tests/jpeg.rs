//! Plain JPEGs as our decoder reads them, beside libjpeg: samplings, restarts, markers, odd sizes.

use friends_jpeg::{Jpeg, Picture, Scale};
use image::RgbImage;
use mozjpeg::decompress::DecompressBuilder;

use crate::common::odd_jpeg::{OddJpeg, adobe, jfif, segment};
use crate::common::pictures::serval;

/// Luma as libjpeg decodes it in full.
fn luma_of_libjpeg(file: &[u8]) -> (usize, Vec<u8>) {
    let decoder = DecompressBuilder::new().from_mem(file).unwrap();
    let mut gray = decoder.grayscale().unwrap();
    (gray.width(), gray.read_scanlines::<u8>().unwrap())
}

/// The largest and the mean difference of two lumas where the picture is.
fn differences(picture: &Picture, (width, expected): &(usize, Vec<u8>)) -> (u8, f64) {
    let plane = &picture.planes[0];
    let rows = expected.chunks(*width).zip(plane.samples.chunks(plane.width));
    let apart: Vec<u8> = rows
        .flat_map(|(expected, ours)| expected.iter().zip(ours).map(|(a, b)| a.abs_diff(*b)))
        .collect();
    let sum: f64 = apart.iter().map(|&apart| f64::from(apart)).sum();
    (apart.iter().copied().max().unwrap(), sum / apart.len() as f64)
}

#[test]
fn luma_is_that_of_libjpeg() {
    let whole = image::imageops::crop_imm(&serval(203), 0, 0, 203, 151).to_image();
    let plain = OddJpeg::default;
    let comment = || [jfif(), segment(0xFE, b"a comment"), vec![0xFF]].concat();
    for (name, picture, odd) in [
        ("4:4:4", &whole, plain()),
        ("4:2:2", &whole, OddJpeg { samplings: [(2, 1), (1, 1), (1, 1)], ..plain() }),
        ("4:4:0", &whole, OddJpeg { samplings: [(1, 2), (1, 1), (1, 1)], ..plain() }),
        ("4:2:0", &whole, OddJpeg { samplings: [(2, 2), (1, 1), (1, 1)], ..plain() }),
        ("restarts", &whole, OddJpeg { restart: 3, ..plain() }),
        (
            "restarts in 4:2:0",
            &whole,
            OddJpeg { restart: 5, samplings: [(2, 2), (1, 1), (1, 1)], ..plain() },
        ),
        ("a comment and a fill byte", &whole, OddJpeg { markers: comment(), ..plain() }),
        ("Adobe's marker", &whole, OddJpeg { markers: adobe(1), ..plain() }),
        ("one pixel", &RgbImage::from_pixel(1, 1, image::Rgb([200, 10, 90])), plain()),
    ] {
        let file = odd.encode(picture);
        let jpeg = Jpeg::open(&file).unwrap_or_else(|| panic!("{name} is plain"));
        let (indexed, full) = jpeg.index(Scale::Full).unwrap();
        let (most, _) = differences(&full, &luma_of_libjpeg(&file));
        assert!(most <= 1, "{name}: {most}");
        let eighth = indexed.whole(Scale::Eighth).unwrap();
        assert_eq!(eighth.planes[0].width, full.planes[0].width / 8, "{name}");
    }
}

#[test]
fn what_is_odd_is_left_to_libjpeg() {
    let picture = serval(64);
    for (name, odd) in [
        ("a sampling of 3", OddJpeg { samplings: [(3, 1), (1, 1), (1, 1)], ..OddJpeg::default() }),
        ("sharper chroma", OddJpeg { samplings: [(1, 1), (2, 1), (1, 1)], ..OddJpeg::default() }),
        ("a scan a component", OddJpeg { scans: &[&[0], &[1], &[2]], ..OddJpeg::default() }),
        ("RGB", OddJpeg { transform: false, markers: adobe(0), ..OddJpeg::default() }),
        ("no tables", OddJpeg { tables: false, ..OddJpeg::default() }),
    ] {
        assert!(Jpeg::open(&odd.encode(&picture)).is_none(), "{name}");
    }
}
