//! Fits linear discriminants: Fisher's analysis with a shrunk covariance, in closed form.
//!
//! With the labels' means `m`, a reference point `r` and the covariance `S` of photos around their
//! label's mean, the discriminant of a label at features `f` is the log likelihood ratio of two
//! Gaussians of one covariance, around `m` and around `r`:
//!
//! ```text
//! (m - r)ᵀ S⁻¹ f - (mᵀ S⁻¹ m - rᵀ S⁻¹ r) / 2
//! ```
//!
//! Few photos say little of 512 dimensions, so `S` is mixed with a multiple of the identity of the
//! same trace (Friedman, "Regularized discriminant analysis", 1989). The reference is the mean of
//! the labels' means; with enough unknowns, half-way to their mean.

use friends_core::model::{DiscriminantHead, dot, nearest, unit};
use nalgebra::{DMatrix, DVector};

use super::calibration::PlattScaling;
use super::logistic::Row;
use super::prototypes::MIN_BACKGROUND;

/// Rows that are multiplied at once: a bound on memory.
const BLOCK: usize = 1024;
/// A covariance of at least this much in every direction: pictures that are all the same have none.
const LEAST_VARIANCE: f64 = 1e-9;

/// Sums over rows from which discriminants are fitted; sums of parts add up, so that a part can be
/// left out without a second look.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Rows of each label.
    counts: Vec<usize>,
    /// A column a label: the sum of its rows.
    sums: DMatrix<f64>,
    /// The sum of the outer products of all labelled rows with themselves.
    products: DMatrix<f64>,
    unknowns: usize,
    unknown_sum: DVector<f64>,
}

impl Moments {
    /// Of rows of `features` numbers.
    #[must_use]
    pub fn of(rows: &[Row<'_>], labels: usize, features: usize) -> Self {
        let mut moments = Self {
            counts: vec![0; labels],
            sums: DMatrix::zeros(features, labels),
            products: DMatrix::zeros(features, features),
            unknowns: 0,
            unknown_sum: DVector::zeros(features),
        };
        let wide = |features: &[f32]| {
            DVector::from_iterator(features.len(), features.iter().map(|&value| f64::from(value)))
        };
        let mut known = Vec::new();
        for row in rows {
            if let Some(label) = row.label {
                moments.counts[label] += 1;
                moments.sums.column_mut(label).axpy(1.0, &wide(row.features), 1.0);
                known.push(row.features);
            } else {
                moments.unknowns += 1;
                moments.unknown_sum += wide(row.features);
            }
        }
        for block in known.chunks(BLOCK) {
            let columns: Vec<DVector<f64>> = block.iter().map(|features| wide(features)).collect();
            let block = DMatrix::from_columns(&columns);
            moments.products.gemm(1.0, &block, &block.transpose(), 1.0);
        }
        moments
    }

    /// These without those of a part.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        Self {
            counts: self.counts.iter().zip(&part.counts).map(|(all, part)| all - part).collect(),
            sums: &self.sums - &part.sums,
            products: &self.products - &part.products,
            unknowns: self.unknowns - part.unknowns,
            unknown_sum: &self.unknown_sum - &part.unknown_sum,
        }
    }

    /// These and those of another part.
    #[must_use]
    pub fn with(mut self, part: &Self) -> Self {
        for (all, part) in self.counts.iter_mut().zip(&part.counts) {
            *all += part;
        }
        self.sums += &part.sums;
        self.products += &part.products;
        self.unknowns += part.unknowns;
        self.unknown_sum += &part.unknown_sum;
        self
    }

    /// The discriminants of all labels that have rows, `shrinkage` in 0 to 1; `None` where there is
    /// no such label, or the features are not finite.
    #[must_use]
    pub fn fit(&self, shrinkage: f64) -> Option<Discriminants> {
        let labels: Vec<usize> =
            (0..self.counts.len()).filter(|&label| self.counts[label] > 0).collect();
        let features = self.sums.nrows();
        let rows: usize = self.counts.iter().sum();
        let columns: Vec<DVector<f64>> = labels
            .iter()
            .map(|&label| self.sums.column(label) / self.counts[label] as f64)
            .collect();
        if columns.is_empty() {
            return None;
        }
        let means = DMatrix::from_columns(&columns);
        let mut reference = means.column_mean();
        if self.unknowns >= MIN_BACKGROUND {
            reference = (reference + &self.unknown_sum / self.unknowns as f64) / 2.0;
        }

        let weighted = DMatrix::from_columns(
            &labels
                .iter()
                .zip(&columns)
                .map(|(&label, mean)| mean * self.counts[label] as f64)
                .collect::<Vec<_>>(),
        );
        let mut covariance = self.products.clone();
        covariance.gemm(-1.0, &weighted, &means.transpose(), 1.0);
        covariance /= rows as f64;
        let variance = (covariance.trace() / features as f64).max(LEAST_VARIANCE);
        covariance *= 1.0 - shrinkage;
        for place in 0..features {
            covariance[(place, place)] += shrinkage * variance + LEAST_VARIANCE;
        }
        let factor = covariance.cholesky()?;
        let solved = factor.solve(&means);
        let solved_reference = factor.solve(&reference);
        let at_reference = reference.dot(&solved_reference);
        let narrow =
            |column: DVector<f64>| column.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        Some(Discriminants {
            weights: (0..labels.len())
                .map(|place| narrow(solved.column(place) - &solved_reference))
                .collect(),
            bias: (0..labels.len())
                .map(|place| {
                    ((at_reference - columns[place].dot(&solved.column(place))) / 2.0) as f32
                })
                .collect(),
            centroids: columns.into_iter().map(|mean| unit(&narrow(mean))).collect(),
            labels,
        })
    }
}

