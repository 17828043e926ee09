//! Photos that are made to exhaust memory or time, sent to the real server one after the other: it
//! stays within the budgets.

use std::time::Duration;

use friends_service::limits::JUDGE_BYTES;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageFormat, RgbImage};
use serde_json::Value;

use crate::common::chunks::{
    lossless, lossless_of_groups, webp, webp_canvas, webp_chunk, webp_frame,
};
use crate::common::pictures::{encoded, jpeg, png_of_zeros, quarters, serval};
use crate::common::process::Serve;

/// Bytes that judging one photo may take over what the server takes when it is idle.
const WORKING_MEMORY: u64 = 200_000_000;
/// Time of the processor that judging one may take; printed, for a busy machine may take longer.
const PROCESSOR_TIME: Duration = Duration::from_secs(2);
/// Addresses may be reserved without being used: threads and their heaps.
const RESERVED: u64 = 700_000_000;

/// A JPEG whose frame header says this size; the scans end early.
fn claiming(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let frame = bytes.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0..=0xC2])).unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// A progressive JPEG whose last scan is there so many times more.
fn with_scans(jpeg: &[u8], more: usize) -> Vec<u8> {
    let last = jpeg.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let (before, scan) = jpeg[..jpeg.len() - 2].split_at(last);
    [before, &scan.repeat(1 + more), &[0xFF, 0xD9]].concat()
}

/// A baseline JPEG of this size with a scan for each of its components, which ends early.
fn scan_a_component(width: u16, height: u16) -> Vec<u8> {
    let jpeg = plain_jpeg(16, 16);
    let scan = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let mut bytes = jpeg[..scan].to_vec();
    for component in 1..=3 {
        bytes.extend([0xFF, 0xDA, 0, 8, 1, component, 0, 0, 63, 0, 0x55, 0x55]);
    }
    bytes.extend([0xFF, 0xD9]);
    claiming(&bytes, width, height)
}

/// A lossy key frame of this size, of which only the header is there.
fn lossy_frame(width: u16, height: u16) -> Vec<u8> {
    let mut payload = vec![0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A];
    payload.extend(width.to_le_bytes());
    payload.extend(height.to_le_bytes());
    payload.extend([0; 64]);
    webp_chunk("VP8 ", &payload)
}

