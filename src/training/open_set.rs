//! How well photos of labels and of unknowns are kept apart.

use friends_core::verdict::{Thresholds, Verdict};
use serde::Serialize;

use super::metrics::{Judged, share};

/// What becomes of known and unknown photos.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenSet {
    /// By the bundle's scores.
    #[serde(flatten)]
    pub separation: Separation,
    /// Photos of unknowns.
    pub unknown_n: usize,
    /// Share of unknowns whose verdict names a Friend.
    pub unknown_accepted: f64,
    /// Share of known photos whose verdict names a Friend.
    pub known_accepted: f64,
    /// The same logits through a softmax, as most classifiers have it: whatever is shown must be
    /// somebody.
    pub softmax: Separation,
}

/// How well the highest score separates known from unknown, whatever the thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Separation {
    /// Chance that a known photo's highest score is over an unknown's.
    pub auroc: f64,
    /// False positive rate at a true positive rate of 90 %: the share of unknowns whose highest
    /// score reaches what nine of ten known photos reach.
    pub fpr_at_tpr90: f64,
    /// The same for 95 of 100 known photos.
    pub fpr_at_tpr95: f64,
    /// Share of unknowns whose highest score is at least one half.
    pub unknown_over_one_half: f64,
    /// Share of known photos whose highest score is at least one half.
    pub known_over_one_half: f64,
}

/// All figures; `None` without unknowns.
#[must_use]
pub fn measure(judged: &[Judged], labels: &[&str], thresholds: &Thresholds) -> Option<OpenSet> {
    let (known, unknown): (Vec<&Judged>, Vec<&Judged>) =
        judged.iter().partition(|photo| photo.truth.is_some());
    if unknown.is_empty() {
        return None;
    }
    let accepted = |group: &[&Judged]| {
        let named = group
            .iter()
            .filter(|photo| thresholds.judge(&photo.scores, labels) != Verdict::None)
            .count();
        share(named, group.len())
    };
    let highest =
        |group: &[&Judged]| group.iter().map(|photo| photo.highest().1).collect::<Vec<f32>>();
    let by_softmax = |group: &[&Judged]| {
        group.iter().map(|photo| highest_softmax(&photo.scores)).collect::<Vec<f32>>()
    };
    Some(OpenSet {
        separation: Separation::of(&highest(&known), &highest(&unknown)),
        softmax: Separation::of(&by_softmax(&known), &by_softmax(&unknown)),
        unknown_n: unknown.len(),
        unknown_accepted: accepted(&unknown),
        known_accepted: accepted(&known),
    })
}

impl Separation {
    /// Of the scores of known and unknown photos.
    #[must_use]
    pub fn of(known: &[f32], unknown: &[f32]) -> Self {
        let mut reached = known.to_vec();
        reached.sort_by(|a, b| b.total_cmp(a));
        let over = |scores: &[f32], bar: f32| {
            share(scores.iter().filter(|&&score| score >= bar).count(), scores.len())
        };
        let false_positives = |percent: usize| {
            let bar = reached
                .get((known.len() * percent).div_ceil(100).max(1) - 1)
                .copied()
                .unwrap_or(1.0);
            over(unknown, bar)
        };
        Self {
            auroc: auroc(known, unknown),
            fpr_at_tpr90: false_positives(90),
            fpr_at_tpr95: false_positives(95),
            unknown_over_one_half: over(unknown, 0.5),
            known_over_one_half: over(known, 0.5),
        }
    }
}

/// The shares that a softmax over the logits behind sigmoid scores gives.
#[must_use]
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    // Scores of exactly 0 and 1 have no logit.
    let logit = |score: &f32| {
        let score = score.clamp(1e-7, 1.0 - 1e-7);
        (score / (1.0 - score)).ln()
    };
    let logits: Vec<f32> = scores.iter().map(logit).collect();
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn highest_softmax(scores: &[f32]) -> f32 {
    softmax(scores).into_iter().fold(0.0, f32::max)
}

/// Open-set classification rate over all thresholds: the chance that a known photo's highest score
/// is right and over an unknown's. It is the area under the curve of Dhamija et al. ("Reducing
/// network agnostophobia", 2018); `None` without unknowns or known photos.
#[must_use]
pub fn oscr(judged: &[Judged]) -> Option<f64> {
    let mut unknown: Vec<f32> = judged
        .iter()
        .filter(|photo| photo.truth.is_none())
        .map(|photo| photo.highest().1)
        .collect();
    unknown.sort_by(f32::total_cmp);
    let known: Vec<&Judged> = judged.iter().filter(|photo| photo.truth.is_some()).collect();
    if unknown.is_empty() || known.is_empty() {
        return None;
    }
    let beaten = |photo: &&Judged| {
        let (label, highest) = photo.highest();
        if photo.truth == Some(label) {
            unknown.partition_point(|score| *score < highest)
        } else {
            0
        }
    };
    Some(known.iter().map(beaten).sum::<usize>() as f64 / (known.len() * unknown.len()) as f64)
}

/// Area under the ROC curve by the Mann-Whitney statistic: ties count half. 0.5 when one side is
/// empty.
#[must_use]
pub fn auroc(positive: &[f32], negative: &[f32]) -> f64 {
    let pairs = positive.len() * negative.len();
    if pairs == 0 {
        return 0.5;
    }
    let wins: f64 = positive
        .iter()
        .flat_map(|p| {
            negative.iter().map(move |n| {
                if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                }
            })
        })
        .sum();
    wins / pairs as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::top1;

    fn judged(truth: Option<usize>, scores: [f32; 2]) -> Judged {
        Judged { truth, scores: scores.to_vec() }
    }

    #[test]
    fn a_softmax_names_whoever_is_ahead_however_little() {
        // Nobody by the sigmoids; the softmax of logits -3 and -1 is .88.
        assert!((highest_softmax(&[0.0474, 0.2689]) - 0.8808).abs() < 1e-3);
        assert!((highest_softmax(&[0.0, 1.0]) - 1.0).abs() < 1e-3);
        assert!((highest_softmax(&[0.2, 0.2, 0.2, 0.2]) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn the_open_set_classification_rate_counts_right_photos_over_unknowns() {
        let right = judged(Some(0), [0.9, 0.1]);
        let misjudged = judged(Some(0), [0.2, 0.99]);
        let unknown = [judged(None, [0.5, 0.1]), judged(None, [0.95, 0.1])];
        let [low, high] = unknown;
        let all = [right, misjudged, low, high];
        // Of two known photos one is right, and it is over one of the two unknowns.
        assert_eq!(oscr(&all), Some(0.25));
        assert_eq!(top1(&all), 0.5);
        assert_eq!(oscr(&all[..2]), None);
    }

    #[test]
    fn ties_count_half() {
        assert_eq!(auroc(&[0.5], &[0.5]), 0.5);
        assert_eq!(auroc(&[], &[0.5]), 0.5);
    }
}
