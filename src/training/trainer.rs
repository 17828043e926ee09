//! `friends train`: examples become a bundle.
//!
//! The kind of head and its settings are chosen by what it says of photos that it did not see,
//! thresholds by their scores. Groups never straddle a fold. The same examples and seed give the
//! same bundle, byte for byte.

use std::collections::BTreeMap;

use friends_core::hash::sha256;
use friends_core::model::{
    Band, Bundle, Calibration, Classifier, Files, Golden, Head, Label, MANIFEST, Manifest, SCHEMA,
};
use friends_core::verdict::Thresholds;

use super::bands;
use super::candidates::{self, Candidate};
use super::dataset::sources;
use super::depth::Depth;
use super::error::TrainError;
use super::examples::Example;
use super::fine_tune::TuningRun;
use super::folds;
use super::prototypes::MIN_BACKGROUND;
use super::recipe::{HeadChoice, Recipe};
use super::report::{BackboneReport, TrainingReport};
use super::thresholds::{self, Choice};

/// Colors of labels for which none was given, told apart by all kinds of color vision (Okabe and
/// Ito, 2008).
const COLORS: [&str; 7] =
    ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];
/// How far golden scores may be off: other processors sum in other orders.
const GOLDEN_TOLERANCE: f32 = 0.005;

/// A backbone that the bundle may get, and the photos as it sees them.
pub struct Variant {
    /// How much of the original it is.
    pub depth: Depth,
    /// As ONNX.
    pub backbone: Vec<u8>,
    /// The same photos in the same order for all variants.
    pub examples: Vec<Example>,
}

/// What training gives.
pub struct Trained {
    /// The bundle.
    pub files: Files,
    /// What its thresholds promise.
    pub choice: Choice,
    /// The variant that was taken.
    pub variant: Variant,
    /// How it went.
    pub report: TrainingReport,
}

/// Trains and assembles a bundle.
///
/// Every kind of head is fitted on every variant of the backbone without each fold in turn. Of the
/// heads that the recipe allows, the one whose held-out verdicts are best is kept, by the open-set
/// classification rate. Without enough unknowns the others have nothing to learn from them: the
/// discriminants are taken. A shortened backbone is taken unless the whole one is better by more
/// than a standard error: it is the faster one.
///
/// # Errors
/// When there are too few photos of a label, or of unknowns for prototypes that were asked for, or
/// the optimiser breaks off.
pub fn train(mut variants: Vec<Variant>, recipe: &Recipe) -> Result<Trained, TrainError> {
    // The photos of all variants are the same.
    if let Some(first) = variants.first() {
        check_amounts(&first.examples, &recipe.labels)?;
    }
    let tried =
        variants.iter().map(|variant| Ok((variant.depth, heads(&variant.examples, recipe)?)));
    let mut tried = tried.collect::<Result<Vec<_>, TrainError>>()?;
    // From the shortest on, which a longer one must beat.
    let mut order: Vec<usize> = (0..tried.len()).collect();
    order.sort_by_key(|&place| tried[place].0);
    let better =
        |new: &Candidate, best: &Candidate| new.quality() > best.quality() + new.standard_error();
    let taken = order.into_iter().reduce(|best, next| {
        if better(&tried[next].1.best, &tried[best].1.best) { next } else { best }
    });
    let taken = taken.ok_or(TrainError::NoBackground)?;
    let depths: BTreeMap<Depth, f64> =
        tried.iter().map(|(depth, heads)| (*depth, heads.best.quality())).collect();
    let (depth, Heads { best, qualities }) = tried.swap_remove(taken);
    let variant = variants.swap_remove(taken);

    let choice = thresholds::choose(
        recipe.labels.len(),
        &best.held_out,
        &best.left_out,
        recipe.accept_unknown,
    );
    let backbone = BackboneReport { depth, tried: depths };
    let heads = (&best, &qualities);
    let report = TrainingReport::new(&variant.examples, recipe, heads, &choice, backbone, None);
    let files = finish(best, &variant, recipe, &choice, &report)?;
    Ok(Trained { files, choice, variant, report })
}

/// The best head of those that are allowed, and how good each was.
struct Heads {
    best: Candidate,
    qualities: BTreeMap<&'static str, f64>,
}

fn heads(examples: &[Example], recipe: &Recipe) -> Result<Heads, TrainError> {
    let labels = recipe.labels.len();
    let folds = folds::deal(examples, labels, recipe.seed);
    let unknowns = examples.iter().filter(|example| example.sample.label.is_none()).count();

    let mut tried: Vec<Candidate> = Vec::new();
    let wanted = |choice| {
        recipe.head == choice || (recipe.head == HeadChoice::Best && unknowns >= MIN_BACKGROUND)
    };
    if recipe.head == HeadChoice::Best || recipe.head == HeadChoice::Discriminant {
        tried.push(candidates::discriminant(examples, &folds, &recipe.labels)?);
    }
    if wanted(HeadChoice::Linear) {
        tried.push(candidates::linear(examples, &folds, labels)?);
    }
    if wanted(HeadChoice::Prototype) {
        tried.extend(candidates::prototype(examples, &folds, recipe));
    }
    let qualities: BTreeMap<&str, f64> =
        tried.iter().map(|candidate| (candidate.kind(), candidate.quality())).collect();
    // Of equal ones the first stays.
    let best = tried
        .into_iter()
        .reduce(|best, next| if next.quality() > best.quality() { next } else { best });
    Ok(Heads { best: best.ok_or(TrainError::NoBackground)?, qualities })
}

