//! The kinds of head that a bundle may get, each fitted without every fold in turn, so that they
//! can be compared by what they say of photos that they have not seen.

use std::collections::BTreeSet;

use friends_core::model::{Head, sigmoid};
use rayon::prelude::*;
use serde_json::json;

use super::calibration::{Balance, PlattScaling};
use super::discriminant::{Discriminants, Evidence, Moments};
use super::error::TrainError;
use super::examples::Example;
use super::folds::{FOLDS, split};
use super::logistic::{self, Row};
use super::metrics::{self, Judged, log_loss};
use super::open_set;
use super::prototypes::Prototypes;
use super::recipe::Recipe;

/// Strengths of the linear head's regularisation that are tried.
const REGULARISATIONS: [f64; 3] = [0.03, 0.1, 0.3];
/// Photos of a label that weigh as much as the belief that all features vary alike:
/// `PRIOR / (PRIOR + photos of a label)` is the shrinkage of the discriminants' covariance. Chosen
/// on fan art of 13 characters with 10, 30 and 50 photos; 5 to 20 did alike.
const PRIOR: f64 = 10.0;
/// How much the resemblance to the nearest label counts beside the highest discriminant, both in
/// their spread over held-out photos. Chosen on characters that are strangers to each other and
/// photos of people; 0.6 to 1.2 did alike.
const RESEMBLANCE: f32 = 0.6;
/// Views of a photo that held-out linear fits learn from: as it is, and mirrored. The final fit
/// takes all.
const HELD_OUT_VIEWS: usize = 2;
/// Temperatures that are tried: from a third to three, in steps of a tenth of an octave.
const TEMPERATURE_STEPS: std::ops::RangeInclusive<i32> = -16..=16;

/// A kind of head and what it says of photos that it has not seen.
pub struct Candidate {
    /// Each photo judged by a head fitted without its fold.
    pub held_out: Vec<Judged>,
    /// For each label its photos, judged by a head that knows all labels but this one; empty where
    /// that was not tried.
    pub left_out: Vec<Vec<Judged>>,
    /// Scores are `sigmoid(logit / temperature)`.
    pub temperature: f32,
    fit: FittedHead,
}

/// What it takes to fit the head on all photos.
enum FittedHead {
    Linear { regularisation: f64 },
    Discriminant { discriminants: Discriminants, shrinkage: f64, calibrated: Calibrated },
    Prototype { calibration: PlattScaling },
}

impl Candidate {
    /// The kind's name, as in the head's file.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.fit {
            FittedHead::Linear { .. } => "linear",
            FittedHead::Discriminant { .. } => "discriminant",
            FittedHead::Prototype { .. } => "prototype",
        }
    }

    /// What was chosen on held-out photos, for people.
    #[must_use]
    pub fn settings(&self) -> serde_json::Value {
        match &self.fit {
            FittedHead::Linear { regularisation } => json!({"regularisation": regularisation}),
            FittedHead::Discriminant { shrinkage, calibrated, .. } => {
                json!({"shrinkage": shrinkage, "resemblance": calibrated.resemblance, "stretch": calibrated.stretch})
            }
            FittedHead::Prototype { .. } => json!({}),
        }
    }

    /// How good the held-out verdicts are, 0 to 1: the open-set classification rate with unknowns,
    /// top-1 without.
    #[must_use]
    pub fn quality(&self) -> f64 {
        open_set::oscr(&self.held_out).unwrap_or_else(|| metrics::top1(&self.held_out))
    }

    /// The standard error of [`Candidate::quality`], as that of a share of the held-out photos.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let quality = self.quality();
        (quality * (1.0 - quality) / self.held_out.len().max(1) as f64).sqrt()
    }

    /// Fits the head on all photos.
    ///
    /// # Errors
    /// When the optimiser breaks off.
    pub fn head(self, examples: &[Example], recipe: &Recipe) -> Result<Head, TrainError> {
        let labels = recipe.labels.len();
        Ok(match self.fit {
            FittedHead::Linear { regularisation } => {
                let rows: Vec<Row<'_>> =
                    examples.iter().flat_map(|example| rows_of(example, usize::MAX)).collect();
                Head::Linear(logistic::fit(&rows, labels, regularisation)?)
            }
            FittedHead::Discriminant {
                discriminants,
                calibrated: Calibrated { resemblance, stretch, calibration },
                ..
            } => Head::Discriminant(discriminants.head(resemblance, stretch, calibration)),
            FittedHead::Prototype { calibration } => {
                let all: Vec<&Example> = examples.iter().collect();
                let prototypes = Prototypes::of(&all, &recipe.background, labels, recipe.seed);
                Head::Prototype(prototypes.ok_or(TrainError::NoBackground)?.with(calibration))
            }
        })
    }
}

