//! `friends train`: examples become a bundle.
//!
//! Regularisation and temperature are chosen by the log likelihood of photos that the head did not see, thresholds by their
//! scores. Groups never straddle a fold. The same examples and seed give the same bundle, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use friends_core::error::Error;
use friends_core::hash::sha256;
use friends_core::model::{
    Bundle, BundleError, Calibration, Classifier, Files, Golden, Input, Label, LinearHead, MANIFEST, Manifest, Names, SCHEMA,
    sigmoid,
};
use friends_core::verdict::{Thresholds, ranking};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::examples::Example;
use super::head::{self, FitError, Row};
use super::metrics::{self, Judged, log_loss};

/// Folds of the cross-validation; fewer where a label has fewer groups.
const FOLDS: usize = 5;
/// Strengths of the regularisation that are tried.
const REGULARISATIONS: [f64; 4] = [0.01, 0.03, 0.1, 0.3];
/// Temperatures that are tried: from a third to three, in steps of a tenth of an octave.
const TEMPERATURE_STEPS: std::ops::RangeInclusive<i32> = -16..=16;
/// No threshold goes below the diary's one half.
const MIN_THRESHOLD: f32 = 0.5;
/// Share of the photos of others, and of unknowns, that may pass a Friend's threshold.
const FALSE_ACCEPTANCE: f64 = 0.02;
/// Two accepted Friends whose scores differ by less are too close to call.
const EITHER_MARGIN: f32 = 0.15;
/// How far golden scores may be off: other processors sum in other orders.
const GOLDEN_TOLERANCE: f32 = 0.005;

/// What a bundle is made from, besides examples.
pub struct Recipe {
    /// The bundle's name.
    pub name: String,
    /// The labels' slugs.
    pub labels: Vec<String>,
    /// How labels are shown; a label without an entry shows its slug.
    pub names: BTreeMap<String, Names>,
    /// The backbone's ONNX bytes.
    pub backbone: Vec<u8>,
    /// What the backbone expects.
    pub input: Input,
    /// For the folds.
    pub seed: u64,
}

/// Why no bundle came about.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to tell apart.
    #[error("there is only one label: at least two are needed, or photos of others in unknown/")]
    OneLabel,
    /// A label's photos cannot be dealt out to training and checking.
    #[error(
        "{label} has usable photos from {sources} source(s): at least two are needed to train and to check (photos whose names \
         are the same up to __ count as one source)"
    )]
    TooFewSources {
        /// The label's slug.
        label: String,
        /// Its sources.
        sources: usize,
    },
    /// The optimiser broke off.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The trained parts do not make a bundle.
    #[error("the trained bundle cannot be used")]
    Bundle(#[from] BundleError),
    /// The network breaks on the golden picture.
    #[error("the golden scores cannot be computed")]
    Golden(#[source] Error),
    /// The head or the manifest cannot be written as JSON.
    #[error("the bundle cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The folder is taken.
    #[error("{} is there already: choose another --out, or --force to replace it", .0.display())]
    Exists(PathBuf),
    /// The path ends in no name.
    #[error("{} cannot be the name of a bundle", .0.display())]
    NoName(PathBuf),
    /// A file or folder cannot be made, written, moved or removed.
    #[error("{} cannot be {action}", path.display())]
    Write {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Trains and assembles a bundle.
///
/// # Errors
/// When there are too few photos, or the optimiser breaks off.
///
/// # Panics
/// Never: several strengths of the regularisation are tried, so one is the best.
pub fn train(examples: &[Example], recipe: &Recipe) -> Result<Files, TrainError> {
    let labels = recipe.labels.len();
    check_amounts(examples, &recipe.labels)?;
    let folds = fold_of_each(examples, labels, recipe.seed);

    let mut best: Option<(f64, f64, Vec<Vec<f32>>)> = None;
    for regularisation in REGULARISATIONS {
        let unseen = unseen_logits(examples, &folds, labels, regularisation)?;
        let loss = mean_log_loss(examples, &unseen, 1.0);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, regularisation, unseen));
        }
    }
    let (_, regularisation, unseen) = best.expect("several strengths are tried");

    let temperature = TEMPERATURE_STEPS
        .map(|step| 2f32.powf(step as f32 / 10.0))
        .min_by(|a, b| mean_log_loss(examples, &unseen, *a).total_cmp(&mean_log_loss(examples, &unseen, *b)))
        .unwrap_or(1.0);
    let scores: Vec<Vec<f32>> = unseen.iter().map(|logits| logits.iter().map(|l| sigmoid(l / temperature)).collect()).collect();
    let thresholds: Vec<f32> = (0..labels).map(|label| threshold(label, examples, &scores)).collect();

    let rows: Vec<Row<'_>> = examples.iter().flat_map(rows_of).collect();
    let head = head::fit(&rows, labels, regularisation)?;
    let report = report(examples, recipe, &scores, &thresholds, regularisation);
    assemble(recipe, &head, temperature, &thresholds, report)
}

