//! Files that browsers show: each is drawn here in an odd way of storing it, and must look as in
//! Chromium.
//!
//! What Chromium shows is kept in `fixtures/shown.json`, so that no update of a decoder loses a
//! kind of file unseen. A test asks the real browser again;
//! `UPDATE_FIXTURES=1 cargo test --all-features --test boundaries shown` writes the fixture anew.

use std::collections::BTreeMap;
use std::path::Path;
use std::slice;

use base64::Engine as _;
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use image::{DynamicImage, ImageFormat, RgbImage};
use moxcms::ColorProfile;
use serde_json::Value;

use crate::common::chunks::{
    gif_with, png, png_chunk, png_frame, png_header, png_rows, webp, webp_canvas, webp_chunk,
    webp_chunks, webp_frame,
};
use crate::common::odd_jpeg::{OddJpeg, adobe, jfif, segment};
use crate::common::phone::Phone;
use crate::common::pictures::{animation, encoded, jpeg, serval, with_orientation};
use crate::common::process::friends;

/// Width, height, and mean colors of 4 × 4 fields as hexadecimal digits; `null` for what is not
/// shown.
type Shown = BTreeMap<String, Option<(u32, u32, Vec<String>)>>;

/// Files by name.
type Files = BTreeMap<&'static str, Vec<u8>>;

/// Fields across and down.
const FIELDS: u32 = 4;

/// What we show although Chromium does not, or shows in part: a visitor's photo is there all the
/// same.
const ONLY_OURS: [&str; 10] = [
    "gif-empty-sub-blocks",
    "gif-last-tenth-missing",
    "jpeg-last-tenth-missing",
    "jpeg-last-tenth-missing-with-end",
    "jpeg-without-end",
    "png-last-tenth-missing",
    "png-interlaced-last-tenth-missing",
    "png-wrong-checksum-first",
    "webp-exif-with-mark",
    "webp-without-padding",
];

/// What Chromium shows in part, or in wrong colors, and we refuse with advice.
const ONLY_CHROMIUM: [&str; 3] = ["jpeg-arithmetic", "jpeg-half", "jpeg-half-with-end"];

/// What the Rust decoder shows in other colors, or not at all.
const RUST_DECODER_FAILS: [&str; 9] = [
    "jpeg-3x1",
    "jpeg-adobe-short",
    "jpeg-adobe-unknown",
    "jpeg-chroma-finer",
    "jpeg-dnl",
    "jpeg-jfif-and-adobe-0",
    "jpeg-scan-a-component",
    "jpeg-two-scans",
    "jpeg-without-tables",
];

/// All files by name.
fn files() -> Files {
    let drawn = serval(160);
    let mut files = Files::new();
    jpegs(&drawn, &mut files);
    pngs(&drawn, &mut files);
    webps(&drawn, &mut files);
    gifs(&drawn, &mut files);
    files
}

/// The first `share` of a file.
fn cut(file: &[u8], share: f64) -> Vec<u8> {
    file[..(file.len() as f64 * share) as usize].to_vec()
}

