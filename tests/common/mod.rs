//! What tests stand on: pictures that we draw, a service on a free port, and stand-ins that speak
//! the exact contracts.

pub mod chunks;
pub mod cloud;
pub mod cloud_vision;
pub mod logs;
pub mod odd_jpeg;
pub mod phone;
pub mod pictures;
pub mod process;
pub mod runtime_api;
pub mod service;
pub mod tickets;

use std::path::PathBuf;
use std::sync::Arc;

use friends_core::limits::Limits;
use friends_core::model::Classifier;
use friends_service::detector::Detector;
use friends_service::pipeline::Judge;
use friends_service::settings::bundle_dir;

/// The bundle that ships.
pub fn bundle_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/friends")
}

/// The folder of descriptions that the studio draws from.
pub fn characters_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/characters")
}

/// The shipped bundle, loaded.
pub fn classifier() -> Classifier {
    bundle_dir::classifier(&bundle_dir()).expect("the shipped bundle is in order")
}

/// A judge with the shipped bundle.
pub fn judge(detector: Detector, limits: Limits, at_once: usize) -> Judge {
    let classifier = classifier();
    let bundle = Arc::clone(classifier.bundle());
    Judge::new(detector, bundle, classifier.into(), limits, at_once)
}
