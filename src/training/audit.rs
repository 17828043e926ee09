//! Which photos do not fit their folders: by what heads say that have not seen them, and by how
//! alike two pictures are.
//!
//! Labels are doubted where a held-out head finds another one more probable: the variant by
//! confusion in Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset
//! labels", 2021, in two rounds. Their stricter variant, which also asks that the other label be as
//! probable as it is for photos of its own, found three in five of labels swapped on purpose; this
//! one nearly all, and one in three that it names was right as it was.

use std::collections::BTreeSet;

use friends_core::crop::{RegionKind, SMALL_HEAD};
use image_hasher::{HashAlg, HasherConfig, ImageHash};
use rayon::prelude::*;
use serde::Serialize;

use super::candidates;
use super::dataset::{Sample, sources};
use super::error::TrainError;
use super::examples::{Example, Framing};
use super::folds;
use super::metrics::{Judged, share, wilson};
use super::open_set::softmax;

/// Bits a side of a perceptual hash: 256 in all.
const HASH_SIDE: u32 = 16;
/// Longer side in pixels of the picture that is hashed.
const LOOK_SIDE: u32 = 128;
/// Two pictures whose hashes differ in at most this share of bits are the same picture.
const SAME_PICTURE: f64 = 0.10;
/// Sources below which a label needs more photos.
const FEW_SOURCES: usize = 10;
/// The share of a label's photos from one source over which it needs others.
const ONE_SOURCE: f64 = 0.5;

/// Why a photo is suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// It looks like another label.
    Label,
    /// It is the same picture as another.
    Duplicate,
    /// Its head is too small, or none was found.
    Small,
}

/// A photo that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// The photo's place among the samples.
    pub sample: usize,
    /// Why.
    pub suspicion: Suspicion,
    /// The label that it looks like.
    pub label: Option<usize>,
    /// The place of the photo that it is the same as.
    pub original: Option<usize>,
    /// How sure that is, 0 to 1.
    pub score: f64,
}

/// What a head that has not seen them says of photos: for each example, in order. Photos that a
/// first head doubts are not learnt from by the second, whose word it is.
///
/// # Errors
/// When there are too few photos, or features are not finite.
pub fn held_out(
    examples: &[Example],
    labels: &[String],
    seed: u64,
) -> Result<Vec<Judged>, TrainError> {
    let folds = folds::deal(examples, labels.len(), seed);
    let first = candidates::held_out(examples, &folds, labels, &BTreeSet::new())?;
    let distrusted =
        doubtful_labels(&first, labels.len()).into_iter().map(|suspect| suspect.sample).collect();
    // Where doubt leaves a label without photos, the first word stands.
    Ok(candidates::held_out(examples, &folds, labels, &distrusted).unwrap_or(first))
}

/// Photos of which another label is more probable than their own, the most doubtful first; `judged`
/// are held out. Places are those of `judged`.
#[must_use]
pub fn doubtful_labels(judged: &[Judged], labels: usize) -> Vec<Suspect> {
    let mut suspects: Vec<Suspect> = Vec::new();
    for (sample, photo) in judged.iter().enumerate() {
        let Some(truth) = photo.truth else { continue };
        let row = softmax(&photo.scores);
        let best = (0..labels).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        if let Some(label) = best.filter(|&label| row[label] > row[truth]) {
            let score = f64::midpoint(1.0, f64::from(row[label] - row[truth]));
            suspects.push(Suspect {
                sample,
                suspicion: Suspicion::Label,
                label: Some(label),
                original: None,
                score,
            });
        }
    }
    surest_first(&mut suspects);
    suspects
}

/// Sorts by score, the highest first.
pub fn surest_first(suspects: &mut [Suspect]) {
    suspects.sort_by(|a, b| b.score.total_cmp(&a.score));
}

/// What a look at a photo's picture gives.
pub struct Look {
    /// Of the picture and of its mirror image.
    hashes: [ImageHash; 2],
    /// The head's shorter side in pixels of the photo; `None` where no head was found.
    head: Option<u32>,
    /// Whether the head is too small to be relied on.
    small: bool,
}

/// Looks at all photos on all cores; `done` is called after each. Photos that cannot be read give
/// no look.
pub fn looks(samples: &[Sample], framing: &Framing, done: impl Fn() + Sync) -> Vec<Option<Look>> {
    let look = |sample: &Sample| {
        let hasher = HasherConfig::new()
            .hash_alg(HashAlg::Gradient)
            .hash_size(HASH_SIDE, HASH_SIDE)
            .to_hasher();
        let (region, picture) = framing.picture(&sample.path, LOOK_SIDE).ok()?;
        let mirrored = image::imageops::flip_horizontal(&picture);
        let hashes = [hasher.hash_image(&picture), hasher.hash_image(&mirrored)];
        let found = region.kind == RegionKind::Head;
        let head = found.then(|| region.area.width.min(region.area.height));
        Some(Look { hashes, head, small: region.is_small() })
    };
    samples
        .par_iter()
        .map(|sample| {
            let look = look(sample);
            done();
            look
        })
        .collect()
}