fn jpegs(drawn: &RgbImage, files: &mut Files) {
    let odd_size = image::imageops::crop_imm(drawn, 0, 0, 157, 149).to_image();
    let samplings: [(&str, [(usize, usize); 3]); 8] = [
        ("jpeg-4:4:4", [(1, 1), (1, 1), (1, 1)]),
        ("jpeg-4:2:2", [(2, 1), (1, 1), (1, 1)]),
        ("jpeg-4:2:0", [(2, 2), (1, 1), (1, 1)]),
        ("jpeg-4:4:0", [(1, 2), (1, 1), (1, 1)]),
        ("jpeg-4:1:1", [(4, 1), (1, 1), (1, 1)]),
        ("jpeg-3x1", [(3, 1), (1, 1), (1, 1)]),
        ("jpeg-chromas-apart", [(2, 2), (2, 1), (1, 2)]),
        ("jpeg-chroma-finer", [(1, 1), (2, 1), (2, 1)]),
    ];
    for (name, samplings) in samplings {
        files.insert(name, OddJpeg { samplings, ..OddJpeg::default() }.encode(&odd_size));
    }
    let half = [(2, 2), (1, 1), (1, 1)];
    let of = |jpeg: OddJpeg| jpeg.encode(drawn);
    let marked = |markers: &[Vec<u8>]| {
        of(OddJpeg { samplings: half, markers: markers.concat(), ..OddJpeg::default() })
    };
    let plain = marked(&[jfif()]);
    files
        .insert("jpeg-restarts", of(OddJpeg { samplings: half, restart: 7, ..OddJpeg::default() }));
    files.insert(
        "jpeg-scan-a-component",
        of(OddJpeg { samplings: half, scans: &[&[0], &[1], &[2]], ..OddJpeg::default() }),
    );
    files.insert(
        "jpeg-two-scans",
        of(OddJpeg { samplings: half, scans: &[&[0], &[1, 2]], ..OddJpeg::default() }),
    );
    files.insert(
        "jpeg-without-tables",
        of(OddJpeg { samplings: half, tables: false, ..OddJpeg::default() }),
    );
    files.insert(
        "jpeg-rgb",
        of(OddJpeg { transform: false, markers: adobe(0), ..OddJpeg::default() }),
    );
    files.insert("jpeg-jfif-and-adobe-0", marked(&[jfif(), adobe(0)]));
    files.insert("jpeg-adobe-1", marked(&[adobe(1)]));
    files.insert("jpeg-adobe-short", marked(&[jfif(), segment(0xEE, b"Adobe")]));
    files.insert("jpeg-adobe-unknown", marked(&[adobe(7)]));
    files.insert("jpeg-no-markers", marked(&[]));
    files.insert("jpeg-filled", marked(&[vec![0xFF; 9], jfif(), vec![0xFF; 3]]));
    files.insert("jpeg-stray-bytes", marked(&[jfif(), vec![0, 0x13, 0x37]]));
    files.insert("jpeg-long-comment", marked(&[jfif(), segment(0xFE, &b"x".repeat(60_000))]));
    files.insert(
        "jpeg-damaged-profile",
        marked(&[jfif(), segment(0xE2, b"ICC_PROFILE\0\x01\x01nothing of the kind")]),
    );
    files.insert(
        "jpeg-damaged-exif",
        marked(&[segment(0xE1, b"Exif\0\0MM\0*\xFF\xFF\xFF\xFF"), jfif()]),
    );
    let profile = ColorProfile::new_display_p3().encode().expect("a profile can be written");
    let wide = segment(0xE2, &[&b"ICC_PROFILE\0\x01\x01"[..], &profile].concat());
    files.insert("jpeg-display-p3", marked(&[jfif(), wide]));
    let turned = jpeg(&DynamicImage::ImageRgb8(drawn.clone()).rotate270().into_rgb8());
    files.insert("jpeg-two-exif", with_orientation(&with_orientation(&turned, 1), 6));
    files.insert(
        "jpeg-dnl",
        [&plain[..plain.len() - 2], &[0xFF, 0xDC, 0, 4, 0, 160, 0xFF, 0xD9]].concat(),
    );
    files.insert("jpeg-then-another", [&plain[..], &plain].concat());
    files.insert("jpeg-without-end", plain[..plain.len() - 2].to_vec());
    files.insert("jpeg-last-tenth-missing", cut(&plain, 0.96));
    files
        .insert("jpeg-last-tenth-missing-with-end", [cut(&plain, 0.96), vec![0xFF, 0xD9]].concat());
    files.insert("jpeg-half", cut(&plain, 0.5));
    files.insert("jpeg-half-with-end", [cut(&plain, 0.5), vec![0xFF, 0xD9]].concat());
    files.insert("jpeg-progressive", include_bytes!("fixtures/progressive.jpg").to_vec());
    files.insert("jpeg-cmyk", include_bytes!("fixtures/cmyk.jpg").to_vec());
    let frame = plain.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut file = plain.clone();
        file[frame + at] = byte;
        file
    };
    files.insert("jpeg-extended", changed(1, 0xC1));
    files.insert("jpeg-arithmetic", changed(1, 0xC9));
    files.insert("jpeg-lossless", changed(1, 0xC3));
    files.insert("jpeg-ls", changed(1, 0xF7));
    files.insert("jpeg-12-bits", changed(4, 12));
}