/// Discriminants before any calibration.
#[derive(Clone, Debug)]
pub struct Discriminants {
    /// The labels that had rows; the order of what follows.
    labels: Vec<usize>,
    weights: Vec<Vec<f32>>,
    bias: Vec<f32>,
    centroids: Vec<Vec<f32>>,
}

/// What discriminants say of one picture.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// One discriminant a label that had rows, in their order.
    pub discriminants: Vec<f32>,
    /// The cosine to the nearest label, -1 to 1.
    pub nearest: f32,
}

impl Evidence {
    /// The highest discriminant.
    #[must_use]
    pub fn highest(&self) -> f32 {
        self.discriminants.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    /// The place of the highest discriminant.
    #[must_use]
    pub fn first(&self) -> usize {
        let highest = self.discriminants.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        highest.map_or(0, |(place, _)| place)
    }

    /// One number a label: the discriminants, those behind the highest `stretch` times as far
    /// behind, all raised by the resemblance to the nearest.
    pub fn with(&self, resemblance: f32, stretch: f32) -> impl Iterator<Item = f32> {
        let highest = self.highest();
        let common = highest + resemblance * self.nearest;
        self.discriminants
            .iter()
            .map(move |discriminant| common - stretch * (highest - discriminant))
    }
}

impl Discriminants {
    /// What they say of features of unit length.
    #[must_use]
    pub fn evidence(&self, features: &[f32]) -> Evidence {
        let discriminants = self
            .weights
            .iter()
            .zip(&self.bias)
            .map(|(row, bias)| dot(row, features) + bias)
            .collect();
        Evidence { discriminants, nearest: nearest(features, &self.centroids) }
    }

