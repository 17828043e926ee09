//! Fits a prototype head: centroids of the labels, a background, and a logistic calibration.

use std::collections::BTreeMap;

use friends_core::model::{PrototypeHead, evidence, unit};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::background;
use super::examples::Example;
use super::metrics::log_loss;

/// Background centroids; the trial found 256 as good as 1,500 and better than 64.
const BACKGROUND: usize = 256;
/// Fewer unknowns than these say nothing about what a background looks like.
pub const MIN_BACKGROUND: usize = 32;
/// The sharpness of the log-mean-exp: the inverse of a temperature of 1/20.
const SHARPNESS: f32 = 20.0;
/// Newton steps of the calibration; two parameters settle in far fewer.
const STEPS: usize = 60;

/// Centroids and background without a calibration.
pub struct Prototypes {
    centroids: Vec<Vec<f32>>,
    background: Vec<Vec<f32>>,
}

impl Prototypes {
    /// From examples and the background centroids of the bundle that they build on; `None` without enough unknowns.
    #[must_use]
    pub fn of(examples: &[&Example], inherited: &[Vec<f32>], labels: usize, seed: u64) -> Option<Self> {
        let mut sums: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        let mut unknown: Vec<Vec<f32>> = Vec::new();
        for example in examples {
            match example.sample.label {
                Some(label) => {
                    for view in &example.views {
                        let sum = sums.entry(label).or_insert_with(|| vec![0.0; view.len()]);
                        for (sum, value) in sum.iter_mut().zip(unit(view)) {
                            *sum += value;
                        }
                    }
                }
                None => unknown.push(unit(&example.views[0])),
            }
        }
        let rows: Vec<&[f32]> = unknown.iter().chain(inherited).map(Vec::as_slice).collect();
        if rows.len() < MIN_BACKGROUND || sums.len() < labels {
            return None;
        }
        let centroids = sums.values().map(|sum| unit(sum)).collect();
        let background = background::centroids(&rows, BACKGROUND, &mut ChaCha8Rng::seed_from_u64(seed));
        Some(Self { centroids, background })
    }

    /// One number a label, see [`evidence`].
    #[must_use]
    pub fn evidence(&self, features: &[f32]) -> Vec<f32> {
        evidence(features, &self.centroids, &self.background, SHARPNESS)
    }

    /// The head with a calibration.
    #[must_use]
    pub fn with(self, calibration: PlattScaling) -> PrototypeHead {
        let Self { centroids, background } = self;
        PrototypeHead { sharpness: SHARPNESS, scale: calibration.scale, offset: calibration.offset, centroids, background }
    }
}

/// From evidence to logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlattScaling {
    /// Logits are `scale · evidence + offset`.
    pub scale: f32,
    /// See `scale`.
    pub offset: f32,
}

impl PlattScaling {
    /// The logit of one label's evidence.
    #[must_use]
    pub fn logit(self, evidence: f32) -> f32 {
        self.scale * evidence + self.offset
    }

    /// Logistic calibration (Platt, 1999) of held-out evidence: `pairs` of evidence and whether the label was right. Both kinds of
    /// pairs weigh the same, so that a score of one half means: as likely among the right as among the others.
    #[must_use]
    pub fn fit(pairs: &[(f32, bool)]) -> Self {
        let right = pairs.iter().filter(|(_, is_right)| *is_right).count().max(1) as f64;
        let others = (pairs.len() as f64 - right).max(1.0);
        let weight = |is_right: bool| if is_right { 0.5 / right } else { 0.5 / others };
        let loss = |scale: f64, offset: f64| {
            let of_pair = |&(evidence, is_right): &(f32, bool)| {
                weight(is_right) * log_loss(scale * f64::from(evidence) + offset, f64::from(u8::from(is_right)))
            };
            // A little regularisation keeps the scale finite where the evidence separates all pairs.
            pairs.iter().map(of_pair).sum::<f64>() + 1e-6 * scale * scale
        };
        let (mut scale, mut offset) = (10.0f64, 0.0f64);
        for _ in 0..STEPS {
            let (mut g0, mut g1, mut h00, mut h01, mut h11) = (2e-6 * scale, 0.0, 2e-6, 0.0, 1e-9);
            for &(evidence, is_right) in pairs {
                let evidence = f64::from(evidence);
                let score = 1.0 / (1.0 + (-(scale * evidence + offset)).exp());
                let error = weight(is_right) * (score - f64::from(u8::from(is_right)));
                let curvature = weight(is_right) * score * (1.0 - score);
                g0 += error * evidence;
                g1 += error;
                h00 += curvature * evidence * evidence;
                h01 += curvature * evidence;
                h11 += curvature;
            }
            let determinant = h00 * h11 - h01 * h01;
            if determinant <= 0.0 {
                break;
            }
            let step = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
            // Newton's step is halved until it lowers the loss.
            let before = loss(scale, offset);
            let fraction = (0..20)
                .map(|halving| 0.5f64.powi(halving))
                .find(|fraction| loss(scale - fraction * step.0, offset - fraction * step.1) < before);
            let Some(fraction) = fraction else { break };
            (scale, offset) = (scale - fraction * step.0, offset - fraction * step.1);
        }
        Self { scale: scale as f32, offset: offset as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calibration_puts_one_half_between_the_two_kinds() {
        let pairs: Vec<(f32, bool)> = (0..100)
            .map(|index| {
                let spread = (index % 10) as f32 * 0.02;
                if index < 20 { (0.3 + spread, true) } else { (spread, false) }
            })
            .collect();
        let calibration = PlattScaling::fit(&pairs);
        assert!(calibration.scale > 0.0);
        assert!(calibration.logit(0.15) < 0.0 && calibration.logit(0.33) > 0.0, "{calibration:?}");
    }

    #[test]
    fn overlapping_evidence_gives_a_gentle_slope() {
        let overlapping: Vec<(f32, bool)> = (0..200).map(|i| ((i % 20) as f32 * 0.05, (i * 7) % 20 < i % 20)).collect();
        let calibration = PlattScaling::fit(&overlapping);
        assert!(calibration.scale.is_finite() && calibration.scale < 20.0, "{calibration:?}");
    }
}
