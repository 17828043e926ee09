//! The least score that counts as a Friend, chosen on photos that the head did not see, and how
//! sure their number makes it.

use friends_core::verdict::Thresholds;
use serde::Serialize;
use statrs::distribution::{Beta, ContinuousCDF as _};

use super::metrics::{Judged, share};
use super::prototypes::MIN_BACKGROUND;

/// With too few photos to choose it by, no threshold goes below the diary's one half.
pub const MIN_THRESHOLD: f32 = 0.5;
/// Two accepted Friends whose scores differ by less are too close to call.
const EITHER_MARGIN: f32 = 0.15;

/// Whom the photos show that stand for unknowns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The unknowns among the photos.
    Unknowns,
    /// Each label's photos, judged by a head that knows only the other labels.
    LeftOutLabels,
    /// For each label the photos of the others.
    OtherLabels,
    /// None: as many labelled photos are named as by another bundle.
    KnownShare,
}

/// Thresholds, and what is promised of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// What verdicts are made with.
    #[serde(skip)]
    pub thresholds: Thresholds,
    /// The share of labelled photos, left out, that is named.
    #[serde(skip)]
    pub known_named: f64,
    /// The share of unknowns that may be named, as asked for.
    pub asked: f64,
    /// Whose photos the thresholds were chosen by.
    pub basis: Basis,
    /// How many there are.
    pub photos: usize,
    /// How many of them are named.
    pub named: usize,
    /// Where the share among new photos of the same kind lies, at 95 %: quantiles of the beta
    /// distribution of the share over an order statistic (Wilks, "Determination of sample sizes for
    /// setting tolerance limits", 1941).
    pub interval: (f64, f64),
    /// The share that is not exceeded with a confidence of 95 %.
    pub at_most: f64,
    /// So many photos of which none is named would promise the share that was asked for with that
    /// confidence; 0 where no number does.
    pub needed: usize,
}

impl Choice {
    /// What is promised, in sentences.
    #[must_use]
    pub fn sentences(&self) -> String {
        let Self { asked, photos, named, interval, at_most, needed, .. } = *self;
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let expected = format!(
            "{named} of {photos} are named; of new ones like them {} to {}, at most {} with 95 % confidence",
            percent(interval.0),
            percent(interval.1),
            percent(at_most)
        );
        let promise = if photos < needed && self.basis == Basis::Unknowns {
            format!(
                ". To promise {} with that confidence takes {needed} unknowns of whom none is named: there are {photos}",
                percent(asked)
            )
        } else {
            String::new()
        };
        let add = format!(
            "Photos of others in unknown/ would say more: {needed} of whom none is named promise {} with 95 % confidence",
            percent(asked)
        );
        // Of a hundred, in whole people, for those who read no intervals.
        let people = format!(
            "Of 100 strangers about {:.0} (at most {:.0}) will be given a name",
            if photos == 0 { 0.0 } else { 100.0 * named as f64 / photos as f64 },
            (100.0 * at_most).ceil()
        );
        let threshold = self.thresholds.accept.first().copied().unwrap_or_default();
        match self.basis {
            Basis::Unknowns => {
                format!(
                    "{people}: threshold {threshold:.3}, for {} of unknowns: of those left out {expected}{promise}",
                    percent(asked)
                )
            }
            Basis::LeftOutLabels => format!(
                "{people}: threshold {threshold:.3}, for {} of the photos of a typical unknown: of photos of labels that were left out {expected}. {add}",
                percent(asked)
            ),
            Basis::KnownShare => {
                format!(
                    "threshold {threshold:.3}, which names as many of the photos left out as the frozen backbone does. {add}"
                )
            }
            Basis::OtherLabels => {
                format!(
                    "thresholds for {} of the photos of other labels; of unknowns nothing is known. {add}",
                    percent(asked)
                )
            }
        }
    }
}

