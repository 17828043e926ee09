//! What files become photos, how they stand, and how the others are refused.

use std::time::Duration;

use friends_core::error::RejectionKind;
use friends_core::geometry::{Rect, Size};
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::common::pictures::{
    self, animation, encoded, jpeg, png_that_claims, quarters, serval, with_orientation,
};

fn decode(bytes: &[u8]) -> Photo {
    Photo::decode(bytes.to_vec(), &Limits::default()).expect("a photo")
}

fn refused(bytes: &[u8]) -> RejectionKind {
    let rejection = Photo::decode(bytes.to_vec(), &Limits::default()).err().expect("no photo");
    assert!(rejection.message.len() > 20, "a sentence: {}", rejection.message);
    rejection.kind
}

/// The whole photo in its own size.
fn pixels(photo: &Photo) -> RgbImage {
    photo.view(photo.size().rect(), photo.size())
}

/// Colors in the middle of the four quarters, row by row.
fn quarter_colors(picture: &RgbImage) -> [Rgb<u8>; 4] {
    let (w, h) = picture.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| *picture.get_pixel(w * x / 4, h * y / 4))
}

fn near(a: Rgb<u8>, b: Rgb<u8>) -> bool {
    a.0.iter().zip(b.0).all(|(a, b)| a.abs_diff(b) <= 12)
}

fn assert_quarters(picture: &RgbImage, expected: &RgbImage, what: &str) {
    let (is, should) = (quarter_colors(picture), quarter_colors(expected));
    assert!(
        is.iter().zip(should).all(|(&a, b)| near(a, b)),
        "{what}: {is:?} instead of {should:?}"
    );
}

#[test]
fn every_format_is_read_by_its_bytes() {
    let drawn = quarters(64, 48);
    let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
    for format in formats {
        let photo = decode(&encoded(drawn.clone(), format));
        assert_eq!(photo.size(), Size { width: 64, height: 48 }, "{format:?}");
        assert_quarters(&pixels(&photo), &drawn, &format!("{format:?}"));
    }
}

/// How cameras store the upright scene, by the way they were held: orientations 1 to 8 (TIFF 6.0,
/// tag 274).
fn as_stored(upright: RgbImage) -> [DynamicImage; 8] {
    let image = DynamicImage::ImageRgb8(upright);
    [
        image.clone(),
        image.fliph(),
        image.rotate180(),
        image.flipv(),
        image.rotate90().fliph(),
        image.rotate270(),
        image.rotate270().fliph(),
        image.rotate90(),
    ]
}

#[test]
fn all_eight_orientations_stand_upright() {
    let upright = quarters(80, 48);
    let stored = as_stored(upright.clone());
    for (orientation, stored) in (1..).zip(stored) {
        let photo = decode(&with_orientation(&jpeg(&stored.into_rgb8()), orientation));
        assert_eq!(photo.size(), Size { width: 80, height: 48 }, "orientation {orientation}");
        assert_quarters(&pixels(&photo), &upright, &format!("orientation {orientation}"));
        // A region is cut before the turn: it must be the same place all the same.
        let region = friends_core::geometry::Rect::new(40.0, 0.0, 40.0, 24.0);
        let view = photo.view(region, Size { width: 20, height: 12 });
        assert!(
            near(*view.get_pixel(10, 6), Rgb([30, 200, 30])),
            "orientation {orientation}: {:?}",
            view.get_pixel(10, 6)
        );
    }
}

#[test]
fn gray_sixteen_bit_and_palette_pictures_are_read() {
    let drawn = quarters(40, 40);
    let image = DynamicImage::ImageRgb8(drawn.clone());
    let gray = decode(&encoded(image.to_luma8(), ImageFormat::Png));
    let [red, ..] = quarter_colors(&pixels(&gray));
    assert!(red.0[0] == red.0[1] && red.0[1] == red.0[2]);
    assert_quarters(
        &pixels(&decode(&encoded(image.to_rgb16(), ImageFormat::Png))),
        &drawn,
        "16 bits",
    );
    assert_quarters(
        &pixels(&decode(&encoded(image.to_luma8(), ImageFormat::Jpeg))),
        &image.to_luma8().convert_rgb(),
        "gray JPEG",
    );
}

trait ConvertRgb {
    fn convert_rgb(self) -> RgbImage;
}

