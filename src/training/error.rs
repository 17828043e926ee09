//! Why no bundle came about.

use friends_core::error::{Fault, Rejection};
use friends_core::model::BundleError;

use super::logistic::FitError;
use super::prototypes::MIN_BACKGROUND;

/// Why no bundle came about.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to tell apart.
    #[error("there is only one label: at least two are needed, or photos of others in unknown/")]
    OneLabel,
    /// A label's photos cannot be dealt out to training and checking.
    #[error(
        "{label} has usable photos from {sources} source(s): at least two are needed to train and to check (photos whose names \
         are the same up to __ count as one source)"
    )]
    TooFewSources {
        /// The label's slug.
        label: String,
        /// Its sources.
        sources: usize,
    },
    /// There is nothing to compare prototypes with.
    #[error(
        "a prototype head needs at least {MIN_BACKGROUND} photos of unknowns: add some to unknown/, or leave the choice open"
    )]
    NoBackground,
    /// The optimiser broke off.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The trained parts do not make a bundle.
    #[error("the trained bundle cannot be used")]
    Bundle(#[from] BundleError),
    /// The network breaks on the golden picture.
    #[error("the golden scores cannot be computed")]
    Golden(#[source] Fault),
    /// The head or the manifest cannot be written as JSON.
    #[error("the bundle cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A number is infinite or not a number.
    #[error("the features of the photos are not finite: the backbone is broken")]
    NotFinite,
}

/// Why no features could be taken from a photo.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// Its file cannot be read.
    #[error("The file cannot be read: {0}.")]
    File(#[from] std::io::Error),
    /// It is not judged.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A network breaks: the photo is not to blame.
    #[error(transparent)]
    Fault(#[from] Fault),
}
