//! Pictures with boxes and names drawn in.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use font8x8::UnicodeFonts as _;
use friends_core::geometry::PixelRect;
use friends_core::judged_face::JudgedFace;
use friends_core::limits::Limits;
use friends_core::model::Manifest;
use friends_core::photo::Photo;
use friends_core::verdict::Verdict;
use friends_service::judgement::Judgement;
use image::{Rgb, RgbImage};

/// Longer side of the picture that is written.
const SIDE: u32 = 1600;
/// The color of the unknown.
const UNKNOWN: Rgb<u8> = Rgb([128, 128, 128]);

/// The file for each photo's picture: `<name>.jpg` in `dir`, which is made if it is missing;
/// `<name>-2.jpg` for a second of that name.
///
/// # Errors
/// When the folder cannot be made, or a picture would take the place of one of the photos.
pub fn files(photos: &[PathBuf], dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let originals: HashSet<PathBuf> =
        photos.iter().filter_map(|photo| photo.canonicalize().ok()).collect();
    let mut taken = HashSet::new();
    photos
        .iter()
        .map(|photo| {
            let stem = photo.file_stem().unwrap_or_default().to_string_lossy();
            let names = (1..).map(|copy| if copy == 1 { format!("{stem}.jpg") } else { format!("{stem}-{copy}.jpg") });
            let file = names.map(|name| dir.join(name)).find(|file| taken.insert(file.clone())).expect("numbers do not end");
            if file.canonicalize().is_ok_and(|file| originals.contains(&file)) {
                bail!("the picture with boxes would take the place of {}; choose another folder for --annotate", file.display());
            }
            Ok(file)
        })
        .collect()
}

/// Writes the upright photo with a box and a name for each face.
pub fn write(
    photo: &Path,
    judgement: &Judgement,
    manifest: &Manifest,
    to: &Path,
) -> anyhow::Result<()> {
    let bytes = std::fs::read(photo)
        .with_context(|| format!("{} cannot be read again", photo.display()))?;
    let decoded = Photo::decode(bytes, &Limits::default())?;
    let (full, size) = (decoded.size(), decoded.size().shrunk_to(SIDE));
    let mut picture = decoded.view(full.rect(), size);
    let scale = f64::from(size.width) / f64::from(full.width);
    for face in &judgement.faces {
        let scaled = |length: u32| (f64::from(length) * scale) as u32;
        let area = PixelRect {
            x: scaled(face.area.x),
            y: scaled(face.area.y),
            width: scaled(face.area.width),
            height: scaled(face.area.height),
        };
        draw(&mut picture, area, &caption(face), color(face, manifest));
    }
    picture.save(to).with_context(|| format!("{} cannot be written", to.display()))
}

fn caption(face: &JudgedFace) -> String {
    let best = face.scores.first().map_or(0.0, |score| score.score);
    match &face.verdict {
        Verdict::Match { friend } => format!("{friend} {best:.2}"),
        Verdict::Either { friends: [a, b] } => format!("{a} or {b}"),
        Verdict::None => "nobody".to_owned(),
    }
}

/// The Friend's color.
fn color(face: &JudgedFace, manifest: &Manifest) -> Rgb<u8> {
    let slug = match &face.verdict {
        Verdict::Match { friend } | Verdict::Either { friends: [friend, _] } => friend,
        Verdict::None => return UNKNOWN,
    };
    let hex = manifest
        .labels
        .iter()
        .find(|label| label.slug == *slug)
        .and_then(|label| label.color.strip_prefix('#'));
    let rgb = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
    rgb.map_or(UNKNOWN, |rgb| Rgb([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8]))
}

/// A frame around `area`, and the caption on a plate inside its upper edge.
fn draw(picture: &mut RgbImage, area: PixelRect, caption: &str, color: Rgb<u8>) {
    let width = (picture.width().max(picture.height()) / 240).max(2);
    for (x, y, w, h) in [
        (area.x, area.y, area.width, width),
        (area.x, (area.y + area.height).saturating_sub(width), area.width, width),
        (area.x, area.y, width, area.height),
        ((area.x + area.width).saturating_sub(width), area.y, width, area.height),
    ] {
        fill(picture, x, y, w, h, color);
    }
    let dot = (picture.width().max(picture.height()) / 500).max(1);
    let plate = caption.chars().count() as u32 * 8 * dot + 8 * dot;
    fill(picture, area.x, area.y, plate, 14 * dot, color);
    let dark = u32::from(color.0[0]) + u32::from(color.0[1]) + u32::from(color.0[2]) < 384;
    let ink = if dark { Rgb([255; 3]) } else { Rgb([0; 3]) };
    for (place, glyph) in caption.chars().filter_map(|c| font8x8::BASIC_FONTS.get(c)).enumerate() {
        for (row, bits) in glyph.iter().enumerate() {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                let x = area.x + 4 * dot + (place as u32 * 8 + column) * dot;
                fill(picture, x, area.y + (3 + row as u32) * dot, dot, dot, ink);
            }
        }
    }
}

/// Fills the part of a rectangle that lies in the picture.
fn fill(picture: &mut RgbImage, x: u32, y: u32, width: u32, height: u32, color: Rgb<u8>) {
    for row in y..(y + height).min(picture.height()) {
        for column in x..(x + width).min(picture.width()) {
            picture.put_pixel(column, row, color);
        }
    }
}