impl ConvertRgb for image::GrayImage {
    fn convert_rgb(self) -> RgbImage {
        DynamicImage::ImageLuma8(self).into_rgb8()
    }
}

#[test]
fn transparency_becomes_white() {
    let mut rgba = DynamicImage::ImageRgb8(quarters(40, 40)).into_rgba8();
    for (x, _, pixel) in rgba.enumerate_pixels_mut() {
        if x < 20 {
            pixel.0[3] = 0;
        }
    }
    let picture = pixels(&decode(&encoded(rgba, ImageFormat::Png)));
    assert_eq!(quarter_colors(&picture)[0], Rgb([255, 255, 255]));
    assert!(near(quarter_colors(&picture)[1], Rgb([30, 200, 30])));
}

#[test]
fn the_first_frame_of_an_animation_counts() {
    let drawn = quarters(40, 40);
    let mut second = drawn.clone();
    second.fill(0);
    assert_quarters(&pixels(&decode(&animation(vec![drawn.clone(), second]))), &drawn, "GIF");
    let webp = decode(include_bytes!("fixtures/animated.webp"));
    assert_eq!(webp.size(), Size { width: 96, height: 96 });
}

#[test]
fn cmyk_and_progressive_photos_look_like_the_drawing() {
    let drawn = serval(96);
    for (what, bytes) in [
        ("CMYK", &include_bytes!("fixtures/cmyk.jpg")[..]),
        ("progressive", &include_bytes!("fixtures/progressive.jpg")[..]),
    ] {
        let picture = pixels(&decode(bytes));
        let difference: u32 = picture
            .as_raw()
            .iter()
            .zip(drawn.as_raw())
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .sum();
        let mean = f64::from(difference) / picture.as_raw().len() as f64;
        assert!(mean < 12.0, "{what} is off by {mean} on average");
    }
}

#[test]
fn heic_is_refused_with_advice() {
    let mut heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    heic.extend([0; 64]);
    let rejection = Photo::decode(heic, &Limits::default()).err().unwrap();
    assert_eq!(rejection.kind, RejectionKind::Unsupported);
    assert!(rejection.message.contains("Most Compatible"), "{}", rejection.message);
}

#[test]
fn files_that_are_no_photos_are_refused() {
    assert_eq!(refused(b""), RejectionKind::Unreadable);
    assert_eq!(
        refused(b"%PDF-1.7 and so on, long enough to be something"),
        RejectionKind::Unsupported
    );
    assert_eq!(refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), RejectionKind::Unsupported);
    assert_eq!(
        refused(&encoded(quarters(32, 32), ImageFormat::Png)[..8]),
        RejectionKind::Unreadable
    );
}

#[test]
fn truncated_photos_are_refused_in_every_format() {
    let drawn = serval(256);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let bytes = encoded(drawn.clone(), format);
        // Of a JPEG nine tenths may be enough, see below.
        let shares: &[usize] = if format == ImageFormat::Jpeg { &[2, 3] } else { &[2, 3, 10] };
        for share in shares {
            let cut = &bytes[..bytes.len() * (share - 1) / share];
            assert_eq!(
                refused(cut),
                RejectionKind::Unreadable,
                "{format:?} cut to {} of {}",
                cut.len(),
                bytes.len()
            );
        }
    }
}

#[test]
fn a_jpeg_of_many_scans_is_refused_from_its_header() {
    let progressive = include_bytes!("fixtures/progressive.jpg");
    let last = progressive.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let (before, scan) = progressive[..progressive.len() - 2].split_at(last);
    let of = |more: usize| [before, &scan.repeat(1 + more), &[0xFF, 0xD9]].concat();
    assert_eq!(pixels(&decode(&of(0))), pixels(&decode(progressive)));
    decode(&of(40));
    assert_eq!(refused(&of(100)), RejectionKind::TooCostly);
    let few = Limits { scanned_pixels: 100_000, ..Limits::default() };
    assert_eq!(
        Photo::decode(of(40), &few).err().map(|refusal| refusal.kind),
        Some(RejectionKind::TooCostly)
    );
}

