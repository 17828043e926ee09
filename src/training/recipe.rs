//! What a bundle is made from, besides photos.

use std::collections::BTreeMap;

use friends_core::model::{Input, Names};

/// Which head a bundle gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadChoice {
    /// The one whose held-out verdicts are best.
    Best,
    /// The discriminants.
    Discriminant,
    /// The linear one.
    Linear,
    /// The prototypes.
    Prototype,
}

/// What a bundle is made from, besides examples.
pub struct Recipe {
    /// The bundle's name.
    pub name: String,
    /// The labels' slugs.
    pub labels: Vec<String>,
    /// How labels are shown; a label without an entry shows its slug.
    pub names: BTreeMap<String, Names>,
    /// What the backbone expects.
    pub input: Input,
    /// Background centroids of the bundle whose backbone this is: unknowns beside the operator's
    /// own.
    pub background: Vec<Vec<f32>>,
    /// Which head it gets.
    pub head: HeadChoice,
    /// The share of held-out unknowns that may be named, 0 to 1; where there are too few, the share
    /// of the photos of others.
    pub accept_unknown: f64,
    /// For folds and background.
    pub seed: u64,
}
