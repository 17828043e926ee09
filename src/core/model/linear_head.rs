//! The linear head: the only copy, for serving, evaluation and training.

use serde::{Deserialize, Serialize};

/// One logistic unit a label over the backbone's features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearHead {
    /// `labels` rows of `features` numbers.
    pub weights: Vec<Vec<f32>>,
    /// One number a label.
    pub bias: Vec<f32>,
}

impl LinearHead {
    /// One logit a label: `weights · features + bias`.
    #[must_use]
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        let dot = |row: &Vec<f32>| row.iter().zip(features).map(|(w, x)| w * x).sum::<f32>();
        self.weights.iter().zip(&self.bias).map(|(row, bias)| bias + dot(row)).collect()
    }
}

/// The logistic function.
#[must_use]
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
