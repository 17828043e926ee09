//! Photos that are made to exhaust memory, sent to the real server one after the other: its memory stays within the budget.

use friends_core::limits::Limits;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageFormat, RgbImage};
use serde_json::Value;

use crate::common::pictures::{encoded, jpeg, png_of_zeros, quarters, serval};
use crate::common::process::Serve;

/// Bytes that judging one photo may take over what the server takes when it is idle.
pub const WORKING_MEMORY: u64 = 200_000_000;
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

fn chunk(name: &str, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [name.as_bytes(), &length.to_le_bytes(), payload, &vec![0; payload.len() % 2]].concat()
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WEBP".to_vec(), chunks.concat()].concat();
    [&b"RIFF"[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

fn canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let three = |number: u32| (number - 1).to_le_bytes()[..3].to_vec();
    chunk("VP8X", &[vec![flags, 0, 0, 0], three(width), three(height)].concat())
}

/// A lossy key frame of this size, of which only the header is there.
fn lossy_frame(width: u16, height: u16) -> Vec<u8> {
    let mut payload = vec![0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A];
    payload.extend(width.to_le_bytes());
    payload.extend(height.to_le_bytes());
    payload.extend([0; 64]);
    chunk("VP8 ", &payload)
}

/// A JPEG of this size that is one color: few bytes, many pixels.
fn plain_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let row = vec![90; 3 * width as usize * height as usize];
    JpegEncoder::new_with_quality(&mut bytes, 50).encode(&row, width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn no_photo_takes_more_memory_than_a_photo_may_have() {
    let progressive = include_bytes!("fixtures/progressive.jpg");
    let cmyk = include_bytes!("fixtures/cmyk.jpg");
    let lossless = encoded(quarters(64, 48), ImageFormat::WebP);
    let huge_exif = [canvas(0x08, 16, 16), lossy_frame(16, 16), b"EXIF\xFF\xFF\xFF\xFF".to_vec()];
    let bombs: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        ("RGBA PNG of 16 bits, 50 megapixels", png_of_zeros(10_000, 5_000, 6, 16, false), None),
        ("interlaced RGBA PNG of 16 bits, 50 megapixels", png_of_zeros(10_000, 5_000, 6, 16, true), None),
        ("baseline JPEG, 50 megapixels", plain_jpeg(10_000, 5_000), None),
        ("progressive JPEG, 50 megapixels", claiming(progressive, 10_000, 5_000), Some("photo_too_costly")),
        ("progressive JPEG, 19 megapixels", claiming(progressive, 5_000, 3_800), None),
        (
            "progressive JPEG of 1,000 scans, 10 megapixels",
            claiming(&with_scans(progressive, 1000), 3_200, 3_200),
            Some("photo_too_costly"),
        ),
        (
            "progressive JPEG of 90 scans, 10 megapixels",
            claiming(&with_scans(progressive, 80), 3_200, 3_200),
            Some("photo_too_costly"),
        ),
        ("progressive JPEG of 40 scans, 10 megapixels", claiming(&with_scans(progressive, 30), 3_200, 3_200), None),
        ("baseline JPEG with a scan a component, 49 megapixels", scan_a_component(10_000, 4_900), Some("photo_too_costly")),
        ("CMYK JPEG, 50 megapixels", claiming(cmyk, 10_000, 5_000), None),
        (
            "WebP whose frame is larger than its canvas",
            riff(&[canvas(0, 16, 16), lossy_frame(16_383, 16_383)]),
            Some("photo_rejected"),
        ),
        ("WebP with an EXIF chunk of 4 GiB", riff(&huge_exif), Some("photo_rejected")),
        ("lossy WebP, 36 megapixels", riff(&[lossy_frame(9_000, 4_000)]), None),
        ("lossless WebP", lossless, None),
        ("animated WebP", include_bytes!("fixtures/animated.webp").to_vec(), None),
        ("GIF, 19 megapixels", encoded(DynamicImage::ImageRgb8(RgbImage::new(4_800, 4_000)), ImageFormat::Gif), None),
    ];

    let data = tempfile::tempdir().unwrap();
    let serve = Serve::start(data.path());
    let http = friends_judge::service::transport::client().unwrap();
    let judge = async |photo: Vec<u8>| -> Value {
        http.post(serve.url("/api/judge")).body(photo).send().await.unwrap().json().await.unwrap()
    };
    for _ in 0..3 {
        judge(jpeg(&serval(400))).await;
    }
    let idle = serve.memory();
    for (what, photo, refusal) in bombs {
        assert!(photo.len() < Limits::default().judge_bytes, "{what} has {} bytes", photo.len());
        let begun = std::time::Instant::now();
        let answer = judge(photo).await;
        let seconds = begun.elapsed().as_secs_f64();
        let peak = serve.memory();
        let more = (peak.resident - idle.resident) / 1_000_000;
        println!("{what}: {more} MB more than idle of {}, {seconds:.2} s, {}", WORKING_MEMORY / 1_000_000, answer["code"]);
        if let Some(code) = refusal {
            assert_eq!(answer["code"], code, "{what}: {answer}");
        }
        assert!(peak.resident - idle.resident < WORKING_MEMORY, "{what} took {} bytes", peak.resident - idle.resident);
        assert!(peak.reserved - idle.reserved < RESERVED, "{what} asked for {} bytes", peak.reserved - idle.reserved);
    }
    let after = judge(jpeg(&serval(400))).await;
    assert_eq!(after["status"], "done", "it goes on");
}
