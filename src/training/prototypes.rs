//! Fits a prototype head: centroids of the labels, a background, and a logistic calibration.

use std::collections::BTreeMap;

use friends_core::model::{PrototypeHead, evidence, unit};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::background;
use super::calibration::PlattScaling;
use super::examples::Example;

/// Background centroids; the trial found 256 as good as 1,500 and better than 64.
const BACKGROUND: usize = 256;
/// Fewer unknowns than these say nothing about what a background looks like.
pub const MIN_BACKGROUND: usize = 32;
/// The sharpness of the log-mean-exp: the inverse of a temperature of 1/20.
const SHARPNESS: f32 = 20.0;

/// Centroids and background without a calibration.
pub struct Prototypes {
    centroids: Vec<Vec<f32>>,
    background: Vec<Vec<f32>>,
}

impl Prototypes {
    /// From examples and the background centroids of the bundle that they build on; `None` without
    /// enough unknowns.
    #[must_use]
    pub fn of(
        examples: &[&Example],
        inherited: &[Vec<f32>],
        labels: usize,
        seed: u64,
    ) -> Option<Self> {
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
        let background =
            background::centroids(&rows, BACKGROUND, &mut ChaCha8Rng::seed_from_u64(seed));
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
        PrototypeHead {
            sharpness: SHARPNESS,
            scale: calibration.scale,
            offset: calibration.offset,
            centroids,
            background,
        }
    }
}
