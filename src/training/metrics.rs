//! Figures about a bundle: how often it is right, how far its confidence can be trusted, and how
//! often unknowns are named.

use friends_core::verdict::{Thresholds, ranking};
use serde::Serialize;

use super::open_set::{self, OpenSet};

/// Bins of the calibration error.
const BINS: usize = 10;

/// One judged photo.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The truth: index into the labels, `None` for an unknown.
    pub truth: Option<usize>,
    /// One score a label, 0 to 1.
    pub scores: Vec<f32>,
}

impl Judged {
    /// The label with the highest score, and that score; the bundle's order decides between equal
    /// ones.
    #[must_use]
    pub fn highest(&self) -> (usize, f32) {
        let label = ranking(&self.scores)[0];
        (label, self.scores[label])
    }
}

/// Everything that `friends evaluate` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Known photos.
    pub n: usize,
    /// Share of known photos whose highest score is right.
    pub top1: f64,
    /// Its Wilson interval at 95 %.
    pub top1_interval: (f64, f64),
    /// Mean of the labels' F1, over labels that have photos.
    pub macro_f1: f64,
    /// The labels, in the order of the matrix.
    pub labels: Vec<String>,
    /// Rows are the truth, columns the highest score.
    pub confusion: Vec<Vec<usize>>,
    /// For each label.
    pub per_class: Vec<PerClass>,
    /// What is mistaken for what, the most frequent first.
    pub confusions: Vec<Confusion>,
    /// Expected calibration error of the highest score, ten bins.
    pub ece: f64,
    /// The bins that are not empty, from the lowest scores up.
    pub reliability: Vec<Bin>,
    /// What is said of known photos at the bundle's thresholds.
    pub verdicts: Verdicts,
    /// What becomes of unknowns; absent without any.
    pub open_set: Option<OpenSet>,
}

/// Figures of one label. Precision and recall are 0 where nothing was there to count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerClass {
    /// The slug.
    pub friend: String,
    /// Of the photos said to be this Friend, the share that are.
    pub precision: f64,
    /// Of this Friend's photos, the share said to be.
    pub recall: f64,
    /// This Friend's photos.
    pub n: usize,
    /// Wilson interval of the precision at 95 %.
    pub precision_interval: (f64, f64),
    /// Wilson interval of the recall at 95 %.
    pub recall_interval: (f64, f64),
}

/// Photos of one Friend that are said to be another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confusion {
    /// Whom they show.
    pub friend: String,
    /// Who they are said to be.
    pub said: String,
    /// How many.
    pub n: usize,
}

/// Known photos by what is said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// Their Friend is named.
    pub right: usize,
    /// Two are named, and their Friend is one of them.
    pub either: usize,
    /// One or two others are named.
    pub wrong: usize,
    /// Nobody is named.
    pub none: usize,
}

impl Verdicts {
    fn of(known: &[(usize, &Judged)], labels: &[&str], thresholds: &Thresholds) -> Self {
        let mut verdicts = Self::default();
        for (truth, photo) in known {
            let verdict = thresholds.judge(&photo.scores, labels);
            let count = match verdict.friends() {
                [] => &mut verdicts.none,
                named if !named.iter().any(|friend| friend == labels[*truth]) => {
                    &mut verdicts.wrong
                }
                [_] => &mut verdicts.right,
                _ => &mut verdicts.either,
            };
            *count += 1;
        }
        verdicts
    }
}

/// Known photos of similar highest scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Mean of the scores.
    pub score: f64,
    /// The share that is right.
    pub right: f64,
    /// Photos.
    pub n: usize,
}

/// The binary log loss of one logit, in nats: `ln(1 + exp(logit)) - target * logit`, without
/// overflow.
#[must_use]
pub fn log_loss(logit: f64, target: f64) -> f64 {
    logit.max(0.0) + (-logit.abs()).exp().ln_1p() - target * logit
}

/// Share of known photos whose highest score is right.
#[must_use]
pub fn top1(judged: &[Judged]) -> f64 {
    let known = judged.iter().filter_map(|photo| Some((photo.truth?, photo)));
    let right: Vec<bool> = known.map(|(truth, photo)| photo.highest().0 == truth).collect();
    share(right.iter().filter(|right| **right).count(), right.len())
}

/// Computes all figures.
#[must_use]
pub fn evaluate(judged: &[Judged], labels: &[&str], thresholds: &Thresholds) -> Evaluation {
    let count = labels.len();
    let mut confusion = vec![vec![0; count]; count];
    let known: Vec<(usize, &Judged)> =
        judged.iter().filter_map(|photo| Some((photo.truth?, photo))).collect();
    for (truth, photo) in &known {
        confusion[*truth][photo.highest().0] += 1;
    }
    let per_class: Vec<PerClass> =
        (0..count).map(|label| per_class(label, labels[label], &confusion)).collect();
    let reliability = reliability(&known);
    let present: Vec<&PerClass> = per_class.iter().filter(|class| class.n > 0).collect();
    let f1 = |class: &PerClass| {
        let sum = class.precision + class.recall;
        if sum > 0.0 { 2.0 * class.precision * class.recall / sum } else { 0.0 }
    };
    Evaluation {
        n: known.len(),
        top1: top1(judged),
        top1_interval: wilson((0..count).map(|label| confusion[label][label]).sum(), known.len()),
        macro_f1: present.iter().map(|class| f1(class)).sum::<f64>() / present.len().max(1) as f64,
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        confusions: confusions(labels, &confusion),
        confusion,
        ece: reliability
            .iter()
            .map(|bin| (bin.score - bin.right).abs() * bin.n as f64)
            .sum::<f64>()
            / known.len().max(1) as f64,
        reliability,
        verdicts: Verdicts::of(&known, labels, thresholds),
        open_set: open_set::measure(judged, labels, thresholds),
        per_class,
    }
}