/// A JPEG of this size that is one color: few bytes, many pixels.
fn plain_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let row = vec![90; 3 * width as usize * height as usize];
    JpegEncoder::new_with_quality(&mut bytes, 50)
        .encode(&row, width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// Photos by what they are, and how each is refused, if it is.
fn bombs() -> Vec<(&'static str, Vec<u8>, Option<&'static str>)> {
    let progressive = include_bytes!("fixtures/progressive.jpg");
    let cmyk = include_bytes!("fixtures/cmyk.jpg");
    let plain_lossless = encoded(quarters(64, 48), ImageFormat::WebP);
    let few_blocks = lossless_of_groups(16, 16, 2, 50_000);
    let many_blocks = lossless_of_groups(1024, 1024, 2, 50_000);
    let some_blocks = lossless_of_groups(256, 256, 2, 2_000);
    let in_animation = webp(&[
        webp_canvas(2, 16, 16),
        webp_frame((0, 0), (16, 16), &[lossless(16, 16, &few_blocks)]),
    ]);
    let transparency = webp_chunk("ALPH", &[&[1][..], &few_blocks].concat());
    let in_transparency = webp(&[webp_canvas(16, 16, 16), transparency, lossy_frame(16, 16)]);
    let costly = Some("photo_too_costly");
    let huge_exif =
        [webp_canvas(0x08, 16, 16), lossy_frame(16, 16), b"EXIF\xFF\xFF\xFF\xFF".to_vec()];
    vec![
        ("RGBA PNG of 16 bits, 50 megapixels", png_of_zeros(10_000, 5_000, 6, 16, false), None),
        (
            "interlaced RGBA PNG of 16 bits, 50 megapixels",
            png_of_zeros(10_000, 5_000, 6, 16, true),
            None,
        ),
        ("baseline JPEG, 50 megapixels", plain_jpeg(10_000, 5_000), None),
        ("progressive JPEG, 50 megapixels", claiming(progressive, 10_000, 5_000), costly),
        ("progressive JPEG, 19 megapixels", claiming(progressive, 5_000, 3_800), None),
        (
            "progressive JPEG of 1,000 scans, 10 megapixels",
            claiming(&with_scans(progressive, 1000), 3_200, 3_200),
            costly,
        ),
        (
            "progressive JPEG of 90 scans, 10 megapixels",
            claiming(&with_scans(progressive, 80), 3_200, 3_200),
            costly,
        ),
        (
            "progressive JPEG of 40 scans, 10 megapixels",
            claiming(&with_scans(progressive, 30), 3_200, 3_200),
            None,
        ),
        (
            "baseline JPEG with a scan a component, 49 megapixels",
            scan_a_component(10_000, 4_900),
            costly,
        ),
        ("CMYK JPEG, 50 megapixels", claiming(cmyk, 10_000, 5_000), None),
        (
            "WebP whose frame is larger than its canvas",
            webp(&[webp_canvas(0, 16, 16), lossy_frame(16_383, 16_383)]),
            Some("photo_rejected"),
        ),
        ("WebP with an EXIF chunk of 4 GiB", webp(&huge_exif), Some("photo_rejected")),
        ("lossy WebP, 36 megapixels", webp(&[lossy_frame(9_000, 4_000)]), None),
        ("lossless WebP", plain_lossless, None),
        (
            "lossless WebP, 16 by 16, of 50,000 groups of codes",
            webp(&[lossless(16, 16, &few_blocks)]),
            costly,
        ),
        ("animated WebP, 16 by 16, of 50,000 groups of codes", in_animation, costly),
        ("WebP with transparency of 50,000 groups of codes", in_transparency, costly),
        (
            "lossless WebP with a group of codes for each of 50,000 blocks",
            webp(&[lossless(1024, 1024, &many_blocks)]),
            costly,
        ),
        (
            "lossless WebP with a group of codes for each of 2,000 blocks",
            webp(&[lossless(256, 256, &some_blocks)]),
            None,
        ),
        ("animated WebP", include_bytes!("fixtures/animated.webp").to_vec(), None),
        (
            "GIF, 19 megapixels",
            encoded(DynamicImage::ImageRgb8(RgbImage::new(4_800, 4_000)), ImageFormat::Gif),
            None,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_photo_takes_more_memory_or_time_than_a_photo_may_have() {
    let data = tempfile::tempdir().unwrap();
    let serve = Serve::start(data.path());
    let http = friends_service::settings::transport::client().unwrap();
    let judge = async |photo: Vec<u8>| -> Value {
        http.post(serve.url("/api/judge")).body(photo).send().await.unwrap().json().await.unwrap()
    };
    for _ in 0..3 {
        judge(jpeg(&serval(400))).await;
    }
    let idle = serve.memory();
    for (what, photo, refusal) in bombs() {
        assert!(photo.len() < JUDGE_BYTES, "{what} has {} bytes", photo.len());
        serve.forget_peak();
        let before = serve.processor_time();
        let answer = judge(photo).await;
        let (time, peak) = (serve.processor_time().saturating_sub(before), serve.memory());
        println!(
            "{:4} MB of {} over idle, {:4.2} s of {} s: {what}: {}",
            peak.resident.saturating_sub(idle.resident) / 1_000_000,
            WORKING_MEMORY / 1_000_000,
            time.as_secs_f64(),
            PROCESSOR_TIME.as_secs(),
            answer["code"].as_str().unwrap_or("judged"),
        );
        if let Some(code) = refusal {
            assert_eq!(answer["code"], code, "{what}: {answer}");
        }
        assert!(
            peak.resident < idle.resident + WORKING_MEMORY,
            "{what} took {} bytes",
            peak.resident
        );
        assert!(
            peak.reserved < idle.reserved + RESERVED,
            "{what} asked for {} bytes",
            peak.reserved
        );
    }
    let after = judge(jpeg(&serval(400))).await;
    assert_eq!(after["status"], "done", "it goes on");
}
