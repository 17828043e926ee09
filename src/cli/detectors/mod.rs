//! `friends detectors`

mod curve;
mod page;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use friends_core::face::Face;
use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use friends_service::detector::DetectorSettings;
use friends_service::preloaded::Preloaded;
use friends_service::settings::{Settings, VISION_KEY, transport};
use friends_studio::boxes::{self, Boxed};
use friends_training::detection::{self, Figures, Finding, Findings, Truth};

use crate::output::say;
use crate::progress;

/// Boxes from this score on take part in the curve.
const FLOOR: f32 = 0.05;

#[derive(clap::Args)]
pub struct Args {
    /// Photos with known faces: DIR/boxes.json lists them
    dir: PathBuf,
    /// What another detector found: a file that `tests/peers/detectors.py` writes; may be given
    /// several times
    #[arg(long, value_name = "FILE")]
    peer: Vec<PathBuf>,
    /// Write the curves of recall over false alarms
    #[arg(long, value_name = "FILE.svg")]
    curve: Option<PathBuf>,
    /// Write a page with the curves, and the photos in which the embedded detector missed a face or
    /// saw one that is not there
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
    /// Print figures for programs
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let photos = boxes::read(&args.dir)?;
    let truth: Vec<Truth> = photos
        .iter()
        .map(|photo| Truth { faces: photo.boxes.clone(), kinds: photo.labels.clone() })
        .collect();
    let mut all = vec![embedded(&photos)?];
    if Settings::from_environment().get(&VISION_KEY).is_some() {
        all.push(cloud_vision(&photos)?);
    }
    for file in &args.peer {
        all.push(peer(file, &photos)?);
    }
    let rows: Vec<Figures> =
        all.iter().map(|findings| detection::figures(findings, &truth)).collect();
    if let Some(file) = &args.curve {
        std::fs::write(file, curve::svg(&rows).into_string())
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if let Some(file) = &args.html {
        let page = page::page(&rows, &all[0], &photos, &truth)?;
        std::fs::write(file, page)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the detector in the program.
fn embedded(photos: &[Boxed]) -> anyhow::Result<Findings> {
    let begun = Instant::now();
    let detector = FaceDetector::load()?;
    eprintln!("embedded detector loaded in {:.0} ms", begun.elapsed().as_secs_f64() * 1000.0);
    let bar = progress::bar(photos.len(), "finding faces");
    let (mut pictures, mut times) = (Vec::new(), Vec::new());
    for boxed in photos {
        let photo = open(&boxed.path)?;
        let begun = Instant::now();
        let faces = detector.find_above(&photo, FLOOR)?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        pictures.push(finding(boxed, &faces));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Findings {
        detector: "embedded".into(),
        threshold: detector.manifest().threshold,
        ms_median: median(times),
        pictures,
    })
}

/// Asks Google Cloud Vision, once a photo.
#[tokio::main(flavor = "current_thread")]
async fn cloud_vision(photos: &[Boxed]) -> anyhow::Result<Findings> {
    eprintln!(
        "FRIENDS_VISION_KEY is set: Cloud Vision is asked {} times, which may cost money",
        photos.len()
    );
    let detector = DetectorSettings::read(Some("cloud-vision"), &Settings::from_environment())?;
    let detector =
        detector.set_up(Preloaded::begin(FaceDetector::load), &transport::client()?, None)?;
    let vision = detector.vision().context("the detector asks Cloud Vision")?;
    let bar = progress::bar(photos.len(), "cloud-vision");
    let (mut pictures, mut times) = (Vec::new(), Vec::new());
    for boxed in photos {
        let photo = Arc::new(open(&boxed.path)?);
        let asked = Instant::now();
        let faces = vision.find(&photo).await?;
        times.push(asked.elapsed().as_secs_f64() * 1000.0);
        pictures.push(finding(boxed, &faces));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Findings {
        detector: "cloud-vision".into(),
        threshold: 0.0,
        ms_median: median(times),
        pictures,
    })
}

fn open(path: &Path) -> anyhow::Result<Photo> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Photo::decode(bytes, &Limits::default()).with_context(|| path.display().to_string())
}

fn finding(boxed: &Boxed, faces: &[Face]) -> Finding {
    let corners = |face: &Face| [face.rect.x, face.rect.y, face.rect.width, face.rect.height];
    Finding {
        file: boxed.file.clone(),
        boxes: faces.iter().map(corners).collect(),
        scores: faces.iter().map(|face| face.confidence).collect(),
    }
}

/// What another detector found in these photos.
fn peer(file: &Path, photos: &[Boxed]) -> anyhow::Result<Findings> {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let findings: Findings =
        serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
    let same = findings.pictures.len() == photos.len()
        && findings.pictures.iter().zip(photos).all(|(a, b)| a.file == b.file);
    ensure!(same, "{} is about other photos, or in another order", file.display());
    let paired =
        findings.pictures.iter().all(|finding| finding.boxes.len() == finding.scores.len());
    ensure!(paired, "{} has a photo with more boxes than scores, or fewer", file.display());
    Ok(findings)
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn print(rows: &[Figures]) {
    let width = rows.iter().map(|row| row.detector.len()).max().unwrap_or(0).max("detector".len());
    if let Some(row) = rows.first() {
        say!(
            "{} photos, {} faces of {} pixels and more",
            row.pictures,
            row.faces,
            detection::SMALLEST
        );
    }
    say!("\n{:width$}  found  missed  false alarms  recall (Wilson 95 %)      ms", "detector");
    for row in rows {
        let [recall, low, high] = row.recall;
        let ms = row.ms_median.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1}"));
        let missed = row.faces - row.found;
        say!(
            "{:width$}  {:5}  {missed:6}  {:12}  {recall:.3} ({low:.3} to {high:.3})  {ms:>6}",
            row.detector,
            row.found,
            row.false_alarms
        );
    }
    for row in rows {
        let at: Vec<String> = row
            .recall_at
            .iter()
            .map(|(limit, recall)| format!("{recall:.3} at {limit:.2}"))
            .collect();
        let (found, of) = (row.largest_found, row.with_faces);
        say!(
            "\n{}: largest face found in {found} of {of} photos with faces; value {:.3}",
            row.detector,
            row.value
        );
        say!("  value: the share of these less half of the false alarms a photo");
        say!("  recall within so many false alarms a photo: {}", at.join(", "));
        for group in &row.groups {
            let (low, high) = friends_training::metrics::wilson(group.found, group.faces);
            say!(
                "  {:<16} {:4} of {:4}  ({low:.2} to {high:.2})",
                group.name,
                group.found,
                group.faces
            );
        }
    }
    let pairs = detection::pairs(rows);
    if !pairs.is_empty() {
        say!("\nfaces that one of two found alone, and McNemar's exact p, two-sided");
    }
    for pair in pairs {
        let ([one, other], [a, b]) = (&pair.detectors, pair.alone);
        say!("  {one} {a}, {other} {b}: p = {:.2e}", pair.p);
    }
}
