//! `friends train`: examples become a bundle.
//!
//! Regularisation and temperature are chosen by the log likelihood of photos that the head did not see, thresholds by their
//! scores. Groups never straddle a fold. The same examples and seed give the same bundle, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use friends_core::error::Error;
use friends_core::hash::sha256;
use friends_core::model::{
    Bundle, BundleError, Calibration, Classifier, Files, Golden, Head, Input, Label, MANIFEST, Manifest, Names, SCHEMA, sigmoid,
};
use friends_core::verdict::Thresholds;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::examples::Example;
use super::head::{self, FitError, Row};
use super::metrics::{self, Judged, log_loss};
use super::prototypes::{MIN_BACKGROUND, PlattScaling, Prototypes};
use super::thresholds::{MIN_THRESHOLD, thresholds};

/// Folds of the cross-validation; fewer where a label has fewer groups.
const FOLDS: usize = 5;
/// Strengths of the regularisation that are tried.
const REGULARISATIONS: [f64; 3] = [0.03, 0.1, 0.3];
/// Views of a photo that held-out fits learn from: as it is, and mirrored. The final fit takes all.
const HELD_OUT_VIEWS: usize = 2;
/// Temperatures that are tried: from a third to three, in steps of a tenth of an octave.
const TEMPERATURE_STEPS: std::ops::RangeInclusive<i32> = -16..=16;
/// Two accepted Friends whose scores differ by less are too close to call.
const EITHER_MARGIN: f32 = 0.15;
/// How far golden scores may be off: other processors sum in other orders.
const GOLDEN_TOLERANCE: f32 = 0.005;

/// Which head a bundle gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadChoice {
    /// The one whose held-out verdicts are better.
    Better,
    /// The linear one.
    Linear,
    /// The prototypes.
    Prototype,
}

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
    /// Length of the backbone's output.
    pub features: usize,
    /// Background centroids of the bundle whose backbone this is: unknowns beside the operator's own.
    pub background: Vec<Vec<f32>>,
    /// Which head it gets.
    pub head: HeadChoice,
    /// The share of held-out unknowns that may be named, 0 to 1; where there are too few, the share of the photos of others.
    pub accept_unknown: f64,
    /// For folds and background.
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
    /// There is nothing to compare prototypes with.
    #[error(
        "a prototype head needs at least {MIN_BACKGROUND} photos of unknowns: add some to unknown/, or leave the choice open"
    )]
    NoBackground,
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
/// Both kinds of head are fitted without each fold in turn; unless the recipe names one, the one whose held-out verdicts are better
/// is kept, the linear one where they are equal. With held-out unknowns, better means a larger open-set classification rate ([`metrics::oscr`]), without
/// them a higher top-1.
///
/// # Errors
/// When there are too few photos of a label, or of unknowns for prototypes that were asked for, or the optimiser breaks off.
pub fn train(examples: &[Example], recipe: &Recipe) -> Result<Files, TrainError> {
    let labels = recipe.labels.len();
    check_amounts(examples, &recipe.labels)?;
    let folds = fold_of_each(examples, labels, recipe.seed);

    let linear = held_out_linear(examples, &folds, labels)?;
    let prototype = held_out_prototype(examples, &folds, recipe);
    let quality = |logits: &[Vec<f32>]| {
        let judged = judged(examples, logits, 1.0);
        metrics::oscr(&judged).unwrap_or_else(|| metrics::top1(&judged))
    };
    let linear_quality = quality(&linear.logits);
    let prototype_quality = prototype.as_ref().map(|prototype| quality(&prototype.logits));

    let all: Vec<&Example> = examples.iter().collect();
    let wanted = match recipe.head {
        HeadChoice::Better => prototype_quality > Some(linear_quality),
        HeadChoice::Linear => false,
        HeadChoice::Prototype => true,
    };
    let (kind, head, logits, temperature) = if wanted {
        let prototypes = Prototypes::of(&all, &recipe.background, labels, recipe.seed);
        let (held_out, prototypes) = prototype.zip(prototypes).ok_or(TrainError::NoBackground)?;
        ("prototype", Head::Prototype(prototypes.with(held_out.calibration)), held_out.logits, 1.0)
    } else {
        let rows: Vec<Row<'_>> = examples.iter().flat_map(|example| rows_of(example, usize::MAX)).collect();
        let head = head::fit(&rows, labels, linear.regularisation)?;
        ("linear", Head::Linear(head), linear.logits, linear.temperature)
    };
    let judged = judged(examples, &logits, temperature);
    let thresholds = thresholds(labels, &judged, recipe.accept_unknown);
    let mut report = report(examples, recipe, &judged, &thresholds);
    let open_set = examples.iter().any(|example| example.sample.label.is_none());
    report["head"] = json!({
        "kind": kind,
        "asked_for": recipe.head != HeadChoice::Better,
        "criterion": if open_set { "held-out open-set classification rate" } else { "held-out top-1" },
        "linear": linear_quality,
        "prototype": prototype_quality,
    });
    if matches!(head, Head::Linear(_)) {
        report["regularisation"] = linear.regularisation.into();
    }
    assemble(recipe, head, temperature, &thresholds, report)
}

