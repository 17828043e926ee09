//! The head: one logistic unit a label, fitted independently by L-BFGS.
//!
//! For a label with targets `y` in {0, 1} over standardised features `z`, the objective is the mean
//! logistic loss plus `regularisation / 2 * |w|²`; the bias is not regularised. The standardisation
//! is folded into the weights afterwards, so that a served head takes plain features.

use argmin::core::{CostFunction, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use friends_core::model::{LinearHead, dot};
use rayon::prelude::*;

use super::metrics::log_loss;

/// Corrections that L-BFGS remembers.
const MEMORY: usize = 10;
/// Iterations at most; fits of 512 features settle in 30 to 80.
const ITERATIONS: u64 = 200;
/// The least std of a feature, as a share of the median std: a feature that hardly varies in the
/// training photos would otherwise explode on an unknown's.
const STD_FLOOR: f64 = 0.25;

/// One row of the training set: features and, unless it is an unknown, the label.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The features.
    pub features: &'a [f32],
    /// Index into the labels; `None` for an unknown.
    pub label: Option<usize>,
}

/// The optimiser broke off.
#[derive(Debug, thiserror::Error)]
#[error("the linear head could not be fitted: {0}")]
pub struct FitError(argmin::core::Error);

/// Fits a head for `labels` labels.
///
/// # Errors
/// When the optimiser breaks off: features that are not finite, for instance.
pub fn fit(rows: &[Row<'_>], labels: usize, regularisation: f64) -> Result<LinearHead, FitError> {
    let scaler = Scaler::of(rows);
    let inputs: Vec<Vec<f32>> = rows.iter().map(|row| scaler.scale(row.features)).collect();
    let units: Vec<(Vec<f32>, f32)> = (0..labels)
        .into_par_iter()
        .map(|label| {
            let targets =
                rows.iter().map(|row| f64::from(u8::from(row.label == Some(label)))).collect();
            let solution = Unit { inputs: &inputs, targets, regularisation }.solve()?;
            Ok(scaler.fold(&solution))
        })
        .collect::<Result<_, FitError>>()?;
    let (weights, bias) = units.into_iter().unzip();
    Ok(LinearHead { weights, bias })
}

/// Mean and std of each feature.
struct Scaler {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Scaler {
    fn of(rows: &[Row<'_>]) -> Self {
        let length = rows.first().map_or(0, |row| row.features.len());
        let count = rows.len().max(1) as f64;
        let mut mean = vec![0.0; length];
        for row in rows {
            for (sum, &x) in mean.iter_mut().zip(row.features) {
                *sum += f64::from(x) / count;
            }
        }
        let mut std = vec![0.0; length];
        for row in rows {
            for ((sum, &x), mean) in std.iter_mut().zip(row.features).zip(&mean) {
                *sum += (f64::from(x) - mean).powi(2) / count;
            }
        }
        for value in &mut std {
            *value = value.sqrt();
        }
        let mut sorted = std.clone();
        sorted.sort_by(f64::total_cmp);
        let floor = (sorted.get(length / 2).copied().unwrap_or(1.0) * STD_FLOOR).max(1e-6);
        for value in &mut std {
            *value = value.max(floor);
        }
        Self { mean, std }
    }

    fn scale(&self, features: &[f32]) -> Vec<f32> {
        let scaled = features.iter().zip(&self.mean).zip(&self.std);
        scaled.map(|((&x, mean), std)| ((f64::from(x) - mean) / std) as f32).collect()
    }

    /// Weights and bias over scaled features (the bias last) as weights and bias over plain ones.
    fn fold(&self, solution: &[f64]) -> (Vec<f32>, f32) {
        let (bias, weights) = solution.split_last().expect("a bias is always there");
        let weights: Vec<f64> = weights.iter().zip(&self.std).map(|(w, std)| w / std).collect();
        let shift: f64 = weights.iter().zip(&self.mean).map(|(w, mean)| w * mean).sum();
        (weights.iter().map(|&w| w as f32).collect(), (bias - shift) as f32)
    }
}

/// One label's problem. The parameters are the weights and, last, the bias.
#[derive(Clone)]
struct Unit<'a> {
    inputs: &'a [Vec<f32>],
    targets: Vec<f64>,
    regularisation: f64,
}

impl Unit<'_> {
    fn solve(self) -> Result<Vec<f64>, FitError> {
        let start = vec![0.0; self.inputs.first().map_or(0, Vec::len) + 1];
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
            .with_tolerance_grad(1e-5)
            .and_then(|solver| solver.with_tolerance_cost(1e-9))
            .map_err(FitError)?;
        let end = Executor::new(self, solver)
            .configure(|state| state.param(start).max_iters(ITERATIONS))
            .run()
            .map_err(FitError)?;
        end.state
            .best_param
            .ok_or_else(|| FitError(argmin::core::Error::msg("no solution was found")))
    }

    /// The logit of each row, in single precision: the rows are read from memory once, which is
    /// what takes the time.
    fn logits(&self, parameters: &[f64]) -> impl Iterator<Item = f64> {
        let (bias, weights) = parameters.split_last().expect("a bias is always there");
        let (bias, weights) = (*bias, weights.iter().map(|w| *w as f32).collect::<Vec<f32>>());
        self.inputs.iter().map(move |input| f64::from(dot(&weights, input)) + bias)
    }
}

impl CostFunction for Unit<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        let losses = self
            .logits(parameters)
            .zip(&self.targets)
            .map(|(logit, target)| log_loss(logit, *target));
        let mean = losses.sum::<f64>() / self.inputs.len() as f64;
        let weights = &parameters[..parameters.len() - 1];
        Ok(mean + self.regularisation / 2.0 * weights.iter().map(|w| w * w).sum::<f64>())
    }
}

