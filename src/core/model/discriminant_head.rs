//! The discriminant head: which Friend it is by linear discriminants, whether it is anybody by
//! resemblance to the nearest Friend.
//!
//! With features `f` of unit length, the labels' discriminants `d = w · f + b`, and their mean
//! directions `c` of unit length, the logit of a label is
//!
//! ```text
//! d - contrast · max over all d + resemblance · max over all c of cos(f, c) + offset
//! ```
//!
//! Discriminants tell Friends apart, yet say little of a picture that is like none of them; a
//! cosine to the nearest mean is the other way round. What is added is the same for all labels, so
//! that it decides known from unknown and never between two Friends; contrast keeps the labels that
//! are behind as far behind as they are seldom right.

use serde::{Deserialize, Serialize};

use super::prototype_head::dot;

/// Discriminants and mean directions of the labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscriminantHead {
    /// One row of `features` numbers a label.
    #[serde(with = "super::half_rows")]
    pub weights: Vec<Vec<f32>>,
    /// One number a label.
    pub bias: Vec<f32>,
    /// How much of the highest discriminant is taken off all, 0 to 1.
    pub contrast: f32,
    /// Added to all logits.
    pub offset: f32,
    /// How much the cosine to the nearest label counts, at least 0.
    pub resemblance: f32,
    /// One row of `features` numbers a label, of unit length.
    #[serde(with = "super::half_rows")]
    pub centroids: Vec<Vec<f32>>,
}

impl DiscriminantHead {
    /// One logit a label.
    #[must_use]
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        let discriminants: Vec<f32> = self
            .weights
            .iter()
            .zip(&self.bias)
            .map(|(row, bias)| dot(row, features) + bias)
            .collect();
        let highest = discriminants.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let common = self.resemblance * nearest(features, &self.centroids)
            - self.contrast * highest
            + self.offset;
        discriminants.into_iter().map(|discriminant| discriminant + common).collect()
    }
}

/// The cosine to the nearest of `centroids`, for features of unit length, -1 to 1; 0 without
/// centroids.
#[must_use]
pub fn nearest(features: &[f32], centroids: &[Vec<f32>]) -> f32 {
    centroids.iter().map(|row| dot(row, features)).reduce(f32::max).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(resemblance: f32) -> DiscriminantHead {
        DiscriminantHead {
            weights: vec![vec![4.0, -4.0, 0.0], vec![-4.0, 4.0, 0.0]],
            bias: vec![-1.0, -1.0],
            contrast: 0.5,
            offset: 0.25,
            resemblance,
            centroids: vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]],
        }
    }

    #[test]
    fn resemblance_parts_known_from_unknown_and_leaves_the_order_of_labels() {
        let (known, unknown) = ([0.8, 0.6, 0.0], [0.16, 0.0, 0.987]);
        let difference = |head: DiscriminantHead, f: &[f32]| head.logits(f)[0] - head.logits(f)[1];
        assert!((difference(head(0.0), &known) - difference(head(9.0), &known)).abs() < 1e-5);
        let best = |head: DiscriminantHead, f: &[f32]| {
            head.logits(f).into_iter().fold(f32::NEG_INFINITY, f32::max)
        };
        assert!(
            best(head(9.0), &known) - best(head(9.0), &unknown)
                > best(head(0.0), &known) - best(head(0.0), &unknown)
        );
    }

    #[test]
    fn a_head_survives_being_written_and_read() {
        let read: DiscriminantHead =
            serde_json::from_str(&serde_json::to_string(&head(1.5)).unwrap()).unwrap();
        assert_eq!(read, head(1.5), "these numbers are exact in 16 bits");
    }
}