/// What linear heads say of photos that they have not seen.
struct HeldOutLinear {
    logits: Vec<Vec<f32>>,
    regularisation: f64,
    temperature: f32,
}

/// What prototype heads say of photos that they have not seen.
struct HeldOutPrototype {
    logits: Vec<Vec<f32>>,
    calibration: PlattScaling,
}

/// Chooses regularisation and temperature by the log likelihood of held-out photos.
fn held_out_linear(examples: &[Example], folds: &[usize], labels: usize) -> Result<HeldOutLinear, TrainError> {
    let mut best: Option<(f64, f64, Vec<Vec<f32>>)> = None;
    for regularisation in REGULARISATIONS {
        let mut logits = vec![Vec::new(); examples.len()];
        for fold in 0..FOLDS {
            let (others, held_out) = split(examples, folds, fold);
            if held_out.is_empty() {
                continue;
            }
            let rows: Vec<Row<'_>> = others.iter().flat_map(|&example| rows_of(example, HELD_OUT_VIEWS)).collect();
            let head = head::fit(&rows, labels, regularisation)?;
            for i in held_out {
                logits[i] = head.logits(&examples[i].views[0]);
            }
        }
        let loss = mean_log_loss(examples, &logits, 1.0);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, regularisation, logits));
        }
    }
    let (_, regularisation, logits) = best.unwrap_or_default();
    let temperature = TEMPERATURE_STEPS
        .map(|step| 2f32.powf(step as f32 / 10.0))
        .min_by(|a, b| mean_log_loss(examples, &logits, *a).total_cmp(&mean_log_loss(examples, &logits, *b)))
        .unwrap_or(1.0);
    Ok(HeldOutLinear { logits, regularisation, temperature })
}

/// Calibrates the evidence of held-out photos; `None` where there are too few unknowns for a background.
fn held_out_prototype(examples: &[Example], folds: &[usize], recipe: &Recipe) -> Option<HeldOutPrototype> {
    let labels = recipe.labels.len();
    let mut evidence = vec![Vec::new(); examples.len()];
    for fold in 0..FOLDS {
        let (others, held_out) = split(examples, folds, fold);
        if held_out.is_empty() {
            continue;
        }
        let prototypes = Prototypes::of(&others, &recipe.background, labels, recipe.seed)?;
        for i in held_out {
            evidence[i] = prototypes.evidence(&examples[i].views[0]);
        }
    }
    let pair = |(example, evidence): (&Example, &Vec<f32>)| {
        let truth = example.sample.label;
        evidence.iter().enumerate().map(|(label, &evidence)| (evidence, truth == Some(label))).collect::<Vec<_>>()
    };
    let pairs: Vec<(f32, bool)> = examples.iter().zip(&evidence).flat_map(pair).collect();
    let calibration = PlattScaling::fit(&pairs);
    let logits = evidence.iter().map(|row| row.iter().map(|&evidence| calibration.logit(evidence)).collect()).collect();
    Some(HeldOutPrototype { logits, calibration })
}

