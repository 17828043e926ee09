//! Counting what a detector found, as the contract says: the diary's table with intervals, a curve
//! and tests of pairs.

use friends_core::face::Face;
use friends_core::geometry::Rect;
use serde::{Deserialize, Serialize};

use super::metrics::wilson;

/// The shorter side of the smallest face that counts, in pixels of the photo.
pub const SMALLEST: f32 = 40.0;
/// The kind of faces that are neither to be found nor false alarms.
pub const VAGUE: &str = "vague";
/// A box has found a face when they share this much, as intersection over union.
pub const FOUND_IOU: f32 = 0.4;
/// A box that shares this much with a face too small to count, or has its middle in it, is no false
/// alarm.
const IGNORED_IOU: f32 = 0.3;
/// False alarms a photo at which recall is compared between detectors.
const LIMITS: [f64; 3] = [0.10, 0.18, 0.30];
/// Groups by the shorter side of the face in pixels: each from here to the next.
const SIDES: [(&str, f32); 3] =
    [("40 to 79 px", SMALLEST), ("80 to 159 px", 80.0), ("160 px and more", 160.0)];

/// A photo with the faces that are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The faces, small ones included.
    pub faces: Vec<Rect>,
    /// What kind each face is, where it is known.
    pub kinds: Vec<String>,
}

impl Truth {
    /// Whether a face counts: large enough, and not of the kind [`VAGUE`].
    #[must_use]
    pub fn counts(&self, number: usize) -> bool {
        let face = self.faces[number];
        face.width.min(face.height) >= SMALLEST
            && self.kinds.get(number).is_none_or(|kind| kind != VAGUE)
    }

    /// The largest face that counts.
    #[must_use]
    pub fn largest(&self) -> Option<usize> {
        let counting = (0..self.faces.len()).filter(|&number| self.counts(number));
        counting.max_by(|&a, &b| self.faces[a].area().total_cmp(&self.faces[b].area()))
    }
}

/// What a detector found in a list of photos, as the output of this program and of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The detector's name.
    pub detector: String,
    /// The score from which on it counts a box as a face.
    pub threshold: f32,
    /// Milliseconds to a decoded photo, the median.
    #[serde(default)]
    pub ms_median: Option<f64>,
    /// One entry a photo.
    pub pictures: Vec<Finding>,
}

/// The boxes in one photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The file, as `boxes.json` names it.
    pub file: String,
    /// `[x, y, width, height]` in pixels of the upright photo, around faces.
    pub boxes: Vec<[f32; 4]>,
    /// The detector's score for each box, higher where it is surer; boxes under the threshold serve
    /// the curve.
    pub scores: Vec<f32>,
}

impl Finding {
    /// The boxes with their scores.
    #[must_use]
    pub fn faces(&self) -> Vec<Face> {
        let face = |(&[x, y, width, height], &confidence): (&[f32; 4], &f32)| Face {
            rect: Rect::new(x, y, width, height),
            confidence,
        };
        self.boxes.iter().zip(&self.scores).map(face).collect()
    }
}

/// What became of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the face of this number.
    Found(usize),
    /// There is nothing.
    FalseAlarm,
    /// It lies on a face that does not count.
    Neither,
}

/// What became of each box, from the highest score to the lowest: each takes the face that it
/// shares most with, one box a face.
#[must_use]
pub fn outcomes(boxes: &[Face], truth: &Truth) -> Vec<(Face, Outcome)> {
    let mut boxes = boxes.to_vec();
    boxes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let faces = &truth.faces;
    let mut taken = vec![false; faces.len()];
    let mut outcome = |found: Rect| {
        let free = (0..faces.len()).filter(|&face| truth.counts(face) && !taken[face]);
        let shares = free.map(|face| (face, faces[face].iou(found)));
        if let Some((face, share)) = shares.max_by(|a, b| a.1.total_cmp(&b.1))
            && share >= FOUND_IOU
        {
            taken[face] = true;
            return Outcome::Found(face);
        }
        let (x, y) = found.center();
        let on = |face: &Rect| {
            face.contains(Rect::new(x, y, 0.0, 0.0)) || face.iou(found) >= IGNORED_IOU
        };
        if faces.iter().enumerate().any(|(number, face)| !truth.counts(number) && on(face)) {
            Outcome::Neither
        } else {
            Outcome::FalseAlarm
        }
    };
    boxes.into_iter().map(|face| (face, outcome(face.rect))).collect()
}

/// A group of faces and how many of them were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// What the faces have in common.
    pub name: String,
    /// How many there are.
    pub faces: usize,
    /// How many of them were found.
    pub found: usize,
}