/// Thresholds that name at most the share `asked` of unknowns.
///
/// With enough held-out unknowns it is one number for all labels: the highest score of at most that
/// share reaches it. Without them it is the median of the numbers that do so for `left_out`, the
/// photos of each label as a bundle without that label judges them: two labels that look alike are
/// hard to keep apart, yet few unknowns are like that. Without either it is, for each label, the
/// score that at most that share of the other photos reach, but no less than one half.
#[must_use]
pub fn choose(labels: usize, judged: &[Judged], left_out: &[Vec<Judged>], asked: f64) -> Choice {
    let highest = |photos: &mut dyn Iterator<Item = &Judged>| {
        photos.map(|photo| photo.highest().1).collect::<Vec<f32>>()
    };
    let unknown = highest(&mut judged.iter().filter(|photo| photo.truth.is_none()));
    let left_out: Vec<Vec<f32>> = left_out
        .iter()
        .map(|photos| highest(&mut photos.iter()))
        .filter(|scores| !scores.is_empty())
        .collect();
    let (basis, accept, photos) = if unknown.len() >= MIN_BACKGROUND {
        (Basis::Unknowns, vec![reached_by(asked, &unknown); labels], unknown)
    } else if left_out.len() > 2 {
        let mut of_each: Vec<f32> =
            left_out.iter().map(|scores| reached_by(asked, scores)).collect();
        of_each.sort_by(f32::total_cmp);
        (Basis::LeftOutLabels, vec![of_each[of_each.len() / 2]; labels], left_out.concat())
    } else {
        let of_the_rest = |label: usize| {
            judged
                .iter()
                .filter(|photo| photo.truth != Some(label))
                .map(|photo| photo.scores[label])
                .collect::<Vec<f32>>()
        };
        let accept = (0..labels)
            .map(|label| reached_by(asked, &of_the_rest(label)).max(MIN_THRESHOLD))
            .collect();
        (Basis::OtherLabels, accept, Vec::new())
    };
    let named = photos.iter().filter(|&&score| score >= accept[0]).count();
    let quantile = |quantile: f64| share_over(named, photos.len(), quantile);
    Choice {
        known_named: known_named(judged, &accept),
        asked,
        basis,
        photos: photos.len(),
        named,
        interval: (quantile(0.025), quantile(0.975)),
        at_most: quantile(0.95),
        needed: needed(asked),
        thresholds: Thresholds { accept, margin: EITHER_MARGIN },
    }
}

/// One threshold that names the share `known` of the labelled photos among `judged`: for a head of
/// which nothing is known but what it says of photos of its own labels.
#[must_use]
pub fn naming(labels: usize, judged: &[Judged], known: f64, asked: f64) -> Choice {
    let mut scores: Vec<f32> = judged
        .iter()
        .filter(|photo| photo.truth.is_some())
        .map(|photo| photo.highest().1)
        .collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let last = ((scores.len() as f64 * known).round() as usize).clamp(1, scores.len().max(1)) - 1;
    let threshold =
        scores.get(last).map_or(MIN_THRESHOLD, |score| (score * 1000.0).floor() / 1000.0);
    let accept = vec![threshold; labels];
    Choice {
        known_named: known_named(judged, &accept),
        thresholds: Thresholds { accept, margin: EITHER_MARGIN },
        asked,
        basis: Basis::KnownShare,
        photos: 0,
        named: 0,
        interval: (0.0, 1.0),
        at_most: 1.0,
        needed: needed(asked),
    }
}

/// The share of labelled photos whose highest score is accepted.
fn known_named(judged: &[Judged], accept: &[f32]) -> f64 {
    let known: Vec<(usize, f32)> =
        judged.iter().filter(|photo| photo.truth.is_some()).map(Judged::highest).collect();
    share(known.iter().filter(|(label, score)| *score >= accept[*label]).count(), known.len())
}

/// A number that at most `share` of `scores` reach, 0 to 1, in steps of a thousandth.
fn reached_by(share: f64, scores: &[f32]) -> f32 {
    let mut scores = scores.to_vec();
    scores.sort_by(|a, b| b.total_cmp(a));
    let allowed = (scores.len() as f64 * share) as usize;
    // Just over the first score that must not pass.
    scores
        .get(allowed)
        .map_or(0.0, |score| ((score * 1000.0).floor() + 1.0) / 1000.0)
        .clamp(0.0, 1.0)
}

/// A quantile of the share of new photos that pass a number which `named` of `photos` pass and the
/// next one does not.
fn share_over(named: usize, photos: usize, quantile: f64) -> f64 {
    if named >= photos {
        return 1.0;
    }
    // The parameters are over 0, so that there is such a distribution.
    Beta::new(named as f64 + 1.0, (photos - named) as f64)
        .map_or(1.0, |beta| beta.inverse_cdf(quantile))
}

