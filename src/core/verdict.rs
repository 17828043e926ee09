//! From scores to an answer. Pure: the same scores and thresholds always give the same verdict.

use serde::{Deserialize, Serialize};

/// How much one Friend was recognised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Score {
    /// The Friend's slug.
    pub friend: String,
    /// An independent sigmoid score, 0 to 1; the scores of a face need not sum to 1.
    pub score: f32,
}

/// The answer for one face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// One Friend is at or over the threshold and clear of the next.
    Match {
        /// The Friend's slug.
        friend: String,
    },
    /// The best two are at or over their thresholds and too close to call.
    Either {
        /// Their slugs, the higher score first.
        friends: [String; 2],
    },
    /// Unknown: none of the labels.
    None,
}

impl Verdict {
    /// The slugs that it names: one, two, or none.
    #[must_use]
    pub fn friends(&self) -> &[String] {
        match self {
            Self::Match { friend } => std::slice::from_ref(friend),
            Self::Either { friends } => friends,
            Self::None => &[],
        }
    }
}

/// What separates known from unknown, and one Friend from the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// For each label, in the bundle's order: the least score that counts as this Friend, 0 to 1.
    pub accept: Vec<f32>,
    /// Two accepted Friends whose scores differ by less than this are too close to call, 0 to 1.
    pub margin: f32,
}

impl Thresholds {
    /// Judges `scores`, one a label in the bundle's order.
    ///
    /// # Panics
    /// When there are not as many scores as thresholds and names; a loaded bundle guarantees that
    /// there are.
    #[must_use]
    pub fn judge(&self, scores: &[f32], names: &[&str]) -> Verdict {
        assert_eq!(scores.len(), self.accept.len(), "one threshold a score");
        let order = ranking(scores);
        let accepted = |&label: &usize| scores[label] >= self.accept[label];
        match order[..] {
            [best, next, ..]
                if accepted(&best)
                    && accepted(&next)
                    && scores[best] - scores[next] < self.margin =>
            {
                Verdict::Either { friends: [names[best].to_owned(), names[next].to_owned()] }
            }
            [best, ..] if accepted(&best) => Verdict::Match { friend: names[best].to_owned() },
            _ => Verdict::None,
        }
    }
}

/// The labels from the highest score to the lowest; equal scores keep the bundle's order.
#[must_use]
pub fn ranking(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

/// The scores with their names, highest first.
#[must_use]
pub fn ranked(scores: &[f32], names: &[&str]) -> Vec<Score> {
    ranking(scores)
        .into_iter()
        .map(|label| Score { friend: names[label].to_owned(), score: scores[label] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(scores: [f32; 3]) -> Verdict {
        Thresholds { accept: vec![0.5, 0.6, 0.5], margin: 0.1 }.judge(&scores, &["a", "b", "c"])
    }

    #[test]
    fn a_score_at_its_threshold_matches() {
        assert_eq!(judge([0.5, 0.1, 0.0]), Verdict::Match { friend: "a".into() });
    }

    #[test]
    fn below_its_own_threshold_nothing_matches() {
        assert_eq!(judge([0.49, 0.59, 0.49]), Verdict::None);
    }

    #[test]
    fn two_accepted_and_close_is_either_with_the_better_first() {
        assert_eq!(judge([0.9, 0.95, 0.0]), Verdict::Either { friends: ["b".into(), "a".into()] });
    }

    #[test]
    fn two_accepted_but_apart_is_a_match() {
        assert_eq!(judge([0.8, 0.95, 0.0]), Verdict::Match { friend: "b".into() });
    }

    #[test]
    fn a_close_second_that_is_not_accepted_does_not_blur_a_match() {
        assert_eq!(judge([0.55, 0.0, 0.49]), Verdict::Match { friend: "a".into() });
    }

    #[test]
    fn scores_come_highest_first() {
        let ranked = ranked(&[0.1, 0.9, 0.5], &["a", "b", "c"]);
        assert_eq!(ranked.iter().map(|s| s.friend.as_str()).collect::<Vec<_>>(), ["b", "c", "a"]);
    }
}
