//! From features to logits: the kinds of head, one interface.

use serde::{Deserialize, Serialize};

use super::discriminant_head::DiscriminantHead;
use super::linear_head::LinearHead;
use super::prototype_head::PrototypeHead;

/// A bundle's head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Head {
    /// One logistic unit a label.
    Linear(LinearHead),
    /// One linear discriminant a label, and resemblance to the nearest label.
    Discriminant(DiscriminantHead),
    /// Resemblance to a label less resemblance to the background.
    Prototype(PrototypeHead),
}

impl Head {
    /// One logit a label.
    #[must_use]
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        match self {
            Self::Linear(head) => head.logits(features),
            Self::Discriminant(head) => head.logits(features),
            Self::Prototype(head) => head.logits(features),
        }
    }

    /// Whether there is a row for each label and a number for each feature in every row.
    pub(super) fn has_shape(&self, labels: usize, features: usize) -> bool {
        let complete = |rows: &[Vec<f32>]| rows.iter().all(|row| row.len() == features);
        match self {
            Self::Linear(head) => {
                head.weights.len() == labels && head.bias.len() == labels && complete(&head.weights)
            }
            Self::Discriminant(head) => {
                head.weights.len() == labels
                    && head.bias.len() == labels
                    && head.centroids.len() == labels
                    && complete(&head.weights)
                    && complete(&head.centroids)
            }
            Self::Prototype(head) => {
                head.centroids.len() == labels
                    && !head.background.is_empty()
                    && complete(&head.centroids)
                    && complete(&head.background)
            }
        }
    }

    /// Whether all numbers are finite, and those that must be over 0 are.
    pub(super) fn is_finite(&self) -> bool {
        let finite = |rows: &[Vec<f32>]| rows.iter().flatten().all(|number| number.is_finite());
        match self {
            Self::Linear(head) => {
                finite(&head.weights) && head.bias.iter().all(|number| number.is_finite())
            }
            Self::Discriminant(head) => {
                finite(&head.weights)
                    && finite(&head.centroids)
                    && head.bias.iter().all(|number| number.is_finite())
                    && [head.resemblance, head.contrast, head.offset]
                        .iter()
                        .all(|number| number.is_finite())
            }
            Self::Prototype(head) => {
                finite(&head.centroids)
                    && finite(&head.background)
                    && head.scale.is_finite()
                    && head.offset.is_finite()
                    && head.sharpness.is_finite()
                    && head.sharpness > 0.0
            }
        }
    }
}