/// Photos of which there is an earlier one that shows the same, mirrored or not.
#[must_use]
pub fn duplicates(looks: &[Option<Look>]) -> Vec<Suspect> {
    let bits = f64::from(HASH_SIDE * HASH_SIDE);
    looks
        .par_iter()
        .enumerate()
        .filter_map(|(sample, look)| {
            let [plain, mirrored] = &look.as_ref()?.hashes;
            let nearest = looks[..sample].iter().enumerate().filter_map(|(other, look)| {
                let [there, _] = &look.as_ref()?.hashes;
                Some((other, plain.dist(there).min(mirrored.dist(there))))
            });
            let (original, distance) = nearest.min_by_key(|(_, distance)| *distance)?;
            let share = f64::from(distance) / bits;
            (share <= SAME_PICTURE).then_some(Suspect {
                sample,
                suspicion: Suspicion::Duplicate,
                label: None,
                original: Some(original),
                score: 1.0 - share,
            })
        })
        .collect()
}

/// Photos whose head is too small to be relied on, or was not found; the score of the former is the
/// higher, the smaller the head.
#[must_use]
pub fn small(looks: &[Option<Look>]) -> Vec<Suspect> {
    let score = |look: &Look| match look.head {
        Some(side) if look.small => Some(1.0 / (1.0 + f64::from(side) / f64::from(SMALL_HEAD))),
        Some(_) => None,
        None => Some(0.25),
    };
    let suspect = |(sample, look): (usize, &Option<Look>)| {
        let score = score(look.as_ref()?)?;
        Some(Suspect { sample, suspicion: Suspicion::Small, label: None, original: None, score })
    };
    looks.iter().enumerate().filter_map(suspect).collect()
}

/// What a label's photos are, and what they lack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelReport {
    /// The slug.
    pub friend: String,
    /// Photos.
    pub photos: usize,
    /// Different sources.
    pub sources: usize,
    /// The source with the most photos, and its share; `None` where each photo has its own.
    pub largest: Option<(String, f64)>,
    /// The share of held-out photos that are recognised, with its Wilson interval at 95 %; `None`
    /// where that could not be checked.
    pub recall: Option<(f64, (f64, f64))>,
    /// Sources below which it needs more photos, and a source that has too large a part.
    pub needs: Vec<String>,
}

/// A report a label.
#[must_use]
pub fn label_reports(samples: &[Sample], labels: &[String], judged: &[Judged]) -> Vec<LabelReport> {
    let report = |(label, friend): (usize, &String)| {
        let sources = sources(samples, label);
        let photos: usize = sources.values().sum();
        let largest =
            sources.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count > 1);
        let largest = largest.map(|(source, count)| ((*source).to_owned(), share(*count, photos)));
        let own: Vec<&Judged> = judged.iter().filter(|photo| photo.truth == Some(label)).collect();
        let right = own.iter().filter(|photo| photo.highest().0 == label).count();
        let recall = (!own.is_empty()).then(|| (share(right, own.len()), wilson(right, own.len())));
        let mut needs = Vec::new();
        if sources.len() < FEW_SOURCES {
            needs.push(format!(
                "photos of {} more people or artworks, to {FEW_SOURCES}",
                FEW_SOURCES - sources.len()
            ));
        }
        if let Some((source, part)) = largest.as_ref().filter(|(_, part)| *part > ONE_SOURCE) {
            needs.push(format!(
                "photos of others than {source}, who has {:.0} % of them",
                100.0 * part
            ));
        }
        LabelReport {
            friend: friend.clone(),
            photos,
            sources: sources.len(),
            largest,
            recall,
            needs,
        }
    };
    labels.iter().enumerate().map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_that_looks_more_like_another_label_is_doubtful_the_clearest_first() {
        let row = |truth, scores: [f32; 3]| Judged { truth: Some(truth), scores: scores.to_vec() };
        let unknown = Judged { truth: None, scores: vec![0.0, 0.99, 0.0] };
        let judged = [
            row(0, [0.9, 0.1, 0.1]),
            row(0, [0.4, 0.1, 0.5]),
            row(1, [0.1, 0.1, 0.95]),
            unknown,
            row(2, [0.5, 0.1, 0.5]),
        ];
        let found = doubtful_labels(&judged, 3);
        assert_eq!(
            found.iter().map(|doubt| (doubt.sample, doubt.label)).collect::<Vec<_>>(),
            [(2, Some(2)), (1, Some(2))],
            "{found:?}"
        );
        assert!(found[0].score > 0.9 && found[1].score < 0.6);
    }

    #[test]
    fn a_label_of_few_sources_or_of_one_person_needs_others() {
        let sample = |label, group: &str| Sample {
            path: "a.jpg".into(),
            label: Some(label),
            group: group.to_owned(),
        };
        let samples: Vec<Sample> = (0..12)
            .map(|i| sample(0, &format!("fan{i}")))
            .chain((0..9).map(|i| sample(1, if i < 6 { "mio" } else { "ken" })))
            .collect();
        let reports = label_reports(&samples, &["otter".to_owned(), "serval".to_owned()], &[]);
        assert_eq!((reports[0].photos, reports[0].sources, reports[0].needs.len()), (12, 12, 0));
        assert_eq!((reports[1].photos, reports[1].sources), (9, 2));
        assert!(
            reports[1].needs[0].contains("8 more")
                && reports[1].needs[1].contains("mio, who has 67 %"),
            "{reports:?}"
        );
    }
}