/// Writes a bundle: first beside its place, then moved there, so that no half bundle is ever found.
///
/// # Errors
/// When a file or folder cannot be written.
pub fn write(files: &Files, to: &Path, replace: bool) -> Result<(), TrainError> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| TrainError::Write { action, path, source }
    };
    if to.exists() && !replace {
        return Err(TrainError::Exists(to.to_owned()));
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = to.file_name().ok_or_else(|| TrainError::NoName(to.to_owned()))?;
    let fresh = parent.join(format!(".{}.new", name.to_string_lossy()));
    let _ = std::fs::remove_dir_all(&fresh);
    std::fs::create_dir_all(&fresh).map_err(failed("made", &fresh))?;
    let written = files.iter().try_for_each(|(name, content)| std::fs::write(fresh.join(name), content));
    if let Err(error) = written {
        let _ = std::fs::remove_dir_all(&fresh);
        return Err(failed("written", to)(error));
    }
    if to.exists() {
        // Other files in the folder (a model card, descriptions) stay; the manifest goes last.
        for name in files.keys().filter(|name| *name != MANIFEST).map(String::as_str).chain([MANIFEST]) {
            std::fs::rename(fresh.join(name), to.join(name)).map_err(failed("replaced", to))?;
        }
        return std::fs::remove_dir_all(&fresh).map_err(failed("removed", &fresh));
    }
    std::fs::rename(&fresh, to).map_err(failed("put in place", to))
}

fn check_amounts(examples: &[Example], labels: &[String]) -> Result<(), TrainError> {
    if labels.len() < 2 {
        return Err(TrainError::OneLabel);
    }
    for (label, name) in labels.iter().enumerate() {
        let groups: BTreeSet<&str> =
            examples.iter().filter(|e| e.sample.label == Some(label)).map(|e| e.sample.group.as_str()).collect();
        if groups.len() < 2 {
            return Err(TrainError::TooFewSources { label: name.clone(), sources: groups.len() });
        }
    }
    Ok(())
}

/// Deals each label's groups out to the folds, in an order that the seed decides.
fn fold_of_each(examples: &[Example], labels: usize, seed: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut fold_of_group: BTreeMap<&str, usize> = BTreeMap::new();
    for label in (0..labels).map(Some).chain([None]) {
        let groups: BTreeSet<&str> =
            examples.iter().filter(|e| e.sample.label == label).map(|e| e.sample.group.as_str()).collect();
        let mut groups: Vec<&str> = groups.into_iter().collect();
        groups.shuffle(&mut random);
        fold_of_group.extend(groups.into_iter().enumerate().map(|(place, group)| (group, place % FOLDS)));
    }
    examples.iter().map(|example| fold_of_group[example.sample.group.as_str()]).collect()
}

/// For each example, the logits of a head that was fitted without its fold.
fn unseen_logits(examples: &[Example], folds: &[usize], labels: usize, regularisation: f64) -> Result<Vec<Vec<f32>>, TrainError> {
    let mut unseen = vec![Vec::new(); examples.len()];
    for fold in 0..FOLDS {
        let held_out: Vec<usize> = (0..examples.len()).filter(|&i| folds[i] == fold).collect();
        if held_out.is_empty() {
            continue;
        }
        let rows: Vec<Row<'_>> = (0..examples.len()).filter(|&i| folds[i] != fold).flat_map(|i| rows_of(&examples[i])).collect();
        let head = head::fit(&rows, labels, regularisation)?;
        for i in held_out {
            unseen[i] = head.logits(&examples[i].views[0]);
        }
    }
    Ok(unseen)
}

fn rows_of(example: &Example) -> impl Iterator<Item = Row<'_>> {
    example.views.iter().map(|features| Row { features, label: example.sample.label })
}

/// Mean over examples of the summed binary log loss of all labels.
fn mean_log_loss(examples: &[Example], logits: &[Vec<f32>], temperature: f32) -> f64 {
    let loss = |(example, logits): (&Example, &Vec<f32>)| -> f64 {
        let of_label = |(label, logit): (usize, &f32)| {
            let target = f64::from(u8::from(example.sample.label == Some(label)));
            log_loss(f64::from(logit / temperature), target)
        };
        logits.iter().enumerate().map(of_label).sum()
    };
    examples.iter().zip(logits).map(loss).sum::<f64>() / examples.len().max(1) as f64
}

