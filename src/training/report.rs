//! What a bundle's manifest tells people about its training, and what the console says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::candidates::Candidate;
use super::depth::Depth;
use super::examples::Example;
use super::fine_tune::TuningRun;
use super::metrics::{self, Evaluation};
use super::recipe::{HeadChoice, Recipe};
use super::thresholds::Choice;

/// How a training went.
#[derive(Clone, Debug, Serialize)]
pub struct TrainingReport {
    /// Photos of each label.
    pub photos: BTreeMap<String, usize>,
    /// Photos of unknowns.
    pub unknown_photos: usize,
    /// What the thresholds promise.
    pub accept_unknown: Choice,
    /// Sources of the photos: those of one source stay in one fold.
    pub sources: usize,
    /// Views of each photo.
    pub views_per_photo: usize,
    /// What everything random began from.
    pub seed: u64,
    /// Figures on photos that were left out.
    pub cross_validation: Evaluation,
    /// The head that was taken.
    pub head: HeadReport,
    /// The backbone that was taken.
    pub backbone: BackboneReport,
    /// The runs of fine-tuning, where the backbone was trained too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fine_tuning: Option<Vec<TuningRun>>,
}

/// A head and those that it was compared with.
#[derive(Clone, Debug, Serialize)]
pub struct HeadReport {
    /// `linear`, `discriminant` or `prototype`.
    pub kind: &'static str,
    /// What was chosen for it.
    pub settings: serde_json::Value,
    /// Whether no other head was allowed.
    pub asked_for: bool,
    /// By which figure heads were compared.
    pub criterion: &'static str,
    /// That figure of each head that was tried, 0 to 1.
    pub tried: BTreeMap<&'static str, f64>,
}

/// A backbone and those that it was compared with.
#[derive(Clone, Debug, Serialize)]
pub struct BackboneReport {
    /// How much of it is used.
    pub depth: Depth,
    /// The figure of each depth that was tried, 0 to 1; none where it was fine-tuned.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tried: BTreeMap<Depth, f64>,
}

impl TrainingReport {
    /// Of a training whose best head is `best`, on these examples.
    #[must_use]
    pub fn new(
        examples: &[Example],
        recipe: &Recipe,
        (best, qualities): (&Candidate, &BTreeMap<&'static str, f64>),
        choice: &Choice,
        backbone: BackboneReport,
        fine_tuning: Option<Vec<TuningRun>>,
    ) -> Self {
        let names: Vec<&str> = recipe.labels.iter().map(String::as_str).collect();
        let photos =
            |label: Option<usize>| examples.iter().filter(|e| e.sample.label == label).count();
        let labels = recipe.labels.iter().enumerate();
        let sources: BTreeSet<&str> =
            examples.iter().map(|example| example.sample.group.as_str()).collect();
        let unknown_photos = photos(None);
        Self {
            photos: labels.map(|(label, name)| (name.clone(), photos(Some(label)))).collect(),
            unknown_photos,
            accept_unknown: choice.clone(),
            sources: sources.len(),
            views_per_photo: examples.first().map_or(0, |example| example.views.len()),
            seed: recipe.seed,
            cross_validation: metrics::evaluate(&best.held_out, &names, &choice.thresholds),
            head: HeadReport {
                kind: best.kind(),
                settings: best.settings(),
                asked_for: recipe.head != HeadChoice::Best,
                criterion: if unknown_photos > 0 {
                    "held-out open-set classification rate"
                } else {
                    "held-out top-1"
                },
                tried: qualities.clone(),
            },
            backbone,
            fine_tuning,
        }
    }

    /// All photos, those of unknowns too.
    #[must_use]
    pub fn photo_count(&self) -> usize {
        self.photos.values().sum::<usize>() + self.unknown_photos
    }
}

/// What the console says: the figures on unseen photos, then what was compared and taken.
impl fmt::Display for TrainingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unseen = &self.cross_validation;
        writeln!(
            f,
            "{} on photos that were left out: top-1 {:.3} of {}, macro F1 {:.3}",
            if self.fine_tuning.is_some() { "fine-tuned, checked" } else { "cross-validated" },
            unseen.top1,
            unseen.n,
            unseen.macro_f1,
        )?;
        let head = &self.head;
        let by = if head.asked_for { "as asked for;" } else { "by" };
        let tried = qualities(&head.tried, |kind| (*kind).to_owned());
        writeln!(f, "{} head, {by} {}: {tried}", head.kind, head.criterion)?;
        let backbone = &self.backbone;
        if backbone.tried.len() > 1 {
            let tried = qualities(&backbone.tried, |depth| depth.name().to_owned());
            writeln!(f, "{} backbone, by the same: {tried}", backbone.depth.name())?;
        }
        write!(f, "{}", self.accept_unknown.sentences())
    }
}

/// What was tried, and how good each was.
fn qualities<K>(tried: &BTreeMap<K, f64>, name: impl Fn(&K) -> String) -> String {
    let tried: Vec<String> =
        tried.iter().map(|(key, quality)| format!("{} {quality:.4}", name(key))).collect();
    tried.join(", ")
}
