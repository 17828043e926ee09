//! Photos become feature vectors, by the same steps as in serving.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use friends_core::crop::{self, Region};
use friends_core::error::{Error, Rejection};
use friends_core::geometry::{PixelRect, Rect, Size};
use friends_core::heads::FaceDetector;
use friends_core::limits::Limits;
use friends_core::model::Backbone;
use friends_core::photo::Photo;
use image::imageops;
use rayon::prelude::*;

use super::dataset::Sample;

/// A photo's features.
#[derive(Clone, Debug)]
pub struct Example {
    /// What is known of the photo.
    pub sample: Sample,
    /// Features of the region as it is, then of mirrored and otherwise changed views of it.
    pub views: Vec<Vec<f32>>,
}

/// A photo that could not be used, and why.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: Rejection,
}

/// Which region of a photo is learnt from.
pub enum Framing {
    /// The largest head that the detector finds, or the whole photo.
    Detect(Arc<FaceDetector>),
    /// The whole photo: it is a head crop already.
    Whole,
}

/// Which views of a photo are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Views {
    /// The photo as it is: for measuring.
    Plain,
    /// Also mirrored, and two tighter and shifted crops of it and its mirror: for learning.
    Augmented,
}

/// Extracts features of all samples on all cores; `done` is called after each photo.
///
/// The result keeps the samples' order, so the same folder always gives the same examples.
///
/// # Errors
/// When the network breaks; photos that cannot be read are skipped and returned with the reason.
pub fn extract(
    samples: &[Sample],
    backbone: &Backbone,
    framing: &Framing,
    views: Views,
    done: impl Fn() + Sync,
) -> Result<(Vec<Example>, Vec<Skipped>), Error> {
    let results: Vec<Result<Example, Error>> = samples
        .par_iter()
        .map(|sample| {
            let example = extract_one(sample, backbone, framing, views);
            done();
            example
        })
        .collect();
    let (mut examples, mut skipped) = (Vec::new(), Vec::new());
    for (result, sample) in results.into_iter().zip(samples) {
        match result {
            Ok(example) => examples.push(example),
            Err(Error::Rejected(reason)) => skipped.push(Skipped { path: sample.path.clone(), reason }),
            Err(error) => return Err(error),
        }
    }
    Ok((examples, skipped))
}

fn extract_one(sample: &Sample, backbone: &Backbone, framing: &Framing, views: Views) -> Result<Example, Error> {
    let photo = open(&sample.path)?;
    let area = framing.area(&photo)?;
    let input = backbone.input();
    let areas = match views {
        Views::Plain => vec![area],
        Views::Augmented => vec![area, inner(area, 0.0, 0.04), inner(area, 0.08, 0.0)],
    };
    let mut features = Vec::new();
    for area in areas {
        let picture = input.picture(&photo, area);
        features.push(backbone.extract(&input.tensor(&picture))?);
        if views == Views::Augmented {
            features.push(backbone.extract(&input.tensor(&imageops::flip_horizontal(&picture)))?);
        }
    }
    Ok(Example { sample: sample.clone(), views: features })
}

impl Framing {
    /// The region of a photo that counts.
    fn area(&self, photo: &Photo) -> Result<PixelRect, Error> {
        let regions = match self {
            Self::Whole => Vec::new(),
            Self::Detect(embedded) => crop::regions(&embedded.find(photo)?, photo.size(), Limits::default().heads),
        };
        let size = |region: &&Region| u64::from(region.area.width) * u64::from(region.area.height);
        Ok(regions.iter().max_by_key(size).map_or_else(|| Region::whole(photo.size()).area, |region| region.area))
    }
}

fn open(path: &Path) -> Result<Photo, Error> {
    let bytes = std::fs::read(path).map_err(|error| Rejection::unreadable(&error))?;
    Ok(Photo::decode(bytes, &Limits::default())?)
}

/// Nine tenths of the area, its corner moved in by these shares: another framing of the same head.
fn inner(area: PixelRect, left: f32, top: f32) -> PixelRect {
    let (width, height) = (area.width as f32, area.height as f32);
    let rect = Rect::new(area.x as f32 + width * left, area.y as f32 + height * top, width * 0.9, height * 0.9);
    let all = Size { width: area.x + area.width, height: area.y + area.height };
    rect.pixels_within(all).unwrap_or(area)
}
