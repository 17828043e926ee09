//! From folders of photos to a bundle, and from a bundle to figures about it.
//!
//! ```text
//! folder ─► dataset ─► examples (features, cache) ─► candidates ─► trainer ─► bundle folder
//!                                │                      head discriminant prototypes, thresholds
//!                                └─────────────────► metrics
//! ```
//!
//! Photos go through the same decoding, detection, cropping and preprocessing as in serving.

pub mod audit;
mod background;
mod bands;
pub mod bundle_folder;
mod cache;
mod calibration;
mod candidates;
pub mod dataset;
pub mod depth;
pub mod detection;
mod discriminant;
pub mod error;
pub mod examples;
pub mod fine_tune;
mod folds;
pub mod logistic;
pub mod metrics;
pub mod moves;
pub mod open_set;
pub mod photo_files;
mod prototypes;
pub mod recipe;
pub mod report;
pub mod thresholds;
pub mod trainer;