/// Chooses regularisation and temperature by the log likelihood of held-out photos.
///
/// # Errors
/// When the optimiser breaks off.
pub fn linear(
    examples: &[Example],
    folds: &[usize],
    labels: usize,
) -> Result<Candidate, TrainError> {
    let mut best: Option<(f64, f64, Vec<Vec<f32>>)> = None;
    for regularisation in REGULARISATIONS {
        let mut logits = vec![Vec::new(); examples.len()];
        for fold in 0..FOLDS {
            let (rest, held_out) = split(examples, folds, fold);
            if held_out.is_empty() {
                continue;
            }
            let rows: Vec<Row<'_>> =
                rest.iter().flat_map(|&example| rows_of(example, HELD_OUT_VIEWS)).collect();
            let head = logistic::fit(&rows, labels, regularisation)?;
            for i in held_out {
                logits[i] = head.logits(&examples[i].views[0]);
            }
        }
        let loss = mean_log_loss(with_labels(examples, &logits), 1.0);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, regularisation, logits));
        }
    }
    let (_, regularisation, logits) = best.unwrap_or_default();
    let loss = |temperature| mean_log_loss(with_labels(examples, &logits), temperature);
    let temperature = TEMPERATURE_STEPS
        .map(|step| 2f32.powf(step as f32 / 10.0))
        .min_by(|a, b| loss(*a).total_cmp(&loss(*b)))
        .unwrap_or(1.0);
    let held_out = judged(examples, &logits, temperature);
    Ok(Candidate {
        held_out,
        left_out: Vec::new(),
        temperature,
        fit: FittedHead::Linear { regularisation },
    })
}

/// Discriminants, calibrated on held-out labelled photos; also judges each label's photos as those
/// of unknowns.
///
/// # Errors
/// When the features are not finite, or all photos of a label share one source.
pub fn discriminant(
    examples: &[Example],
    folds: &[usize],
    slugs: &[String],
) -> Result<Candidate, TrainError> {
    let labels = slugs.len();
    let LeftOut { all, shrinkage, evidence } = leave_out(examples, folds, slugs, &BTreeSet::new())?;
    let calibrated = Calibrated::by(examples, &evidence);
    let left_out: Vec<Vec<Judged>> = (0..labels)
        .into_par_iter()
        .map(|label| {
            let of_label: Vec<&Example> =
                examples.iter().filter(|example| example.sample.label == Some(label)).collect();
            // With one other label there is nothing to tell apart.
            let rest = all.without(&moments(of_label.iter().copied(), labels, length(examples)));
            let Some(fitted) = rest.fit(shrinkage).filter(|fitted| fitted.labels().len() > 1)
            else {
                return Vec::new();
            };
            let scores = |example: &Example| calibrated.scores(&fitted.evidence(&example.views[0]));
            of_label
                .into_iter()
                .map(|example| Judged { truth: None, scores: scores(example) })
                .collect()
        })
        .collect();
    let held_out = calibrated.judged(examples, &evidence);
    let discriminants = all.fit(shrinkage).ok_or(TrainError::NotFinite)?;
    let fit = FittedHead::Discriminant { discriminants, shrinkage, calibrated };
    Ok(Candidate { held_out, left_out, temperature: 1.0, fit })
}

/// What calibrated discriminants say of photos that they have not seen. Those at the places
/// `distrusted` are judged, but not learnt from.
///
/// # Errors
/// As [`discriminant`].
pub fn held_out(
    examples: &[Example],
    folds: &[usize],
    slugs: &[String],
    distrusted: &BTreeSet<usize>,
) -> Result<Vec<Judged>, TrainError> {
    let LeftOut { evidence, .. } = leave_out(examples, folds, slugs, distrusted)?;
    Ok(Calibrated::by(examples, &evidence).judged(examples, &evidence))
}

