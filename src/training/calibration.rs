//! From evidence to logits whose sigmoids can be taken for frequencies.

use super::metrics::log_loss;

/// Newton steps at most; two parameters settle in far fewer.
const STEPS: usize = 60;
/// The least scale over standardised evidence.
const LEAST_SCALE: f64 = 0.5;
/// Penalty on the square of the scale over standardised evidence.
const RIDGE: f64 = 1e-5;

/// How much right and other pairs weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Each pair the same: a score is how often pairs like this were right.
    AsFound,
    /// Both kinds the same in all: a score of one half means as likely among the right as among the
    /// others.
    Even,
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

    /// Logistic calibration of held-out evidence: `pairs` of evidence and whether the label was
    /// right.
    ///
    /// The targets are not 1 and 0 but what so many pairs support, `(right + 1) / (right + 2)` and
    /// `1 / (not_right + 2)` (Platt, "Probabilistic outputs for support vector machines", 1999): a few
    /// pairs that happen to be separable make no certainty.
    #[must_use]
    pub fn fit(pairs: &[(f32, bool)], balance: Balance) -> Self {
        let right_pairs = pairs.iter().filter(|(_, is_right)| *is_right).count() as f64;
        let right = right_pairs.max(1.0);
        let not_right = (pairs.len() as f64 - right).max(1.0);
        let weight = |is_right: bool| match (balance, is_right) {
            (Balance::AsFound, _) => 1.0 / (right + not_right),
            (Balance::Even, true) => 0.5 / right,
            (Balance::Even, false) => 0.5 / not_right,
        };
        let not_right_pairs = pairs.len() as f64 - right_pairs;
        let target = |is_right: bool| {
            if is_right {
                (right_pairs + 1.0) / (right_pairs + 2.0)
            } else {
                1.0 / (not_right_pairs + 2.0)
            }
        };
        // Fitted over standardised evidence, whatever the units.
        let mean = pairs.iter().map(|(evidence, _)| f64::from(*evidence)).sum::<f64>()
            / pairs.len().max(1) as f64;
        let variance =
            pairs.iter().map(|(evidence, _)| (f64::from(*evidence) - mean).powi(2)).sum::<f64>();
        let std = (variance / pairs.len().max(1) as f64).sqrt().max(1e-9);
        let standard: Vec<(f64, bool)> = pairs
            .iter()
            .map(|&(evidence, is_right)| ((f64::from(evidence) - mean) / std, is_right))
            .collect();
        let loss = |scale: f64, offset: f64| {
            let of_pair = |&(evidence, is_right): &(f64, bool)| {
                weight(is_right) * log_loss(scale * evidence + offset, target(is_right))
            };
            // A little regularisation keeps the scale finite where the evidence separates all
            // pairs.
            standard.iter().map(of_pair).sum::<f64>() + RIDGE * scale * scale
        };
        let (mut scale, mut offset) = (1.0f64, 0.0f64);
        for _ in 0..STEPS {
            let (mut g0, mut g1, mut h00, mut h01, mut h11) =
                (2.0 * RIDGE * scale, 0.0, 2.0 * RIDGE, 0.0, 1e-9);
            for &(evidence, is_right) in &standard {
                let score = 1.0 / (1.0 + (-(scale * evidence + offset)).exp());
                let error = weight(is_right) * (score - target(is_right));
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
            let fraction = (0..20).map(|halving| 0.5f64.powi(halving)).find(|fraction| {
                loss(scale - fraction * step.0, offset - fraction * step.1) < before
            });
            let Some(fraction) = fraction else { break };
            (scale, offset) = (scale - fraction * step.0, offset - fraction * step.1);
        }
        if scale < LEAST_SCALE {
            // Too few pairs, or all of one kind: more evidence speaks for a label all the same.
            (scale, offset) = (LEAST_SCALE, ((right_pairs + 1.0) / (not_right_pairs + 1.0)).ln());
        }
        Self { scale: (scale / std) as f32, offset: (offset - scale * mean / std) as f32 }
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
        let calibration = PlattScaling::fit(&pairs, Balance::Even);
        assert!(calibration.scale > 0.0);
        assert!(calibration.logit(0.15) < 0.0 && calibration.logit(0.33) > 0.0, "{calibration:?}");
    }

    #[test]
    fn where_all_pairs_are_right_more_evidence_still_means_more() {
        let pairs: Vec<(f32, bool)> = (0..14).map(|i| (100.0 + i as f32, true)).collect();
        let calibration = PlattScaling::fit(&pairs, Balance::AsFound);
        let (low, high) = (calibration.logit(100.0), calibration.logit(113.0));
        assert!(low > 0.0 && high > low + 1.0, "{calibration:?} {low} {high}");
        assert!(PlattScaling::fit(&[], Balance::AsFound).scale > 0.0);
    }

    #[test]
    fn one_wrong_pair_below_all_right_ones_makes_no_certainty() {
        let pairs: Vec<(f32, bool)> = (0..70).map(|i| (100.0 + i as f32, i > 0)).collect();
        let calibration = PlattScaling::fit(&pairs, Balance::AsFound);
        let (low, high) = (calibration.logit(100.0), calibration.logit(169.0));
        assert!(low > -3.0 && high < 10.0 && high > low + 1.0, "{calibration:?} {low} {high}");
    }

    #[test]
    fn overlapping_evidence_gives_a_gentle_slope() {
        let overlapping: Vec<(f32, bool)> =
            (0..200).map(|i| ((i % 20) as f32 * 0.05, (i * 7) % 20 < i % 20)).collect();
        let calibration = PlattScaling::fit(&overlapping, Balance::Even);
        assert!(calibration.scale.is_finite() && calibration.scale < 20.0, "{calibration:?}");
    }
}