#[test]
fn a_jpeg_that_viewers_show_is_taken_with_a_note() {
    // Stripes: no row has a single color, so that what is missing can be told.
    let striped = RgbImage::from_fn(128, 160, |x, y| Rgb([(x * 2) as u8, (y + x) as u8, 90]));
    for (name, whole) in [
        ("baseline", jpeg(&striped)),
        ("progressive", include_bytes!("fixtures/progressive.jpg").to_vec()),
    ] {
        let complete = decode(&whole);
        assert!(!complete.is_incomplete(), "{name}");
        let without_end = decode(&whole[..whole.len() - 2]);
        assert!(without_end.is_incomplete(), "{name}");
        // Two decoders round differently.
        let apart = difference(&pixels(&without_end), &pixels(&complete));
        assert!(apart < 1.0, "{name}: every pixel was there, and {apart}");

        let mut stray = whole.clone();
        let second_segment = 4 + usize::from(u16::from_be_bytes([whole[4], whole[5]]));
        stray.splice(second_segment..second_segment, [0x00, 0x13, 0xFF, 0x00, 0xFF]);
        let apart = difference(&pixels(&decode(&stray)), &pixels(&complete));
        assert!(apart < 1.0, "{name}: stray bytes between segments, and {apart}");
    }
    let whole = jpeg(&striped);
    let scan = whole.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let cut = |share: f64| &whole[..scan + ((whole.len() - scan) as f64 * share) as usize];
    assert!(decode(cut(0.97)).is_incomplete());
    assert_eq!(refused(cut(0.6)), RejectionKind::Unreadable);
}

#[test]
fn bytes_after_the_end_of_a_jpeg_do_no_harm() {
    let mut bytes = jpeg(&quarters(64, 48));
    bytes.extend([0x55; 5000]);
    assert_quarters(&pixels(&decode(&bytes)), &quarters(64, 48), "trailer");
}

#[test]
fn a_header_that_lies_is_refused() {
    assert_eq!(refused(&png_that_claims(60_000, 60_000)), RejectionKind::TooLarge);
    assert_eq!(refused(&png_that_claims(10_000, 5_001)), RejectionKind::TooLarge);
    // Within the limit, but the data is not there.
    assert_eq!(refused(&png_that_claims(7_000, 7_000)), RejectionKind::Unreadable);
    assert_eq!(refused(&png_that_claims(0, 16)), RejectionKind::Unreadable);
}

#[test]
fn a_photo_too_small_to_see_is_refused() {
    assert_eq!(refused(&jpeg(&quarters(15, 400))), RejectionKind::Unreadable);
    assert_eq!(decode(&jpeg(&quarters(16, 400))).size(), Size { width: 16, height: 400 });
}

/// Files that have made it panic, or take long.
#[test]
fn what_fuzzing_has_found_is_refused() {
    assert_eq!(refused(include_bytes!("fixtures/too-many-pixels.png")), RejectionKind::TooLarge);
    assert_eq!(refused(include_bytes!("fixtures/panics-in-rust.jpg")), RejectionKind::Unreadable);
    assert_eq!(
        refused(include_bytes!("fixtures/palette-of-thirds.png")),
        RejectionKind::Unreadable
    );
    assert_eq!(
        refused(include_bytes!("fixtures/too-many-short-codes.webp")),
        RejectionKind::Unreadable
    );
    // It took two seconds before its size was looked at.
    assert_eq!(refused(include_bytes!("fixtures/too-many-blocks.webp")), RejectionKind::TooLarge);
}

#[test]
fn a_damaged_file_becomes_a_photo_or_a_refusal() {
    let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
    for format in formats {
        let whole = encoded(pictures::serval(64), format);
        let mut state = 0x2545_F491_u32;
        let (mut taken, mut refused) = (0, 0);
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..4 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let place = (state >> 8) as usize % bytes.len();
                bytes[place] ^= (state & 0xFF) as u8;
            }
            match Photo::decode(bytes, &Limits::default()) {
                Ok(photo) => {
                    let shown = photo.view(photo.size().rect(), Size { width: 8, height: 8 });
                    assert_eq!(shown.dimensions(), (8, 8), "{format:?}");
                    taken += 1;
                }
                Err(refusal) => {
                    assert!(refusal.message.len() > 20, "{format:?}: {}", refusal.message);
                    refused += 1;
                }
            }
        }
        assert!(taken > 0 && refused > 0, "{format:?}: {taken} taken, {refused} refused");
    }
}