/// The row of one detector.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The detector's name.
    pub detector: String,
    /// Photos that it looked at.
    pub pictures: usize,
    /// Faces in them that count.
    pub faces: usize,
    /// Faces that it found.
    pub found: usize,
    /// Boxes that are no face.
    pub false_alarms: usize,
    /// Photos with a face that counts.
    pub with_faces: usize,
    /// Of these, photos whose largest face was found.
    pub largest_found: usize,
    /// The share of those photos less half of the false alarms a photo: the one figure by which
    /// settings of the detector are compared.
    pub value: f64,
    /// Milliseconds to a photo, the median.
    pub ms_median: Option<f64>,
    /// The share of faces found, and Wilson's interval at 95 %.
    pub recall: [f64; 3],
    /// For each limit of false alarms a photo: the highest recall that a threshold reaches within
    /// it.
    pub recall_at: Vec<(f64, f64)>,
    /// By size, then by kind.
    pub groups: Vec<Group>,
    /// For every threshold, false alarms a photo and recall.
    #[serde(skip)]
    pub curve: Vec<(f64, f64)>,
    /// For each face that counts, photo by photo, whether it was found.
    #[serde(skip)]
    pub hits: Vec<bool>,
}

/// Counts what a detector found; `truth` and the findings speak of the same photos in the same
/// order.
#[must_use]
pub fn figures(findings: &Findings, truth: &[Truth]) -> Figures {
    let (mut hits, mut false_alarms, mut events, mut groups) =
        (Vec::new(), 0, Vec::new(), Vec::new());
    let (mut with_faces, mut largest_found) = (0, 0);
    for (finding, truth) in findings.pictures.iter().zip(truth) {
        let outcomes = outcomes(&finding.faces(), truth);
        events.extend(outcomes.iter().map(|(face, outcome)| (face.confidence, *outcome)));
        let counted: Vec<_> =
            outcomes.iter().filter(|(face, _)| face.confidence >= findings.threshold).collect();
        false_alarms +=
            counted.iter().filter(|(_, outcome)| *outcome == Outcome::FalseAlarm).count();
        let was_found =
            |number: usize| counted.iter().any(|(_, outcome)| *outcome == Outcome::Found(number));
        if let Some(largest) = truth.largest() {
            with_faces += 1;
            largest_found += usize::from(was_found(largest));
        }
        for (number, face) in
            truth.faces.iter().enumerate().filter(|(number, _)| truth.counts(*number))
        {
            let found = was_found(number);
            hits.push(found);
            let side = SIDES
                .iter()
                .rposition(|(_, from)| face.width.min(face.height) >= *from)
                .unwrap_or(0);
            groups.push((side, SIDES[side].0.to_owned(), found));
            groups.extend(truth.kinds.get(number).map(|kind| (SIDES.len(), kind.clone(), found)));
        }
    }
    let (pictures, faces) = (truth.len(), hits.len());
    let found = hits.iter().filter(|hit| **hit).count();
    let curve = curve(events, pictures, faces);
    let best = |limit: f64| {
        curve
            .iter()
            .filter(|(alarms, _)| *alarms <= limit)
            .map(|(_, recall)| *recall)
            .fold(0.0, f64::max)
    };
    let (low, high) = wilson(found, faces);
    Figures {
        detector: findings.detector.clone(),
        pictures,
        faces,
        found,
        false_alarms,
        with_faces,
        largest_found,
        value: largest_found as f64 / with_faces.max(1) as f64
            - false_alarms as f64 / pictures.max(1) as f64 / 2.0,
        ms_median: findings.ms_median,
        recall: [found as f64 / (faces.max(1)) as f64, low, high],
        recall_at: LIMITS.map(|limit| (limit, best(limit))).to_vec(),
        groups: grouped(groups),
        curve,
        hits,
    }
}

/// False alarms a photo and recall as the threshold falls past each score.
fn curve(mut events: Vec<(f32, Outcome)>, pictures: usize, faces: usize) -> Vec<(f64, f64)> {
    events.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut alarms) = (0, 0);
    let point = |(_, outcome): (f32, Outcome)| {
        match outcome {
            Outcome::Found(_) => found += 1,
            Outcome::FalseAlarm => alarms += 1,
            Outcome::Neither => {}
        }
        (f64::from(alarms) / pictures.max(1) as f64, f64::from(found) / faces.max(1) as f64)
    };
    events.into_iter().map(point).collect()
}

fn grouped(mut faces: Vec<(usize, String, bool)>) -> Vec<Group> {
    faces.sort();
    let groups = faces.chunk_by(|a, b| (a.0, &a.1) == (b.0, &b.1));
    let group = |faces: &[(usize, String, bool)]| Group {
        name: faces[0].1.clone(),
        faces: faces.len(),
        found: faces.iter().filter(|face| face.2).count(),
    };
    groups.map(group).collect()
}