impl Gradient for Unit<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        let mut gradient = vec![0.0; parameters.len()];
        let count = self.inputs.len() as f64;
        for ((logit, input), target) in self.logits(parameters).zip(self.inputs).zip(&self.targets)
        {
            let error = (1.0 / (1.0 + (-logit).exp()) - target) / count;
            for (sum, x) in gradient.iter_mut().zip(input) {
                *sum += error * f64::from(*x);
            }
            gradient[input.len()] += error;
        }
        let last = parameters.len() - 1;
        for (sum, w) in gradient[..last].iter_mut().zip(parameters) {
            *sum += self.regularisation * w;
        }
        Ok(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clouds_are_told_apart_and_the_middle_is_undecided() {
        let cloud = |center: f32| {
            (0..20).map(move |i| vec![center + (i % 5) as f32 * 0.1, (i / 5) as f32 * 0.1])
        };
        let features: Vec<(Vec<f32>, usize)> =
            cloud(0.0).map(|f| (f, 0)).chain(cloud(3.0).map(|f| (f, 1))).collect();
        let rows: Vec<Row<'_>> =
            features.iter().map(|(f, label)| Row { features: f, label: Some(*label) }).collect();
        let head = fit(&rows, 2, 0.01).unwrap();
        for row in &rows {
            let logits = head.logits(row.features);
            assert_eq!(logits[0] > logits[1], row.label == Some(0));
        }
        let middle = head.logits(&[1.7, 0.15]);
        assert!(middle[0].abs() < 0.2 && middle[1].abs() < 0.2, "{middle:?}");
    }

    #[test]
    fn a_feature_that_never_varies_does_not_explode() {
        let features: Vec<Vec<f32>> = (0..10).map(|i| vec![i as f32, 7.0]).collect();
        let rows: Vec<Row<'_>> = features
            .iter()
            .enumerate()
            .map(|(i, f)| Row { features: f, label: Some(i / 5) })
            .collect();
        let head = fit(&rows, 2, 0.1).unwrap();
        let unknown = head.logits(&[4.5, 8.0]);
        assert!(unknown.iter().all(|logit| logit.is_finite() && logit.abs() < 5.0), "{unknown:?}");
    }
}