/// A large photo: Serval's head from near, and far away once more, small. The small head's square
/// and that of the near one.
fn large_scene(small: u32) -> (RgbImage, Rect, Rect) {
    let mut scene = quarters(4000, 3000);
    let near =
        image::imageops::resize(&serval(900), 1800, 1800, image::imageops::FilterType::Triangle);
    image::imageops::replace(&mut scene, &near, 200, 600);
    let far =
        image::imageops::resize(&serval(900), small, small, image::imageops::FilterType::Triangle);
    image::imageops::replace(&mut scene, &far, 3000, 1000);
    (
        scene,
        Rect::new(200.0, 600.0, 1800.0, 1800.0),
        Rect::new(3000.0, 1000.0, small as f32, small as f32),
    )
}

/// The mean difference of two pictures, 0 to 255.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.as_raw().len() as f64
}

#[test]
fn a_large_photo_shows_the_same_at_a_fraction_of_its_size_however_it_stands() {
    let (scene, near, _) = large_scene(300);
    let stored = as_stored(scene);
    let input = Size { width: 128, height: 128 };
    for (orientation, stored) in (1..).zip(stored) {
        let file = with_orientation(&jpeg(&stored.into_rgb8()), orientation);
        let reduced = decode(&file);
        let full = Photo::decode_for(file, &Limits::default(), u32::MAX).unwrap();
        assert_eq!((reduced.divisor(), full.divisor()), (8, 1));
        assert_eq!(
            (reduced.size(), full.size()),
            (Size { width: 4000, height: 3000 }, Size { width: 4000, height: 3000 })
        );
        assert_eq!(64 * reduced.pixel_bytes(), full.pixel_bytes());
        for (region, size) in
            [(near, input), (reduced.size().rect(), Size { width: 224, height: 168 })]
        {
            let apart = difference(&reduced.view(region, size), &full.view(region, size));
            assert!(apart < 1.0, "orientation {orientation}: {apart}");
        }
    }
}

/// A progressive JPEG, which libjpeg decodes.
fn progressive(picture: &RgbImage) -> Vec<u8> {
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_size(picture.width() as usize, picture.height() as usize);
    encoder.set_fastest_defaults();
    encoder.set_progressive_mode();
    encoder.set_quality(90.0);
    let mut started = encoder.start_compress(Vec::new()).unwrap();
    started.write_scanlines(picture.as_raw()).unwrap();
    started.finish().unwrap()
}

#[test]
fn a_small_head_in_a_large_photo_is_cut_from_the_full_size() {
    let input = Size { width: 128, height: 128 };
    for small in [150, 260] {
        let (scene, _, far) = large_scene(small);
        // A plain one, and one that is kept at a fraction.
        for file in [jpeg(&scene), progressive(&scene)] {
            let reduced = decode(&file).view(far, input);
            let full = Photo::decode_for(file, &Limits::default(), u32::MAX).unwrap();
            let apart = difference(&reduced, &full.view(far, input));
            assert!(apart < 4.0, "{small}: {apart}");
        }
    }
}

#[test]
fn a_large_photo_that_is_broken_or_cut_off_is_told_apart() {
    let (scene, ..) = large_scene(300);
    let whole = jpeg(&scene);
    let mut cut = whole.clone();
    cut.truncate(cut.len() - 200);
    let photo = decode(&cut);
    assert_eq!((photo.divisor(), photo.is_incomplete()), (2, true));
    assert_eq!(refused(&whole[..whole.len() / 2]), RejectionKind::Unreadable);
    // A table that no decoder believes.
    let table = whole.windows(2).position(|pair| pair == [0xFF, 0xC4]).unwrap();
    let mut broken = whole;
    broken[table + 5..table + 21].fill(0xFF);
    assert_eq!(refused(&broken), RejectionKind::Unreadable);
}

#[test]
fn a_photo_whose_time_is_over_is_refused_in_every_format() {
    let no_time = Limits { time: Duration::ZERO, ..Limits::default() };
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let bytes = encoded(quarters(64, 48), format);
        let refusal = Photo::decode(bytes, &no_time).err().expect("no photo");
        assert_eq!(refusal.kind, RejectionKind::TooCostly, "{format:?}: {}", refusal.message);
    }
}
