//! Photos become feature vectors, by the same steps as in serving.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use friends_core::crop::{self, Region};
use friends_core::error::Fault;
use friends_core::face::Face;
use friends_core::face_detector::FaceDetector;
use friends_core::geometry::{PixelRect, Rect, Size};
use friends_core::hash::sha256;
use friends_core::limits::Limits;
use friends_core::model::{Backbone, Input};
use friends_core::photo::Photo;
use image::{RgbImage, imageops};
use rayon::prelude::*;

use super::cache::FeatureCache;
use super::dataset::Sample;
use super::error::PhotoError;

/// A photo's features.
#[derive(Clone, Debug)]
pub struct Example {
    /// What is known of the photo.
    pub sample: Sample,
    /// Features of the region as it is, then of mirrored and otherwise changed views of it.
    pub views: Vec<Vec<f32>>,
}

/// A photo that could not be used, and why.
#[derive(Debug)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: PhotoError,
}

/// Which region of a photo is learnt from.
pub enum Framing {
    /// The largest head that the detector finds, or the whole photo.
    Detect(Box<FaceDetector>),
    /// The whole photo: it is a head crop already.
    Whole,
}

/// Which views of a photo are taken.
///
/// Turns, colours, blur, JPEG artefacts and occlusions as further views were measured with features
/// of a network that knows such pictures from its own training: top-1 did not rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Views {
    /// The photo as it is: for measuring.
    Plain,
    /// Also mirrored, and two tighter and shifted crops of it and its mirror: for learning.
    Augmented,
}

impl Views {
    /// How many there are.
    fn count(self) -> usize {
        match self {
            Self::Plain => 1,
            Self::Augmented => 6,
        }
    }
}

/// What turns photos into examples, by one backbone or several at once.
pub struct Extractor<'a> {
    backbones: &'a [Backbone],
    framing: &'a Framing,
    views: Views,
    /// One a backbone, where features are kept.
    caches: Option<Vec<FeatureCache>>,
    /// A cache that cannot be written is said once.
    cache_failed: AtomicBool,
}

impl<'a> Extractor<'a> {
    /// With features kept in the folder `cache`, if one is given.
    ///
    /// # Errors
    /// When a network breaks.
    pub fn new(
        backbones: &'a [Backbone],
        framing: &'a Framing,
        views: Views,
        cache: Option<&Path>,
    ) -> Result<Self, Fault> {
        let of = |dir: &Path, backbone: &Backbone| {
            let fingerprint = fingerprint(backbone, framing, views)?;
            Ok::<_, Fault>(FeatureCache::new(dir, &fingerprint, views.count(), backbone.features()))
        };
        let caches = cache
            .map(|dir| backbones.iter().map(|backbone| of(dir, backbone)).collect())
            .transpose()?;
        Ok(Self { backbones, framing, views, caches, cache_failed: AtomicBool::new(false) })
    }

    /// Extracts features of all samples on all cores, a list for each backbone; `done` is called
    /// after each photo.
    ///
    /// The lists keep the samples' order, so the same folder always gives the same examples.
    ///
    /// # Errors
    /// When a network breaks; photos that cannot be read are skipped and returned with the reason.
    pub fn extract(
        &self,
        samples: &[Sample],
        done: impl Fn() + Sync,
    ) -> Result<(Vec<Vec<Example>>, Vec<Skipped>), Fault> {
        let results: Vec<Result<Vec<Example>, PhotoError>> = samples
            .par_iter()
            .map(|sample| {
                let examples = self.of(sample);
                done();
                examples
            })
            .collect();
        let mut lists = vec![Vec::new(); self.backbones.len()];
        let mut skipped = Vec::new();
        for (result, sample) in results.into_iter().zip(samples) {
            match result {
                Ok(examples) => {
                    lists.iter_mut().zip(examples).for_each(|(list, example)| list.push(example));
                }
                Err(PhotoError::Fault(fault)) => return Err(fault),
                Err(reason) => skipped.push(Skipped { path: sample.path.clone(), reason }),
            }
        }
        Ok((lists, skipped))
    }