fn per_class(label: usize, friend: &str, confusion: &[Vec<usize>]) -> PerClass {
    let right = confusion[label][label];
    let n = confusion[label].iter().sum();
    let named_so: usize = confusion.iter().map(|row| row[label]).sum();
    PerClass {
        friend: friend.to_owned(),
        precision: share(right, named_so),
        recall: share(right, n),
        n,
        precision_interval: wilson(right, named_so),
        recall_interval: wilson(right, n),
    }
}

fn confusions(labels: &[&str], confusion: &[Vec<usize>]) -> Vec<Confusion> {
    let mut confusions: Vec<Confusion> = Vec::new();
    for (truth, row) in confusion.iter().enumerate() {
        for (named, &n) in row.iter().enumerate().filter(|(named, n)| *named != truth && **n > 0) {
            confusions.push(Confusion {
                friend: labels[truth].to_owned(),
                said: labels[named].to_owned(),
                n,
            });
        }
    }
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.n));
    confusions
}

/// Ten bins of equal width over the highest score; empty ones are left out.
fn reliability(known: &[(usize, &Judged)]) -> Vec<Bin> {
    let mut bins = [(0usize, 0.0f64, 0usize); BINS];
    for (truth, photo) in known {
        let (best, highest) = photo.highest();
        let score = f64::from(highest);
        let bin = &mut bins[((score * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + 1, bin.1 + score, bin.2 + usize::from(best == *truth));
    }
    let filled = bins.into_iter().filter(|(n, ..)| *n > 0);
    filled
        .map(|(n, scores, right)| Bin { score: scores / n as f64, right: share(right, n), n })
        .collect()
}

/// The Wilson score interval at 95 % of a share: where the true share may lie, given `part` of
/// `whole`. Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927).
#[must_use]
pub fn wilson(part: usize, whole: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (whole as f64, share(part, whole));
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

/// A part of a whole; 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: Option<usize>, scores: [f32; 2]) -> Judged {
        Judged { truth, scores: scores.to_vec() }
    }

    fn evaluation() -> Evaluation {
        let photos = [
            judged(Some(0), [0.95, 0.1]),
            judged(Some(0), [0.2, 0.65]),
            judged(Some(1), [0.1, 0.75]),
            judged(Some(1), [0.0, 0.45]),
            judged(None, [0.5, 0.1]),
            judged(None, [0.1, 0.2]),
        ];
        evaluate(&photos, &["a", "b"], &Thresholds { accept: vec![0.5, 0.5], margin: 0.1 })
    }

    #[test]
    fn rows_are_the_truth_and_unknowns_do_not_count() {
        let figures = evaluation();
        assert_eq!((figures.n, figures.top1), (4, 0.75));
        assert_eq!(figures.confusion, [[1, 1], [0, 2]]);
        assert_eq!((figures.per_class[1].precision, figures.per_class[1].recall), (2.0 / 3.0, 1.0));
        assert!((figures.macro_f1 - f64::midpoint(2.0 / 3.0, 0.8)).abs() < 1e-9);
    }

    #[test]
    fn acceptance_uses_the_verdict() {
        let open = evaluation().open_set.unwrap();
        assert_eq!((open.unknown_n, open.unknown_accepted, open.known_accepted), (2, 0.5, 0.75));
        assert_eq!(open.separation.auroc, 7.0 / 8.0);
    }

    #[test]
    fn the_fair_comparison_accepts_nine_of_ten_known() {
        // Four known: nine of ten means all four, so the bar is .45, which one of the two unknowns
        // reaches.
        assert_eq!(evaluation().open_set.unwrap().separation.fpr_at_tpr90, 0.5);
    }

    #[test]
    fn intervals_are_wide_when_there_is_little() {
        let near =
            |(a, b): (f64, f64), (c, d): (f64, f64)| (a - c).abs() < 1e-3 && (b - d).abs() < 1e-3;
        assert!(near(wilson(17, 23), (0.535, 0.875)), "{:?}", wilson(17, 23));
        assert!(near(wilson(0, 10), (0.0, 0.278)), "{:?}", wilson(0, 10));
        assert!(near(wilson(10, 10), (0.722, 1.0)), "{:?}", wilson(10, 10));
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn the_calibration_error_is_the_mean_gap() {
        // Four bins: .95 (right), .65 (wrong), .75 (right), .45 (right); gaps .05, .65, .25, .55.
        assert!((evaluation().ece - 0.375).abs() < 1e-6);
    }

    #[test]
    fn verdicts_are_counted_by_what_they_name() {
        let photos = [[0.95, 0.1], [0.2, 0.65], [0.9, 0.85], [0.4, 0.1]]
            .map(|scores| judged(Some(0), scores));
        let figures =
            evaluate(&photos, &["a", "b"], &Thresholds { accept: vec![0.5; 2], margin: 0.1 });
        assert_eq!(figures.verdicts, Verdicts { right: 1, either: 1, wrong: 1, none: 1 });
    }

    #[test]
    fn confusions_are_named() {
        let found = evaluation().confusions;
        assert_eq!(found, [Confusion { friend: "a".into(), said: "b".into(), n: 1 }]);
    }

    #[test]
    fn without_unknowns_there_is_no_open_set() {
        let figures = evaluate(
            &[judged(Some(0), [0.9, 0.1])],
            &["a", "b"],
            &Thresholds { accept: vec![0.5; 2], margin: 0.1 },
        );
        assert_eq!(figures.open_set, None);
    }
}