fn pngs(drawn: &RgbImage, files: &mut Files) {
    let (width, height) = drawn.dimensions();
    let end = png_chunk(*b"IEND", &[]);
    let header = png_header(width, height, 8, 2, false);
    let rows = png_rows(drawn, false);
    let of = |chunks: &[Vec<u8>]| {
        png(&[slice::from_ref(&header), chunks, slice::from_ref(&end)].concat())
    };
    let data: Vec<Vec<u8>> = rows.chunks(3000).map(|part| png_chunk(*b"IDAT", part)).collect();
    let with = |damaged: usize| {
        let mut data = data.clone();
        *data[damaged].last_mut().unwrap() ^= 1;
        of(&data)
    };
    files.insert("png-plain", of(&data));
    files.insert("png-wrong-checksum-first", with(0));
    files.insert("png-wrong-checksum-last", with(data.len() - 1));
    files.insert("png-without-end", png(&[slice::from_ref(&header), &data[..]].concat()));
    files.insert("png-then-junk", [of(&data), b"junk".repeat(20)].concat());
    files.insert(
        "png-damaged-text",
        of(&[&[png_chunk(*b"zTXt", b"x\0\0junk")], &data[..]].concat()),
    );
    files.insert("png-last-tenth-missing", cut(&of(&data), 0.95));
    let interlaced = png(&[
        png_header(width, height, 8, 2, true),
        png_chunk(*b"IDAT", &png_rows(drawn, true)),
        end.clone(),
    ]);
    files.insert("png-interlaced-last-tenth-missing", cut(&interlaced, 0.96));
    files.insert("png-interlaced", interlaced);
    let animated = png_chunk(*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let frame =
        |number: u8, rows: &[u8]| png_chunk(*b"fdAT", &[&[0, 0, 0, number][..], rows].concat());
    let other = png_rows(&RgbImage::new(width, height), false);
    let (whole, origin) = ((width, height), (0, 0));
    let shown = [
        png_frame(0, whole, origin),
        png_chunk(*b"IDAT", &rows),
        png_frame(1, whole, origin),
        frame(2, &other),
    ];
    files.insert("png-animated", of(&[slice::from_ref(&animated), &shown[..]].concat()));
    let part = image::imageops::crop_imm(drawn, 10, 4, width - 20, height - 4).to_image();
    for (name, picture, place) in
        [("png-animated-hidden", drawn, origin), ("png-animated-hidden-part", &part, (10, 4))]
    {
        let first =
            [png_frame(0, picture.dimensions(), place), frame(1, &png_rows(picture, false))];
        let second = [png_frame(2, whole, origin), frame(3, &other)];
        files.insert(
            name,
            of(&[&[animated.clone(), png_chunk(*b"IDAT", &other)], &first[..], &second].concat()),
        );
    }
    let picture = DynamicImage::ImageRgb8(drawn.clone());
    files.insert("png-gray-alpha", encoded(picture.to_luma_alpha8(), ImageFormat::Png));
    files.insert("png-16-bits", encoded(picture.to_rgba16(), ImageFormat::Png));
}

fn webps(drawn: &RgbImage, files: &mut Files) {
    let (width, height) = drawn.dimensions();
    let plain = encoded(drawn.clone(), ImageFormat::WebP);
    let picture = webp_chunks(&plain);
    let flagged = |flags: u8, more: &[Vec<u8>]| {
        webp(&[&[webp_canvas(flags, width, height), picture.clone()][..], more].concat())
    };
    files.insert("webp-plain", plain.clone());
    files.insert("webp-exif-flag-alone", flagged(8, &[]));
    files.insert("webp-xmp-flag-alone", flagged(4, &[]));
    files.insert("webp-alpha-flag-alone", flagged(16, &[]));
    files.insert("webp-profile-flag-alone", flagged(32, &[]));
    files.insert("webp-all-flags-alone", flagged(60, &[]));
    files.insert("webp-unknown-chunk", flagged(0, &[webp_chunk("ABCD", b"123")]));
    files.insert("webp-without-padding", {
        let mut file = flagged(4, &[webp_chunk("XMP ", b"123")]);
        file.pop();
        file
    });
    files.insert("webp-then-xmp", [&plain[..], b"XMP \xFF\xFF\0\0<x:xmpmeta"].concat());
    let turned = webp_chunks(&encoded(
        DynamicImage::ImageRgb8(drawn.clone()).rotate270(),
        ImageFormat::WebP,
    ));
    // TIFF, big-endian: one directory with the one entry 0x0112, a SHORT.
    let exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    files.insert(
        "webp-exif-with-mark",
        webp(&[webp_canvas(8, height, width), turned, webp_chunk("EXIF", exif)]),
    );
    let part = webp_chunks(&encoded(
        image::imageops::crop_imm(drawn, 10, 4, width - 20, height - 4).to_image(),
        ImageFormat::WebP,
    ));
    let frames = [
        webp_frame((10, 4), (width - 20, height - 4), &[part]),
        webp_frame(
            (0, 0),
            (width, height),
            &[webp_chunks(&encoded(RgbImage::new(width, height), ImageFormat::WebP))],
        ),
    ];
    let control = webp_chunk("ANIM", &[0; 6]);
    files.insert(
        "webp-animated-part",
        webp(&[&[webp_canvas(2, width, height), control], &frames[..]].concat()),
    );
}

fn gifs(drawn: &RgbImage, files: &mut Files) {
    let plain = encoded(drawn.clone(), ImageFormat::Gif);
    files.insert("gif-plain", plain.clone());
    files.insert("gif-screen-0x0", gif_with(&plain, (0, 0), &[]));
    files.insert("gif-screen-smaller", gif_with(&plain, (16, 16), &[]));
    files.insert("gif-screen-larger", gif_with(&plain, (200, 180), &[]));
    files.insert("gif-empty-sub-blocks", gif_with(&plain, (160, 160), &[0, 0, 0]));
    files.insert("gif-comment", gif_with(&plain, (160, 160), b"\x21\xFE\x05hello\0"));
    files.insert("gif-without-trailer", plain[..plain.len() - 1].to_vec());
    files.insert("gif-then-junk", [&plain[..], b"junk"].concat());
    files.insert("gif-last-tenth-missing", cut(&plain, 0.95));
    files.insert("gif-animated", animation(vec![drawn.clone(), RgbImage::new(160, 160)]));
}

/// What a decoder made of a file, in the form of the fixture.
fn fields(picture: &RgbImage) -> (u32, u32, Vec<String>) {
    let (width, height) = picture.dimensions();
    let mean = |field: u32| {
        let within = |at: u32, side: u32| at * side / FIELDS..(at + 1) * side / FIELDS;
        let places = within(field / FIELDS, height)
            .flat_map(|y| within(field % FIELDS, width).map(move |x| (x, y)));
        let pixels: Vec<[u8; 3]> = places.map(|(x, y)| picture.get_pixel(x, y).0).collect();
        let channel = |index: usize| {
            pixels.iter().map(|pixel| f64::from(pixel[index])).sum::<f64>() / pixels.len() as f64
        };
        [0, 1, 2].map(|index| format!("{:02x}", channel(index).round() as u8)).concat()
    };
    (width, height, (0..FIELDS * FIELDS).map(mean).collect())
}

/// The greatest difference of two colors in a field, of any channel.
fn apart(a: &[String], b: &[String]) -> i64 {
    let channels = |fields: &[String]| -> Vec<i64> {
        let digits = fields.concat();
        (0..digits.len())
            .step_by(2)
            .map(|at| i64::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect()
    };
    channels(a).into_iter().zip(channels(b)).map(|(a, b)| (a - b).abs()).max().unwrap_or(0)
}

fn fixture() -> Shown {
    serde_json::from_str(include_str!("fixtures/shown.json")).expect("the fixture is in order")
}

/// The whole photo in its own size.
fn ours(file: &[u8]) -> Result<RgbImage, String> {
    let photo =
        Photo::decode(file.to_vec(), &Limits::default()).map_err(|refusal| refusal.message)?;
    Ok(photo.view(photo.size().rect(), photo.size()))
}

#[test]
fn every_file_looks_as_in_chromium() {
    let shown = fixture();
    let mut differing = Vec::new();
    for (name, file) in files() {
        let expected = shown
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in the fixture: see the head of this file"));
        match (expected, ours(&file).map(|picture| fields(&picture))) {
            (None, Err(_)) => {}
            (Some(_), Err(_)) if ONLY_CHROMIUM.contains(&name) => {}
            (_, Ok(_)) if ONLY_OURS.contains(&name) => {}
            (Some((width, height, expected)), Ok(is))
                if (*width, *height) == (is.0, is.1) && apart(expected, &is.2) <= 3 => {}
            (expected, is) => differing.push(format!("{name}: {is:?} instead of {expected:?}")),
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn serval_is_found_in_every_file_that_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let files = files();
    let paths: Vec<String> = files
        .iter()
        .map(|(name, file)| {
            let path = dir.path().join(name);
            std::fs::write(&path, file).unwrap();
            path.display().to_string()
        })
        .collect();
    let arguments: Vec<&str> =
        ["judge", "--json"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let answers: Vec<Value> = serde_json::from_slice(&friends(&arguments).stdout).unwrap();
    let mut differing = Vec::new();
    for (name, answer) in files.keys().zip(answers) {
        let kinds = ["jpeg-arithmetic", "jpeg-lossless", "jpeg-ls", "jpeg-12-bits"];
        let is_right = if kinds.contains(name) {
            answer["error"]["code"] == "unsupported_media_type"
        } else if ONLY_CHROMIUM.contains(name) {
            answer["error"]["code"] == "photo_rejected"
        } else {
            let best = &answer["faces"][0]["scores"][0];
            best["friend"] == "serval" && best["score"].as_f64().unwrap() >= 0.9
        };
        if !is_right {
            differing.push(format!(
                "{name}: {} {} {}",
                answer["status"], answer["error"], answer["faces"][0]["scores"][0]
            ));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// The decoder that stands in where the core is built without C.
#[test]
fn both_jpeg_decoders_show_the_same() {
    let mut apart = Vec::new();
    for (name, file) in files().into_iter().filter(|(name, _)| name.starts_with("jpeg")) {
        let Ok(ours) = ours(&file) else { continue };
        // It applies neither profile nor orientation, and fills in another color.
        if ["jpeg-display-p3", "jpeg-two-exif"].contains(&name) || name.contains("missing") {
            continue;
        }
        let rust = image::load_from_memory_with_format(&file, ImageFormat::Jpeg)
            .map(DynamicImage::into_rgb8);
        let difference =
            rust.ok().filter(|rust| rust.dimensions() == ours.dimensions()).map(|rust| {
                let sum: u64 = ours
                    .as_raw()
                    .iter()
                    .zip(rust.as_raw())
                    .map(|(a, b)| u64::from(a.abs_diff(*b)))
                    .sum();
                sum as f64 / ours.as_raw().len() as f64
            });
        if difference.is_none_or(|difference| difference > 1.0) {
            apart.push(name);
        }
    }
    assert_eq!(apart, RUST_DECODER_FAILS);
}

/// Draws a picture and sums up its fields; answers null for what cannot be shown.
const SHOW: &str = "const [url, fields, done] = arguments; const picture = new Image(); \
    picture.onerror = () => done(null); \
    picture.onload = () => { \
        const { naturalWidth: width, naturalHeight: height } = picture; \
        const canvas = Object.assign(document.createElement('canvas'), { width, height }); \
        const context = canvas.getContext('2d'); \
        context.fillStyle = '#fff'; context.fillRect(0, 0, width, height); context.drawImage(picture, 0, 0); \
        const { data } = context.getImageData(0, 0, width, height); \
        const colors = []; \
        for (let row = 0; row < fields; row++) for (let column = 0; column < fields; column++) { \
            const sum = [0, 0, 0]; let count = 0; \
            for (let y = Math.floor(row * height / fields); y < Math.floor((row + 1) * height / fields); y++) \
                for (let x = Math.floor(column * width / fields); x < Math.floor((column + 1) * width / fields); x++) { \
                    count++; for (let i = 0; i < 3; i++) sum[i] += data[4 * (y * width + x) + i]; \
                } \
            colors.push(sum.map((one) => Math.round(one / count).toString(16).padStart(2, '0')).join('')); \
        } \
        done([width, height, colors]); \
    }; picture.src = url;";

#[tokio::test(flavor = "multi_thread")]
async fn the_fixture_is_what_chromium_shows() {
    let phone = Phone::start().await;
    let mut shown = Shown::new();
    for (name, file) in files() {
        let kind = name.split('-').next().unwrap();
        let url = format!(
            "data:image/{kind};base64,{}",
            base64::engine::general_purpose::STANDARD.encode(&file)
        );
        let answer = phone.page.execute_async(SHOW, vec![url.into(), FIELDS.into()]).await.unwrap();
        shown.insert(name.to_owned(), serde_json::from_value(answer).unwrap());
    }
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let lines: Vec<String> = shown
            .iter()
            .map(|(name, is)| format!("{}: {}", Value::from(&**name), serde_json::json!(is)))
            .collect();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shown.json");
        std::fs::write(path, format!("{{\n{}\n}}\n", lines.join(",\n"))).unwrap();
        return;
    }
    let expected = fixture();
    assert!(
        expected.keys().eq(shown.keys()),
        "the fixture has other files: see the head of this file"
    );
    // How much of a damaged file is shown changes from version to version, and is not compared with
    // ours.
    let compared = |name: &str| !ONLY_OURS.contains(&name) && !ONLY_CHROMIUM.contains(&name);
    for (name, is) in shown.iter().filter(|(name, _)| compared(name)) {
        let is_same = match (&expected[name], is) {
            (None, None) => true,
            (Some(expected), Some(is)) => {
                (expected.0, expected.1) == (is.0, is.1) && apart(&expected.2, &is.2) <= 2
            }
            _ => false,
        };
        assert!(is_same, "{name}: Chromium shows {is:?}, the fixture has {:?}", expected[name]);
    }
}
