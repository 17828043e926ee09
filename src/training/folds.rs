//! Which photos a head may see, and which it is checked on.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::examples::Example;

/// Folds of the cross-validation; fewer where a label has fewer groups.
pub const FOLDS: usize = 5;

/// Deals each label's groups out to the folds, in an order that the seed decides; a group that
/// several labels share goes to one fold.
#[must_use]
pub fn deal(examples: &[Example], labels: usize, seed: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut fold_of_group: BTreeMap<&str, usize> = BTreeMap::new();
    for label in (0..labels).map(Some).chain([None]) {
        let of_label =
            examples.iter().filter(|e| e.sample.label == label).map(|e| e.sample.group.as_str());
        let groups: BTreeSet<&str> =
            of_label.filter(|group| !fold_of_group.contains_key(group)).collect();
        let mut groups: Vec<&str> = groups.into_iter().collect();
        groups.shuffle(&mut random);
        fold_of_group
            .extend(groups.into_iter().enumerate().map(|(place, group)| (group, place % FOLDS)));
    }
    examples.iter().map(|example| fold_of_group[example.sample.group.as_str()]).collect()
}

/// The examples outside of a fold, and the places of those in it.
#[must_use]
pub fn split<'a>(
    examples: &'a [Example],
    folds: &[usize],
    fold: usize,
) -> (Vec<&'a Example>, Vec<usize>) {
    let rest = examples
        .iter()
        .zip(folds)
        .filter(|(_, of)| **of != fold)
        .map(|(example, _)| example)
        .collect();
    (rest, (0..examples.len()).filter(|&i| folds[i] == fold).collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::dataset::Sample;

    proptest! {
        #[test]
        fn a_group_lies_in_one_fold_whatever_labels_share_it(
            photos in prop::collection::vec((0usize..4, 0usize..12), 1..60), seed in any::<u64>()
        ) {
            let examples: Vec<Example> = photos
                .iter()
                .map(|&(label, group)| {
                    let label = (label < 3).then_some(label);
                    Example {
                        sample: Sample { path: PathBuf::new(), label, group: group.to_string() },
                        views: Vec::new(),
                    }
                })
                .collect();
            let folds = deal(&examples, 3, seed);
            for (one, fold) in examples.iter().zip(&folds) {
                for (other, other_fold) in examples.iter().zip(&folds) {
                    prop_assert!(one.sample.group != other.sample.group || fold == other_fold);
                }
            }
        }
    }
}
