//! What tests stand on: pictures that we draw, a service on a free port, and stand-ins that speak the exact contracts.

pub mod cloud_vision;
pub mod pictures;
pub mod process;
pub mod runtime_api;
pub mod service;

use std::path::PathBuf;

use friends_judge::model::{Bundle, Classifier};

/// The bundle that ships.
pub fn bundle_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/friends")
}

/// The shipped bundle, loaded.
pub fn classifier() -> Classifier {
    Classifier::new(Bundle::load(&bundle_dir()).expect("the shipped bundle is in order")).expect("and so is its backbone")
}
