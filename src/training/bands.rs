//! How often a named photo is right, by its score: what a verdict may say of its own certainty.
//!
//! Isotonic regression by pooling adjacent violators (Ayer et al., 1955) over groups of held-out
//! photos: the higher the score, the more often it is right.

use friends_core::model::Band;
use friends_core::verdict::{Thresholds, Verdict};

use super::metrics::Judged;

/// Groups at most before pooling.
const GROUPS: usize = 8;
/// Photos in a group at least.
const PHOTOS: usize = 15;

/// Bands from the lowest score that names a Friend upwards, of photos that the head did not see;
/// unknowns that are named count as wrong. Empty where nothing is named.
#[must_use]
pub fn bands(judged: &[Judged], labels: &[&str], thresholds: &Thresholds) -> Vec<Band> {
    let mut named: Vec<(f32, bool)> = judged
        .iter()
        .filter(|photo| thresholds.judge(&photo.scores, labels) != Verdict::None)
        .map(|photo| {
            let (label, score) = photo.highest();
            (score, photo.truth == Some(label))
        })
        .collect();
    named.sort_by(|a, b| a.0.total_cmp(&b.0));
    let size = named.len().div_ceil(GROUPS).max(PHOTOS);
    let mut bands: Vec<Band> = Vec::new();
    for group in named.chunks(size) {
        bands.push(Band {
            from: group[0].0,
            right: group.iter().filter(|(_, right)| *right).count(),
            of: group.len(),
        });
        while let [.., below, last] = &mut bands[..]
            && (last.of < PHOTOS || below.right * last.of >= last.right * below.of)
        {
            below.right += last.right;
            below.of += last.of;
            bands.pop();
        }
    }
    bands
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(score: f32, right: bool) -> Judged {
        Judged { truth: right.then_some(0), scores: vec![score, 0.0] }
    }

    fn of(judged: &[Judged]) -> Vec<Band> {
        bands(judged, &["a", "b"], &Thresholds { accept: vec![0.5; 2], margin: 0.1 })
    }

    #[test]
    fn two_in_three_below_and_all_above() {
        let photos: Vec<Judged> = (0..120u8)
            .map(|i| {
                if i < 60 {
                    judged(0.6 + f32::from(i) / 1000.0, i % 3 > 0)
                } else {
                    judged(0.9, true)
                }
            })
            .collect();
        let found = of(&photos);
        assert_eq!(found.first().map(|band| (band.from, band.right, band.of)), Some((0.6, 40, 60)));
        assert_eq!(found.last().map(|band| (band.right, band.of)), Some((60, 60)));
        assert!(of(&[judged(0.4, true)]).is_empty(), "not named");
    }

    proptest! {
        #[test]
        fn every_named_photo_is_in_one_band_and_higher_bands_are_right_more_often(
            photos in prop::collection::vec((0.0f32..1.0, any::<bool>()), 0..200)
        ) {
            let photos: Vec<Judged> = photos.iter().map(|&(score, right)| judged(score, right)).collect();
            let found = of(&photos);
            let named = photos.iter().filter(|photo| photo.scores[0] >= 0.5).count();
            prop_assert_eq!(found.iter().map(|band| band.of).sum::<usize>(), named);
            for pair in found.windows(2) {
                prop_assert!(pair[0].from <= pair[1].from && pair[0].right * pair[1].of < pair[1].right * pair[0].of);
            }
        }
    }
}