    /// The labels that had rows.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The head whose logits are the calibrated [`Evidence::with`].
    #[must_use]
    pub fn head(
        self,
        resemblance: f32,
        stretch: f32,
        calibration: PlattScaling,
    ) -> DiscriminantHead {
        let PlattScaling { scale, offset } = calibration;
        let slope = stretch * scale;
        DiscriminantHead {
            weights: self
                .weights
                .into_iter()
                .map(|row| row.into_iter().map(|weight| weight * slope).collect())
                .collect(),
            bias: self.bias.into_iter().map(|bias| bias * slope).collect(),
            contrast: 1.0 - 1.0 / stretch,
            offset,
            resemblance: resemblance * scale,
            centroids: self.centroids,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two labels on either side of a plane, spread along another axis, and where unknowns are.
    fn rows(features: &[(Vec<f32>, Option<usize>)]) -> Vec<Row<'_>> {
        features.iter().map(|(features, label)| Row { features, label: *label }).collect()
    }

    fn clouds() -> Vec<(Vec<f32>, Option<usize>)> {
        let cloud = |x: f32, label| {
            (0..20)
                .map(move |i| (vec![x + (i % 3) as f32 * 0.02, (i as f32 - 9.5) * 0.1, 0.3], label))
        };
        cloud(-0.2, Some(0)).chain(cloud(0.2, Some(1))).chain(cloud(5.0, None)).collect()
    }

    #[test]
    fn labels_are_told_apart_along_the_direction_in_which_photos_of_one_label_hardly_differ() {
        let features = clouds();
        let fitted = Moments::of(&rows(&features), 2, 3).fit(0.1).unwrap();
        for (features, label) in features.iter().filter(|(_, label)| label.is_some()) {
            let evidence = fitted.evidence(features).discriminants;
            assert_eq!(evidence[1] > evidence[0], *label == Some(1), "{features:?} {evidence:?}");
        }
    }

    #[test]
    fn the_head_says_what_calibrated_evidence_says() {
        let features = clouds();
        let fitted = Moments::of(&rows(&features), 2, 3).fit(0.3).unwrap();
        let calibration = PlattScaling { scale: 0.2, offset: -0.5 };
        let head = fitted.clone().head(3.0, 2.5, calibration);
        for (features, _) in &features {
            let features = unit(features);
            let evidence = fitted.evidence(&features);
            let expected = evidence.with(3.0, 2.5).map(|value| calibration.logit(value));
            for (logit, expected) in head.logits(&features).into_iter().zip(expected) {
                assert!(
                    (logit - expected).abs() < 1e-3 * expected.abs().max(1.0),
                    "{logit} {expected}"
                );
            }
        }
    }

    #[test]
    fn what_is_left_out_leaves_no_trace() {
        let features = clouds();
        let all = rows(&features);
        let (part, rest): (Vec<Row<'_>>, Vec<Row<'_>>) =
            all.iter().partition(|row| row.label == Some(1) || row.features[1] > 0.5);
        let (of_all, of_part) = (Moments::of(&all, 2, 3), Moments::of(&part, 2, 3));
        let without = of_all.without(&of_part).fit(0.5).unwrap();
        let fresh = Moments::of(&rest, 2, 3).fit(0.5).unwrap();
        assert_eq!(without.labels(), [0], "no row of the other is left");
        let (one, other) = (without.evidence(&[0.1, 0.2, 0.9]), fresh.evidence(&[0.1, 0.2, 0.9]));
        assert!((one.discriminants[0] - other.discriminants[0]).abs() < 1e-4, "{one:?} {other:?}");
        let again = Moments::of(&rest, 2, 3).with(&of_part).fit(0.5).unwrap();
        let whole = of_all.fit(0.5).unwrap();
        assert!((again.bias[1] - whole.bias[1]).abs() < 1e-4);
    }

    #[test]
    fn pictures_that_are_all_the_same_give_finite_discriminants() {
        let features: Vec<_> = (0..8).map(|i| (vec![0.6, 0.8, 0.0], Some(i % 2))).collect();
        let evidence =
            Moments::of(&rows(&features), 2, 3).fit(0.3).unwrap().evidence(&[0.0, 0.6, 0.8]);
        assert!(evidence.discriminants.iter().all(|value| value.is_finite()), "{evidence:?}");
    }
}