/// Discriminants of a fine-tuned backbone: `checked` are features of a backbone that has not seen
/// the photos at `held_out`, nor any unknown, `all` of one that has seen all labelled photos.
/// Calibrated on the former, fitted on the latter.
///
/// # Errors
/// When features are not finite, or all photos of a label are held out.
pub fn tuned(
    checked: &[Example],
    all: &[Example],
    held_out: &[bool],
    slugs: &[String],
) -> Result<Candidate, TrainError> {
    let labels = slugs.len();
    let shrinkage = shrinkage(all.iter(), labels);
    let learnt = checked
        .iter()
        .zip(held_out)
        .filter(|(_, held_out)| !**held_out)
        .map(|(example, _)| example);
    let fitted = fit_all_labels(&moments(learnt, labels, length(checked)), shrinkage, slugs)?;
    let unseen: Vec<Example> = checked
        .iter()
        .zip(held_out)
        .filter(|(example, held_out)| **held_out || example.sample.label.is_none())
        .map(|(example, _)| example.clone())
        .collect();
    let evidence: Vec<Evidence> =
        unseen.iter().map(|example| fitted.evidence(&example.views[0])).collect();
    let calibrated = Calibrated::by(&unseen, &evidence);
    let held_out = calibrated.judged(&unseen, &evidence);
    let discriminants =
        moments(all.iter(), labels, length(all)).fit(shrinkage).ok_or(TrainError::NotFinite)?;
    let fit = FittedHead::Discriminant { discriminants, shrinkage, calibrated };
    Ok(Candidate { held_out, left_out: Vec::new(), temperature: 1.0, fit })
}

/// Sums over all photos, and what discriminants fitted without each fold in turn say of it.
struct LeftOut {
    all: Moments,
    shrinkage: f64,
    /// For each example, in order.
    evidence: Vec<Evidence>,
}

fn leave_out(
    examples: &[Example],
    folds: &[usize],
    slugs: &[String],
    distrusted: &BTreeSet<usize>,
) -> Result<LeftOut, TrainError> {
    let labels = slugs.len();
    let trusted = || examples.iter().enumerate().filter(|(place, _)| !distrusted.contains(place));
    let of_fold = |fold: usize| {
        let in_fold =
            trusted().filter(|(place, _)| folds[*place] == fold).map(|(_, example)| example);
        moments(in_fold, labels, length(examples))
    };
    let parts: Vec<Moments> = (0..FOLDS).into_par_iter().map(of_fold).collect();
    let all = parts.iter().skip(1).fold(parts[0].clone(), Moments::with);
    let shrinkage = shrinkage(trusted().map(|(_, example)| example), labels);
    let without = |fold: usize| fit_all_labels(&all.without(&parts[fold]), shrinkage, slugs);
    let fitted =
        (0..FOLDS).into_par_iter().map(without).collect::<Result<Vec<Discriminants>, _>>()?;
    let evidence = examples
        .iter()
        .zip(folds)
        .map(|(example, &fold)| fitted[fold].evidence(&example.views[0]))
        .collect();
    Ok(LeftOut { all, shrinkage, evidence })
}

/// Sums over all views of photos.
fn moments<'a>(
    examples: impl Iterator<Item = &'a Example>,
    labels: usize,
    features: usize,
) -> Moments {
    let rows: Vec<Row<'_>> = examples.flat_map(|example| rows_of(example, usize::MAX)).collect();
    Moments::of(&rows, labels, features)
}

/// Length of the photos' features; 0 without photos.
#[must_use]
pub fn length(examples: &[Example]) -> usize {
    examples.first().map_or(0, |example| example.views[0].len())
}

/// See [`PRIOR`].
fn shrinkage<'a>(examples: impl Iterator<Item = &'a Example>, labels: usize) -> f64 {
    let photos = examples.filter(|example| example.sample.label.is_some()).count();
    PRIOR / (PRIOR + photos as f64 / labels as f64)
}

/// Discriminants, unless a label has no photos to learn from.
fn fit_all_labels(
    moments: &Moments,
    shrinkage: f64,
    slugs: &[String],
) -> Result<Discriminants, TrainError> {
    let fitted = moments.fit(shrinkage).ok_or(TrainError::NotFinite)?;
    match (0..slugs.len()).find(|label| !fitted.labels().contains(label)) {
        Some(label) => Err(TrainError::TooFewSources { label: slugs[label].clone(), sources: 1 }),
        None => Ok(fitted),
    }
}

/// How evidence becomes logits.
struct Calibrated {
    resemblance: f32,
    stretch: f32,
    calibration: PlattScaling,
}