/// The examples outside of a fold, and the places of those in it.
fn split<'a>(examples: &'a [Example], folds: &[usize], fold: usize) -> (Vec<&'a Example>, Vec<usize>) {
    let others = examples.iter().zip(folds).filter(|(_, of)| **of != fold).map(|(example, _)| example).collect();
    (others, (0..examples.len()).filter(|&i| folds[i] == fold).collect())
}

fn judged(examples: &[Example], logits: &[Vec<f32>], temperature: f32) -> Vec<Judged> {
    let score = |logit: &f32| sigmoid(logit / temperature);
    let one = |(example, logits): (&Example, &Vec<f32>)| Judged {
        truth: example.sample.label,
        scores: logits.iter().map(score).collect(),
    };
    examples.iter().zip(logits).map(one).collect()
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

fn rows_of(example: &Example, views: usize) -> impl Iterator<Item = Row<'_>> {
    example.views.iter().take(views).map(|features| Row { features, label: example.sample.label })
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

/// What the manifest tells people about the training.
fn report(examples: &[Example], recipe: &Recipe, judged: &[Judged], thresholds: &[f32]) -> serde_json::Value {
    let names: Vec<&str> = recipe.labels.iter().map(String::as_str).collect();
    let thresholds = Thresholds { accept: thresholds.to_vec(), margin: EITHER_MARGIN };
    let photos = |label: Option<usize>| examples.iter().filter(|e| e.sample.label == label).count();
    let counts: BTreeMap<&str, usize> = names.iter().enumerate().map(|(label, &name)| (name, photos(Some(label)))).collect();
    let sources: BTreeSet<&str> = examples.iter().map(|example| example.sample.group.as_str()).collect();
    let unknown_named = judged.iter().filter(|one| one.truth.is_none() && one.highest().1 >= MIN_THRESHOLD);
    json!({
        "photos": counts,
        "unknown_photos": photos(None),
        "unknown_over_one_half": unknown_named.count(),
        "accept_unknown": recipe.accept_unknown,
        "sources": sources.len(),
        "views_per_photo": examples.first().map_or(0, |example| example.views.len()),
        "seed": recipe.seed,
        "cross_validation": metrics::evaluate(judged, &names, &thresholds),
    })
}

/// Puts the files together, with the golden scores that this machine computes.
fn assemble(
    recipe: &Recipe,
    head: Head,
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
            line: names.and_then(|names| names.line.clone()),
            threshold,
        }
    };
    let head_json = serde_json::to_vec(&head)?;
    let mut manifest = Manifest {
        schema: SCHEMA,
        name: recipe.name.clone(),
        labels: recipe.labels.iter().zip(thresholds).map(label).collect(),
        either_margin: EITHER_MARGIN,
        input: recipe.input,
        backbone: BACKBONE.into(),
        features: recipe.features,
        head: HEAD.into(),
        calibration: Calibration { temperature },
        files: BTreeMap::from([(BACKBONE.to_owned(), sha256(&recipe.backbone)), (HEAD.to_owned(), sha256(&head_json))]),
        golden: Golden { scores: vec![0.0; thresholds.len()], tolerance: GOLDEN_TOLERANCE },
        training,
    };
    let bundle = Bundle { manifest: manifest.clone(), head, backbone: recipe.backbone.clone(), sha256: String::new() };
    let classifier = Classifier::new(bundle)?;
    manifest.golden.scores = classifier.golden_scores().map_err(TrainError::Golden)?;
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    Ok(BTreeMap::from([
        (MANIFEST.to_owned(), manifest),
        (BACKBONE.to_owned(), recipe.backbone.clone()),
        (HEAD.to_owned(), head_json),
    ]))
}