/// The least number of photos, none of them named, that promises a share with a confidence of 95 %.
fn needed(share: f64) -> usize {
    if share > 0.0 { (0.05f64.ln() / (-share).ln_1p()).ceil() as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: Option<usize>, scores: [f32; 2]) -> Judged {
        Judged { truth, scores: scores.to_vec() }
    }

    #[test]
    fn the_stated_share_of_unknowns_passes() {
        let photos: Vec<Judged> =
            (0..100u8).map(|i| judged(None, [f32::from(i) / 100.0, 0.0])).collect();
        for (share, passing) in [(0.0, 0), (0.05, 5), (0.5, 50)] {
            let choice = choose(2, &photos, &[], share);
            assert_eq!((choice.basis, choice.named), (Basis::Unknowns, passing), "{choice:?}");
            let threshold = choice.thresholds.accept[0];
            assert_eq!(
                photos.iter().filter(|photo| photo.highest().1 >= threshold).count(),
                passing,
                "{threshold}"
            );
            assert!(choice.interval.0 < share + 0.01 && share < choice.interval.1, "{choice:?}");
        }
    }

    #[test]
    fn too_few_unknowns_are_said_so() {
        let photos: Vec<Judged> =
            (0..40u8).map(|i| judged(None, [f32::from(i) / 100.0, 0.0])).collect();
        let sentences = choose(2, &photos, &[], 0.05).sentences();
        assert!(sentences.starts_with("Of 100 strangers about 5 (at most 15)"), "{sentences}");
        assert!(
            sentences.contains("takes 59 unknowns") && sentences.contains("there are 40"),
            "{sentences}"
        );
        assert!(choose(2, &[], &[], 0.05).sentences().contains("unknown/"));
    }

    #[test]
    fn fifty_nine_unknowns_of_whom_none_is_named_promise_five_percent() {
        assert_eq!(needed(0.05), 59);
        assert_eq!(needed(0.01), 299);
        assert!(share_over(0, 59, 0.95) <= 0.05 && share_over(0, 58, 0.95) > 0.05);
        assert_eq!((share_over(3, 3, 0.5), needed(0.0)), (1.0, 0));
    }

    #[test]
    fn without_unknowns_the_labels_are_strangers_to_each_other() {
        let unknown = |likeness: f32| {
            (0..20u8)
                .map(|i| judged(None, [likeness + f32::from(i) / 100.0, 0.0]))
                .collect::<Vec<_>>()
        };
        // The third is a twin of a label: it does not decide.
        let left_out = [unknown(0.1), unknown(0.3), unknown(0.8)];
        let choice = choose(3, &[judged(Some(0), [0.9, 0.1])], &left_out, 0.05);
        assert_eq!(
            (choice.basis, choice.photos, choice.named),
            (Basis::LeftOutLabels, 60, 21),
            "{choice:?}"
        );
    }

    #[test]
    fn a_share_of_the_known_is_named() {
        let photos: Vec<Judged> =
            (0..100u8).map(|i| judged(Some(0), [f32::from(i) / 100.0, 0.0])).collect();
        let choice = naming(2, &photos, 0.8, 0.05);
        let threshold = choice.thresholds.accept[1];
        assert_eq!(
            photos.iter().filter(|photo| photo.highest().1 >= threshold).count(),
            80,
            "{choice:?}"
        );
        assert_eq!(naming(2, &[], 0.8, 0.05).thresholds.accept, [MIN_THRESHOLD; 2]);
    }

    #[test]
    fn with_neither_each_label_has_its_own_over_one_half() {
        let photos: Vec<Judged> =
            (0..100u8).map(|i| judged(Some(1), [f32::from(i) / 100.0, 0.3])).collect();
        let choice = choose(2, &photos, &[], 0.02);
        let accept = &choice.thresholds.accept;
        assert!(
            accept[0] > 0.97 && accept[0] < 0.99,
            "two of the hundred unknowns may pass: {accept:?}"
        );
        assert_eq!((accept[1], choice.at_most), (MIN_THRESHOLD, 1.0));
    }
}