/// Which photos the first fit of a fine-tuning leaves out: a fifth of each label's, no group in
/// part.
#[must_use]
pub fn held_out(examples: &[Example], recipe: &Recipe) -> Vec<bool> {
    folds::deal(examples, recipe.labels.len(), recipe.seed)
        .into_iter()
        .map(|fold| fold == 0)
        .collect()
}

/// Assembles a bundle around a fine-tuned backbone: `checked` are features of a backbone that has
/// not seen what is held out, `all` those of the bundle's; `fits` is told to people. Without enough
/// unknowns as many of the known are named as `known_named` says.
///
/// # Errors
/// As [`train`].
pub fn train_tuned(
    checked: &[Example],
    all: Variant,
    held_out: &[bool],
    known_named: f64,
    fits: Vec<TuningRun>,
    recipe: &Recipe,
) -> Result<Trained, TrainError> {
    let labels = recipe.labels.len();
    let best = candidates::tuned(checked, &all.examples, held_out, &recipe.labels)?;
    let qualities = BTreeMap::from([(best.kind(), best.quality())]);
    let unknowns = all.examples.iter().filter(|example| example.sample.label.is_none()).count();
    let choice = if unknowns >= MIN_BACKGROUND {
        thresholds::choose(labels, &best.held_out, &[], recipe.accept_unknown)
    } else {
        thresholds::naming(labels, &best.held_out, known_named, recipe.accept_unknown)
    };
    let backbone = BackboneReport { depth: all.depth, tried: BTreeMap::new() };
    let heads = (&best, &qualities);
    let report = TrainingReport::new(&all.examples, recipe, heads, &choice, backbone, Some(fits));
    let files = finish(best, &all, recipe, &choice, &report)?;
    Ok(Trained { files, choice, variant: all, report })
}

/// From a chosen head to files.
fn finish(
    best: Candidate,
    variant: &Variant,
    recipe: &Recipe,
    choice: &Choice,
    report: &TrainingReport,
) -> Result<Files, TrainError> {
    let names: Vec<&str> = recipe.labels.iter().map(String::as_str).collect();
    let bands = bands::bands(&best.held_out, &names, &choice.thresholds);
    let temperature = best.temperature;
    let head = best.head(&variant.examples, recipe)?;
    let training = serde_json::to_value(report)?;
    assemble(recipe, variant, head, temperature, &choice.thresholds, bands, training)
}

fn check_amounts(examples: &[Example], labels: &[String]) -> Result<(), TrainError> {
    if labels.len() < 2 {
        return Err(TrainError::OneLabel);
    }
    for (label, name) in labels.iter().enumerate() {
        let sources = sources(examples.iter().map(|example| &example.sample), label).len();
        if sources < 2 {
            return Err(TrainError::TooFewSources { label: name.clone(), sources });
        }
    }
    Ok(())
}

/// The color of the label at this place, where nobody has chosen one.
#[must_use]
pub fn color_of(place: usize) -> &'static str {
    COLORS[place % COLORS.len()]
}

/// Puts the files together, with the golden scores that this machine computes.
fn assemble(
    recipe: &Recipe,
    variant: &Variant,
    head: Head,
    temperature: f32,
    thresholds: &Thresholds,
    bands: Vec<Band>,
    training: serde_json::Value,
) -> Result<Files, TrainError> {
    const BACKBONE: &str = "backbone.onnx";
    const HEAD: &str = "head.json";
    let label = |(place, (slug, &threshold)): (usize, (&String, &f32))| {
        let names = recipe.names.get(slug);
        Label {
            slug: slug.clone(),
            ja: names.map_or_else(|| slug.clone(), |names| names.ja.clone()),
            en: names.map_or_else(|| slug.clone(), |names| names.en.clone()),
            color: names.map_or_else(|| color_of(place).to_owned(), |names| names.color.clone()),
            line: names.and_then(|names| names.line.clone()),
            threshold,
        }
    };
    let head_json = serde_json::to_vec(&head)?;
    // The file may hold fewer digits than memory does; golden scores are those of the file.
    let head: Head = serde_json::from_slice(&head_json)?;
    let mut manifest = Manifest {
        schema: SCHEMA,
        name: recipe.name.clone(),
        labels: recipe.labels.iter().zip(&thresholds.accept).enumerate().map(label).collect(),
        either_margin: thresholds.margin,
        bands,
        input: recipe.input,
        backbone: BACKBONE.into(),
        features: candidates::length(&variant.examples),
        head: HEAD.into(),
        calibration: Calibration { temperature },
        files: BTreeMap::from([
            (BACKBONE.to_owned(), sha256(&variant.backbone)),
            (HEAD.to_owned(), sha256(&head_json)),
        ]),
        golden: Golden { scores: vec![0.0; thresholds.accept.len()], tolerance: GOLDEN_TOLERANCE },
        training,
    };
    let bundle = Bundle {
        manifest: manifest.clone(),
        head,
        backbone: variant.backbone.clone().into(),
        sha256: String::new(),
    };
    let classifier = Classifier::new(bundle)?;
    manifest.golden.scores = classifier.golden_scores().map_err(TrainError::Golden)?;
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    Ok(BTreeMap::from([
        (MANIFEST.to_owned(), manifest),
        (BACKBONE.to_owned(), variant.backbone.clone()),
        (HEAD.to_owned(), head_json),
    ]))
}
