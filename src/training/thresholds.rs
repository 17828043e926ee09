//! The least score that counts as a Friend, chosen on photos that the head did not see.

use super::metrics::Judged;
use super::prototypes::MIN_BACKGROUND;

/// With too few unknowns no threshold goes below the diary's one half.
pub const MIN_THRESHOLD: f32 = 0.5;

/// A threshold for each label.
///
/// With enough held-out unknowns it is one number for all: the highest score of at most the share `accepted` of them reaches it.
/// Without them it is, for each label, the score that at most that share of the other photos reach, but no less than one half.
#[must_use]
pub fn thresholds(labels: usize, judged: &[Judged], accepted: f64) -> Vec<f32> {
    let unknown: Vec<f32> = judged.iter().filter(|one| one.truth.is_none()).map(|one| one.highest().1).collect();
    if unknown.len() >= MIN_BACKGROUND {
        return vec![reached_by(accepted, unknown); labels];
    }
    let against_others = |label: usize| {
        let others = judged.iter().filter(|one| one.truth != Some(label)).map(|one| one.scores[label]);
        reached_by(accepted, others.collect()).max(MIN_THRESHOLD)
    };
    (0..labels).map(against_others).collect()
}

/// A number that at most `share` of `scores` reach, 0 to 1, in steps of a thousandth.
fn reached_by(share: f64, mut scores: Vec<f32>) -> f32 {
    scores.sort_by(|a, b| b.total_cmp(a));
    let allowed = (scores.len() as f64 * share) as usize;
    // Just over the first score that must not pass.
    scores.get(allowed).map_or(0.0, |score| ((score * 1000.0).floor() + 1.0) / 1000.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: Option<usize>, scores: [f32; 2]) -> Judged {
        Judged { truth, scores: scores.to_vec() }
    }

    #[test]
    fn the_stated_share_of_unknowns_passes() {
        let photos: Vec<Judged> = (0..100u8).map(|i| judged(None, [f32::from(i) / 100.0, 0.0])).collect();
        for (share, passing) in [(0.0, 0), (0.05, 5), (0.5, 50)] {
            let threshold = thresholds(2, &photos, share)[0];
            assert_eq!(photos.iter().filter(|one| one.highest().1 >= threshold).count(), passing, "{threshold}");
        }
    }

    #[test]
    fn with_too_few_unknowns_each_label_has_its_own_over_one_half() {
        let photos: Vec<Judged> = (0..100u8).map(|i| judged(Some(1), [f32::from(i) / 100.0, 0.3])).collect();
        let found = thresholds(2, &photos, 0.02);
        assert!(found[0] > 0.97 && found[0] < 0.99, "two of the hundred others may pass: {found:?}");
        assert_eq!(found[1], MIN_THRESHOLD);
    }
}