impl Calibrated {
    /// By held-out evidence of labelled photos. The highest score of a photo becomes the chance
    /// that it is right; the others fall off as fast as such labels are seldom right. Thresholds,
    /// not scores, keep unknowns out.
    fn by(examples: &[Example], evidence: &[Evidence]) -> Self {
        let known = || {
            with_labels(examples, evidence).filter_map(|(label, evidence)| Some((label?, evidence)))
        };
        let highest = spread(known().map(|(_, evidence)| evidence.highest()));
        let nearest = spread(known().map(|(_, evidence)| evidence.nearest));
        let resemblance = if nearest > 0.0 { RESEMBLANCE * highest / nearest } else { 0.0 };
        let (mut best, mut lower) = (Vec::new(), Vec::new());
        for (truth, evidence) in known() {
            let first = evidence.first();
            best.push((evidence.highest() + resemblance * evidence.nearest, first == truth));
            let behind =
                evidence.discriminants.iter().enumerate().filter(|(label, _)| *label != first);
            lower.extend(
                behind.map(|(label, discriminant)| {
                    (discriminant - evidence.highest(), label == truth)
                }),
            );
        }
        let calibration = PlattScaling::fit(&best, Balance::AsFound);
        let fall = PlattScaling::fit(&lower, Balance::AsFound).scale;
        let stretch = (fall / calibration.scale).max(1.0);
        Self { resemblance, stretch, calibration }
    }

    fn scores(&self, evidence: &Evidence) -> Vec<f32> {
        evidence
            .with(self.resemblance, self.stretch)
            .map(|value| sigmoid(self.calibration.logit(value)))
            .collect()
    }

    fn judged(&self, examples: &[Example], evidence: &[Evidence]) -> Vec<Judged> {
        with_labels(examples, evidence)
            .map(|(truth, one)| Judged { truth, scores: self.scores(one) })
            .collect()
    }
}

/// Calibrates the evidence of held-out photos; `None` where there are too few unknowns for a
/// background.
#[must_use]
pub fn prototype(examples: &[Example], folds: &[usize], recipe: &Recipe) -> Option<Candidate> {
    let labels = recipe.labels.len();
    let mut evidence = vec![Vec::new(); examples.len()];
    for fold in 0..FOLDS {
        let (rest, held_out) = split(examples, folds, fold);
        if held_out.is_empty() {
            continue;
        }
        let prototypes = Prototypes::of(&rest, &recipe.background, labels, recipe.seed)?;
        for i in held_out {
            evidence[i] = prototypes.evidence(&examples[i].views[0]);
        }
    }
    let pair = |(example, evidence): (&Example, &Vec<f32>)| {
        let truth = example.sample.label;
        evidence
            .iter()
            .enumerate()
            .map(|(label, &evidence)| (evidence, truth == Some(label)))
            .collect::<Vec<_>>()
    };
    let pairs: Vec<(f32, bool)> = examples.iter().zip(&evidence).flat_map(pair).collect();
    let calibration = PlattScaling::fit(&pairs, Balance::Even);
    let logits: Vec<Vec<f32>> = evidence
        .iter()
        .map(|row| row.iter().map(|&evidence| calibration.logit(evidence)).collect())
        .collect();
    let held_out = judged(examples, &logits, 1.0);
    Some(Candidate {
        held_out,
        left_out: Vec::new(),
        temperature: 1.0,
        fit: FittedHead::Prototype { calibration },
    })
}

fn judged(examples: &[Example], logits: &[Vec<f32>], temperature: f32) -> Vec<Judged> {
    let score = |logit: &f32| sigmoid(logit / temperature);
    let as_judged = |(example, logits): (&Example, &Vec<f32>)| Judged {
        truth: example.sample.label,
        scores: logits.iter().map(score).collect(),
    };
    examples.iter().zip(logits).map(as_judged).collect()
}

fn rows_of(example: &Example, views: usize) -> impl Iterator<Item = Row<'_>> {
    example.views.iter().take(views).map(|features| Row { features, label: example.sample.label })
}

/// The standard deviation.
fn spread(values: impl Iterator<Item = f32>) -> f32 {
    let values: Vec<f32> = values.collect();
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count).sqrt()
}

/// Mean over photos of the summed binary log loss of all labels; each photo's label and logits.
fn mean_log_loss<'a>(
    photos: impl Iterator<Item = (Option<usize>, &'a Vec<f32>)>,
    temperature: f32,
) -> f64 {
    let loss = |(truth, logits): (Option<usize>, &Vec<f32>)| -> f64 {
        let of_label = |(label, logit): (usize, &f32)| {
            let target = f64::from(u8::from(truth == Some(label)));
            log_loss(f64::from(logit / temperature), target)
        };
        logits.iter().enumerate().map(of_label).sum()
    };
    let losses: Vec<f64> = photos.map(loss).collect();
    losses.iter().sum::<f64>() / losses.len().max(1) as f64
}

/// Each photo's label and its row.
fn with_labels<'a, T>(
    examples: &'a [Example],
    rows: &'a [T],
) -> impl Iterator<Item = (Option<usize>, &'a T)> {
    examples.iter().map(|example| example.sample.label).zip(rows)
}