/// Two detectors on the same faces.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Their names.
    pub detectors: [String; 2],
    /// Faces that the first alone found, and the second alone.
    pub alone: [usize; 2],
    /// How likely at least so uneven a split is if both are equally good: `McNemar`'s exact test,
    /// two-sided.
    pub p: f64,
}

/// Compares every two detectors.
#[must_use]
pub fn pairs(rows: &[Figures]) -> Vec<Pair> {
    let every_two = rows
        .iter()
        .enumerate()
        .flat_map(|(place, row)| rows[place + 1..].iter().map(move |later| (row, later)));
    let pair = |(first, second): (&Figures, &Figures)| {
        let alone = |a: &Figures, b: &Figures| {
            a.hits.iter().zip(&b.hits).filter(|(a, b)| **a && !**b).count()
        };
        let alone = [alone(first, second), alone(second, first)];
        Pair {
            detectors: [first.detector.clone(), second.detector.clone()],
            alone,
            p: mcnemar(alone),
        }
    };
    every_two.map(pair).collect()
}

/// The binomial probability, two-sided, of a split at least as uneven among the faces that one of
/// two detectors found.
fn mcnemar([a, b]: [usize; 2]) -> f64 {
    let n = a + b;
    // The probability of k of n, from the one of k - 1, in logarithms: 2^-n alone may be too small
    // for a number.
    let mut log_share = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=a.min(b) {
        tail += log_share.exp();
        log_share += ((n - k) as f64 / (k + 1) as f64).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, side: f32, confidence: f32) -> Face {
        Face { rect: Rect::new(x, 0.0, side, side), confidence }
    }

    #[test]
    fn one_box_a_face_and_faces_that_do_not_count_are_neither() {
        let faces = vec![
            Rect::new(0.0, 0.0, 100.0, 100.0),
            Rect::new(300.0, 0.0, 20.0, 20.0),
            Rect::new(600.0, 0.0, 50.0, 50.0),
        ];
        let truth = Truth { faces, kinds: vec!["bare".into(), "bare".into(), VAGUE.into()] };
        let boxes = [
            face(5.0, 100.0, 0.6),
            face(0.0, 100.0, 0.9),
            face(295.0, 30.0, 0.8),
            face(600.0, 50.0, 0.7),
            face(900.0, 50.0, 0.5),
        ];
        let outcomes: Vec<Outcome> =
            outcomes(&boxes, &truth).into_iter().map(|(_, outcome)| outcome).collect();
        assert_eq!(
            outcomes,
            [
                Outcome::Found(0),
                Outcome::Neither,
                Outcome::Neither,
                Outcome::FalseAlarm,
                Outcome::FalseAlarm
            ]
        );
    }

    #[test]
    fn a_row_counts_at_the_threshold_and_its_curve_at_every_one() {
        let truth = Truth {
            faces: vec![Rect::new(0.0, 0.0, 50.0, 50.0), Rect::new(100.0, 0.0, 200.0, 200.0)],
            kinds: vec!["bare".into(), "masked".into()],
        };
        let finding = Finding {
            file: "a.jpg".into(),
            boxes: vec![
                [0.0, 0.0, 50.0, 50.0],
                [500.0, 0.0, 50.0, 50.0],
                [100.0, 0.0, 200.0, 200.0],
            ],
            scores: vec![0.9, 0.8, 0.3],
        };
        let findings = Findings {
            detector: "d".into(),
            threshold: 0.5,
            ms_median: None,
            pictures: vec![finding],
        };
        let row = figures(&findings, &[truth]);
        assert_eq!((row.faces, row.found, row.false_alarms), (2, 1, 1));
        assert_eq!(
            (row.with_faces, row.largest_found, row.value),
            (1, 0, -0.5),
            "the smaller one was found"
        );
        assert_eq!(row.curve, [(0.0, 0.5), (1.0, 0.5), (1.0, 1.0)]);
        assert_eq!(row.recall_at, [(0.10, 0.5), (0.18, 0.5), (0.30, 0.5)]);
        let groups: Vec<(&str, usize, usize)> = row
            .groups
            .iter()
            .map(|group| (group.name.as_str(), group.faces, group.found))
            .collect();
        assert_eq!(
            groups,
            [("40 to 79 px", 1, 1), ("160 px and more", 1, 0), ("bare", 1, 1), ("masked", 1, 0)]
        );
    }

    #[test]
    fn an_uneven_split_is_unlikely_among_equals() {
        // 2 * (1 + 10 + 45) / 2^10
        assert!((mcnemar([2, 8]) - 0.109_375).abs() < 1e-12);
        assert_eq!(mcnemar([0, 0]), 1.0);
        assert_eq!(mcnemar([5, 5]), 1.0);
        assert!(mcnemar([0, 2000]) < 1e-300);
    }
}
