//! The background of a prototype head: many unknowns, summed up in a few centroids.
//!
//! Spherical k-means (Dhillon and Modha, "Concept decompositions for large sparse text data using
//! clustering", 2001): rows of unit length, cosine similarity, centroids of unit length.

use friends_core::model::{dot, unit};
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Rounds at most; the centroids hardly move after these.
const ROUNDS: usize = 12;

/// At most `count` centroids of `rows`, all of unit length; the rows themselves where there are no
/// more.
///
/// The same rows and generator give the same centroids.
#[must_use]
pub fn centroids(rows: &[&[f32]], count: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f32>> {
    let mut centroids: Vec<Vec<f32>> =
        rows.sample(random, count.min(rows.len())).map(|row| row.to_vec()).collect();
    if rows.len() <= count {
        return centroids;
    }
    let mut nearest = vec![usize::MAX; rows.len()];
    for _ in 0..ROUNDS {
        let now: Vec<usize> = rows.par_iter().map(|row| nearest_of(row, &centroids)).collect();
        if now == nearest {
            break;
        }
        nearest = now;
        let mut sums = vec![vec![0.0; rows[0].len()]; centroids.len()];
        for (row, &place) in rows.iter().zip(&nearest) {
            for (sum, value) in sums[place].iter_mut().zip(*row) {
                *sum += value;
            }
        }
        for (centroid, sum) in centroids.iter_mut().zip(&sums) {
            // A centroid to which no row is nearest stays where it is.
            if sum.iter().any(|value| *value != 0.0) {
                *centroid = unit(sum);
            }
        }
    }
    centroids
}

fn nearest_of(row: &[f32], centroids: &[Vec<f32>]) -> usize {
    let similar = centroids.iter().map(|centroid| dot(centroid, row)).enumerate();
    similar.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn three_bundles_of_directions_give_three_centroids() {
        let rows: Vec<Vec<f32>> = (0..60)
            .map(|index| {
                let mut row = vec![0.02 * (index / 3) as f32; 3];
                row[index % 3] = 1.0;
                unit(&row)
            })
            .collect();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let found = centroids(&rows, 3, &mut ChaCha8Rng::seed_from_u64(2));
        for axis in 0..3 {
            assert_eq!(
                found.iter().filter(|centroid| centroid[axis] > 0.8).count(),
                1,
                "{found:?}"
            );
        }
        assert_eq!(found, centroids(&rows, 3, &mut ChaCha8Rng::seed_from_u64(2)), "the same again");
    }

    #[test]
    fn few_rows_stay_as_they_are() {
        let rows = [unit(&[1.0, 2.0]), unit(&[2.0, 1.0])];
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let found = centroids(&rows, 256, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(found.len(), 2);
        assert!(centroids(&[], 256, &mut ChaCha8Rng::seed_from_u64(1)).is_empty());
    }
}