    /// A photo's example for each backbone. It is decoded, and its head found, once at most.
    fn of(&self, sample: &Sample) -> Result<Vec<Example>, PhotoError> {
        let bytes = std::fs::read(&sample.path)?;
        let kept = self.caches.as_ref().map(|caches| (caches, sha256(&bytes)));
        let mut known: Vec<Option<Vec<Vec<f32>>>> = match &kept {
            Some((caches, name)) => caches.iter().map(|cache| cache.get(name)).collect(),
            None => vec![None; self.backbones.len()],
        };
        if known.iter().any(Option::is_none) {
            let photo = Photo::decode(bytes, &Limits::default())?;
            let area = self.framing.region(&photo)?.area;
            for (place, known) in known.iter_mut().enumerate().filter(|(_, known)| known.is_none())
            {
                let views = features(&photo, &self.backbones[place], area, self.views)?;
                if let Some((caches, name)) = &kept
                    && let Err(error) = caches[place].put(name, &views)
                    && !self.cache_failed.swap(true, Ordering::Relaxed)
                {
                    tracing::warn!(%error, "features cannot be kept for the next run");
                }
                *known = Some(views);
            }
        }
        Ok(known
            .into_iter()
            .flatten()
            .map(|views| Example { sample: sample.clone(), views })
            .collect())
    }
}

/// The features of an area's views.
fn features(
    photo: &Photo,
    backbone: &Backbone,
    area: PixelRect,
    views: Views,
) -> Result<Vec<Vec<f32>>, Fault> {
    let input = backbone.input();
    let areas = match views {
        Views::Plain => vec![area],
        Views::Augmented => vec![area, inner(area, 0.0, 0.04), inner(area, 0.08, 0.0)],
    };
    let mut features = Vec::with_capacity(views.count());
    for area in areas {
        let picture = input.picture(photo, area);
        features.push(backbone.extract(input.tensor(&picture))?);
        if views == Views::Augmented {
            features.push(backbone.extract(input.tensor(&imageops::flip_horizontal(&picture)))?);
        }
    }
    Ok(features)
}

/// What features depend on besides the photo, as hexadecimal digits: all views of a known picture,
/// where heads are cut, and which faces are found. A program that resizes, crops or computes
/// otherwise has another fingerprint.
fn fingerprint(backbone: &Backbone, framing: &Framing, views: Views) -> Result<String, Fault> {
    const FACE: Rect = Rect { x: 300.0, y: 260.0, width: 90.0, height: 110.0 };
    const PHOTO: Size = Size { width: 800, height: 600 };
    let photo = Photo::from_upright(backbone.input().golden_picture());
    let numbers = features(&photo, backbone, Region::whole(photo.size()).area, views)?;
    let mut facts: Vec<u8> =
        numbers.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    if let Framing::Detect(detector) = framing {
        let face = Face { rect: FACE, confidence: 1.0 };
        let areas: Vec<PixelRect> =
            crop::regions(&[face], PHOTO, 1).iter().map(|region| region.area).collect();
        facts.extend(format!("{areas:?} {:?}", detector.manifest()).into_bytes());
    }
    Ok(sha256(&facts))
}

impl Framing {
    /// The region that counts of the photo in a file, for people to look at; its longer side has
    /// `side` pixels.
    ///
    /// # Errors
    /// When the photo cannot be read any more.
    pub fn picture(&self, path: &Path, side: u32) -> Result<(Region, RgbImage), PhotoError> {
        let photo = Photo::decode(std::fs::read(path)?, &Limits::default())?;
        let region = self.region(&photo)?;
        let area: Rect = region.area.into();
        let scale = side as f32 / area.width.max(area.height);
        let scaled = |length: f32| ((length * scale).round() as u32).max(1);
        Ok((
            region,
            photo.view(area, Size { width: scaled(area.width), height: scaled(area.height) }),
        ))
    }

    /// The region that counts of the photo in a file, as the network sees it.
    ///
    /// # Errors
    /// When the photo cannot be read any more.
    pub fn input(&self, path: &Path, input: &Input) -> Result<RgbImage, PhotoError> {
        let photo = Photo::decode(std::fs::read(path)?, &Limits::default())?;
        Ok(input.picture(&photo, self.region(&photo)?.area))
    }

    /// The region of a photo that counts.
    fn region(&self, photo: &Photo) -> Result<Region, Fault> {
        let regions = match self {
            Self::Whole => Vec::new(),
            Self::Detect(embedded) => {
                crop::regions(&embedded.find(photo)?, photo.size(), Limits::default().heads)
            }
        };
        let size = |region: &Region| u64::from(region.area.width) * u64::from(region.area.height);
        Ok(regions.into_iter().max_by_key(size).unwrap_or_else(|| Region::whole(photo.size())))
    }
}

/// Nine tenths of the area, its corner moved in by these shares: another framing of the same head.
fn inner(area: PixelRect, left: f32, top: f32) -> PixelRect {
    let (width, height) = (area.width as f32, area.height as f32);
    let rect = Rect::new(
        area.x as f32 + width * left,
        area.y as f32 + height * top,
        width * 0.9,
        height * 0.9,
    );
    let all = Size { width: area.x + area.width, height: area.y + area.height };
    rect.pixels_within(all).unwrap_or(area)
}