/// The score that at most [`FALSE_ACCEPTANCE`] of the others reach, but no less than one half.
fn threshold(label: usize, examples: &[Example], scores: &[Vec<f32>]) -> f32 {
    let others = examples.iter().zip(scores).filter(|(example, _)| example.sample.label != Some(label));
    let mut others: Vec<f32> = others.map(|(_, scores)| scores[label]).collect();
    others.sort_by(|a, b| b.total_cmp(a));
    let allowed = (others.len() as f64 * FALSE_ACCEPTANCE) as usize;
    // Just over the first score that must not pass, in steps that a reader can follow.
    let bar = others.get(allowed).map_or(0.0, |score| (score * 1000.0).floor() / 1000.0 + 0.001);
    bar.clamp(MIN_THRESHOLD, 1.0)
}

/// What the manifest tells people about the training.
fn report(
    examples: &[Example],
    recipe: &Recipe,
    scores: &[Vec<f32>],
    thresholds: &[f32],
    regularisation: f64,
) -> serde_json::Value {
    let judged: Vec<Judged> = examples
        .iter()
        .zip(scores)
        .map(|(example, scores)| Judged { truth: example.sample.label, scores: scores.clone() })
        .collect();
    let names: Vec<&str> = recipe.labels.iter().map(String::as_str).collect();
    let thresholds = Thresholds { accept: thresholds.to_vec(), margin: EITHER_MARGIN };
    let photos = |label: Option<usize>| examples.iter().filter(|e| e.sample.label == label).count();
    let counts: BTreeMap<&str, usize> = names.iter().enumerate().map(|(label, &name)| (name, photos(Some(label)))).collect();
    let sources: BTreeSet<&str> = examples.iter().map(|example| example.sample.group.as_str()).collect();
    let unknown_named = judged.iter().filter(|one| one.truth.is_none() && one.scores[ranking(&one.scores)[0]] >= MIN_THRESHOLD);
    json!({
        "photos": counts,
        "unknown_photos": photos(None),
        "unknown_over_one_half": unknown_named.count(),
        "sources": sources.len(),
        "views_per_photo": examples.first().map_or(0, |example| example.views.len()),
        "regularisation": regularisation,
        "seed": recipe.seed,
        "cross_validation": metrics::evaluate(&judged, &names, &thresholds),
    })
}

/// Puts the files together, with the golden scores that this machine computes.
fn assemble(
    recipe: &Recipe,
    head: &LinearHead,
    temperature: f32,
    thresholds: &[f32],
    training: serde_json::Value,
) -> Result<Files, TrainError> {
    const BACKBONE: &str = "backbone.onnx";
    const HEAD: &str = "head.json";
    let label = |(slug, &threshold): (&String, &f32)| {
        let names = recipe.names.get(slug);
        Label {
            slug: slug.clone(),
            ja: names.map_or_else(|| slug.clone(), |names| names.ja.clone()),
            en: names.map_or_else(|| slug.clone(), |names| names.en.clone()),
            color: names.map_or_else(|| "#808080".into(), |names| names.color.clone()),
            threshold,
        }
    };
    let head_json = serde_json::to_vec(head)?;
    let mut manifest = Manifest {
        schema: SCHEMA,
        name: recipe.name.clone(),
        labels: recipe.labels.iter().zip(thresholds).map(label).collect(),
        either_margin: EITHER_MARGIN,
        input: recipe.input,
        backbone: BACKBONE.into(),
        features: head.weights.first().map_or(0, Vec::len),
        head: HEAD.into(),
        calibration: Calibration { temperature },
        files: BTreeMap::from([(BACKBONE.to_owned(), sha256(&recipe.backbone)), (HEAD.to_owned(), sha256(&head_json))]),
        golden: Golden { scores: vec![0.0; thresholds.len()], tolerance: GOLDEN_TOLERANCE },
        training,
    };
    let bundle =
        Bundle { manifest: manifest.clone(), head: head.clone(), backbone: recipe.backbone.clone(), sha256: String::new() };
    let classifier = Classifier::new(bundle)?;
    manifest.golden.scores = classifier.golden_scores().map_err(TrainError::Golden)?;
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    Ok(BTreeMap::from([
        (MANIFEST.to_owned(), manifest),
        (BACKBONE.to_owned(), recipe.backbone.clone()),
        (HEAD.to_owned(), head_json),
    ]))
}
