//! The prototype head: a Friend is told from an unknown by what is nearer than the background.
//!
//! Features and all prototypes have unit length, so that a dot product is a cosine. With the
//! features `f`, a Friend's centroid `c` and `m` background centroids `b`, the Friend's evidence is
//!
//! ```text
//! cos(f, c) - ln(mean over the b of exp(sharpness · cos(f, b))) / sharpness
//! ```
//!
//! and its logit is `scale · evidence + offset`. The second term is the log-mean-exp, a soft
//! maximum: whatever resembles some other character or a bare person needs that much more
//! resemblance to a Friend.

use serde::{Deserialize, Serialize};

/// Centroids of the labels and of the background, and a calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrototypeHead {
    /// How sharply the nearest background centroid stands out, over 0: the inverse of the
    /// log-mean-exp's temperature.
    pub sharpness: f32,
    /// Logits are `scale · evidence + offset`.
    pub scale: f32,
    /// See `scale`.
    pub offset: f32,
    /// One row of `features` numbers a label, of unit length.
    #[serde(with = "super::half_rows")]
    pub centroids: Vec<Vec<f32>>,
    /// Rows of `features` numbers, of unit length; at least one.
    #[serde(with = "super::half_rows")]
    pub background: Vec<Vec<f32>>,
}

impl PrototypeHead {
    /// One logit a label.
    #[must_use]
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        let evidence = evidence(features, &self.centroids, &self.background, self.sharpness);
        evidence.into_iter().map(|evidence| self.scale * evidence + self.offset).collect()
    }
}

/// The evidence for each of `centroids` before any calibration, -2 to 2.
#[must_use]
pub fn evidence(
    features: &[f32],
    centroids: &[Vec<f32>],
    background: &[Vec<f32>],
    sharpness: f32,
) -> Vec<f32> {
    let unit = unit(features);
    let near: Vec<f32> = background.iter().map(|row| sharpness * dot(row, &unit)).collect();
    let highest = near.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mean =
        near.iter().map(|value| (value - highest).exp()).sum::<f32>() / near.len().max(1) as f32;
    let soft_maximum = if near.is_empty() { 0.0 } else { (mean.ln() + highest) / sharpness };
    centroids.iter().map(|row| dot(row, &unit) - soft_maximum).collect()
}

/// The vector scaled to length 1; a zero vector stays.
#[must_use]
pub fn unit(vector: &[f32]) -> Vec<f32> {
    let length = dot(vector, vector).sqrt();
    vector.iter().map(|value| if length > 0.0 { value / length } else { 0.0 }).collect()
}

/// The dot product, in eight interleaved sums so that the processor can take eight numbers at once.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> PrototypeHead {
        PrototypeHead {
            sharpness: 10.0,
            scale: 8.0,
            offset: -1.0,
            centroids: vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]],
            background: vec![vec![0.0, 0.0, 1.0], vec![0.0, 0.6, 0.8]],
        }
    }

    #[test]
    fn the_nearest_label_has_the_highest_logit_whatever_the_length_of_the_features() {
        for length in [0.01, 1.0, 500.0] {
            let logits = head().logits(&[3.0 * length, length, 0.0]);
            assert!(logits[0] > logits[1] && logits[0] > 0.0, "{logits:?}");
        }
    }

    #[test]
    fn what_resembles_the_background_has_less_evidence() {
        let clear = head().logits(&[1.0, 0.0, 0.0])[0];
        let doubtful = head().logits(&[1.0, 0.0, 1.0])[0];
        assert!(doubtful < 0.0 && clear > 0.0, "{doubtful} {clear}");
    }

    #[test]
    fn a_head_survives_being_written_and_read() {
        let text = serde_json::to_string(&head()).unwrap();
        let read: PrototypeHead = serde_json::from_str(&text).unwrap();
        for (row, was) in read.background.iter().zip(&head().background) {
            assert!(row.iter().zip(was).all(|(a, b)| (a - b).abs() < 1e-3));
        }
        assert!(
            serde_json::from_str::<PrototypeHead>(&text.replacen("AAAAAAA8", "AAA", 1)).is_err(),
            "a row of one and a half numbers"
        );
    }

    #[test]
    fn features_of_zeros_give_finite_logits() {
        assert!(head().logits(&[0.0; 3]).iter().all(|logit| logit.is_finite()));
    }
}
