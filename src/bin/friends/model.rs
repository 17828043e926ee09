//! Loading what several commands need.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use friends_judge::config;
use friends_judge::face::Embedded;
use friends_judge::model::{Bundle, Classifier};
use friends_judge::training::examples::Framing;

/// The bundle in `choice`, or the shipped one.
pub fn classifier(choice: Option<&Path>) -> anyhow::Result<Classifier> {
    let dir: PathBuf = config::model_dir(choice, &config::environment);
    let loaded = Bundle::load(&dir).and_then(Classifier::new);
    loaded.with_context(|| format!("the bundle {} cannot be used (choose one with --model or FRIENDS_MODEL_DIR)", dir.display()))
}

/// Heads found by the embedded detector, or whole pictures.
pub fn framing(whole: bool) -> anyhow::Result<Framing> {
    Ok(if whole { Framing::Whole } else { Framing::Detect(Arc::new(Embedded::load()?)) })
}
