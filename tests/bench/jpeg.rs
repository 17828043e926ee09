//! Our decoder of JPEGs beside libjpeg and zune-jpeg, in turns: `cargo bench -p friends-jpeg --
//! [PHOTO.jpg…]`. Without a photo it draws one of 12 megapixels.

use std::hint::black_box;
use std::time::Instant;

use friends_jpeg::{Area, Jpeg, Scale};
use image::{ExtendedColorType, ImageFormat, Rgb, RgbImage};
use mozjpeg::decompress::DecompressBuilder;

/// Rounds; the table has the medians.
const ROUNDS: usize = 15;

/// Something to do with a file.
type Work = fn(&[u8]);

const WORKS: [(&str, Work); 8] = [
    ("ours: open, index at 1/8", |file| drop(black_box(index(file, Scale::Eighth)))),
    ("ours: the same and 1000 × 1000 pixels at 1/2", |file| {
        let (jpeg, _) = index(file, Scale::Eighth);
        let area = Area { x: 0, y: 0, width: 1000, height: 1000 };
        black_box(jpeg.region(area, Scale::Half));
    }),
    ("ours: open, index at 1/2", |file| drop(black_box(index(file, Scale::Half)))),
    ("ours: open, index at 1/1", |file| drop(black_box(index(file, Scale::Full)))),
    ("libjpeg at 1/8", |file| drop(black_box(libjpeg(file, 1)))),
    ("libjpeg at 1/2", |file| drop(black_box(libjpeg(file, 4)))),
    ("libjpeg at 1/1", |file| drop(black_box(libjpeg(file, 8)))),
    ("zune-jpeg", |file| {
        drop(black_box(image::load_from_memory_with_format(file, ImageFormat::Jpeg)));
    }),
];

fn index(file: &[u8], scale: Scale) -> (friends_jpeg::IndexedJpeg, friends_jpeg::Picture) {
    Jpeg::open(file).and_then(|jpeg| jpeg.index(scale)).expect("a plain baseline JPEG")
}

fn libjpeg(file: &[u8], eighths: u8) -> Vec<[u8; 3]> {
    let mut decoder = DecompressBuilder::new().from_mem(file).expect("a JPEG");
    decoder.scale(eighths);
    let mut rows = decoder.rgb().expect("colors");
    rows.read_scanlines().expect("rows")
}

fn drawn() -> Vec<u8> {
    let picture = RgbImage::from_fn(4000, 3000, |x, y| {
        let wave =
            |a: f32| (127.0 + 90.0 * ((x as f32 * a).sin() + (y as f32 * a * 1.3).cos())) as u8;
        let grain = ((x * 7919 + y * 104_729) % 23) as u8;
        Rgb([wave(0.01), wave(0.023), wave(0.041)].map(|value| value.saturating_add(grain)))
    });
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 88)
        .encode(&picture, 4000, 3000, ExtendedColorType::Rgb8)
        .expect("memory takes it");
    file
}

fn main() {
    // Cargo adds an option of its own.
    let paths: Vec<String> = std::env::args().skip(1).filter(|path| path != "--bench").collect();
    if paths.is_empty() {
        table("drawn, 12 megapixels", &drawn());
    }
    for path in paths {
        let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        table(&path, &file);
    }
}

fn table(name: &str, file: &[u8]) {
    let (width, height) = Jpeg::open(file).expect("a plain baseline JPEG").size();
    println!(
        "\n{name}: {width} × {height}, {:.2} MB; ms, medians of {ROUNDS}\n",
        file.len() as f64 / 1e6
    );
    println!("| what | ms | × libjpeg at 1/2 |\n|---|---|---|");
    let mut times = vec![Vec::new(); WORKS.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in WORKS.iter().zip(&mut times) {
            let started = Instant::now();
            work(file);
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        })
        .collect();
    for ((what, _), ms) in WORKS.iter().zip(&medians) {
        println!("| {what} | {ms:.1} | {:.2} |", ms / medians[5]);
    }
}
