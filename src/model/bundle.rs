//! A bundle: everything a judge knows, in one folder.
//!
//! `manifest.json` names the labels, the input, the thresholds and the SHA-256 of every other file. A bundle whose bytes or
//! shapes disagree with its manifest is refused when it is read, and the refusal says which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::preprocess::Input;
use crate::result::ModelName;
use crate::verdict::Thresholds;

/// The version of the manifest's shape that this program reads and writes.
pub const SCHEMA: u32 = 1;
/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";

/// Somebody whom the bundle can recognise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Lower-case letters, digits and hyphens: the folder's name and the public identifier.
    pub slug: String,
    /// The Japanese name.
    pub ja: String,
    /// The English name.
    pub en: String,
    /// A CSS colour, `#rrggbb`.
    pub color: String,
    /// The least score that counts as this Friend, 0 to 1.
    pub threshold: f32,
}

/// The scores that the bundle gives for [`Input::golden_picture`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// One score a label, in order.
    pub scores: Vec<f32>,
    /// How far a score may be off, on any machine.
    pub tolerance: f32,
}

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`SCHEMA`].
    pub schema: u32,
    /// The bundle's name, shown with every result.
    pub name: String,
    /// Whom it knows; the order of the head's rows.
    pub labels: Vec<Label>,
    /// Two accepted Friends whose scores differ by less are too close to call.
    pub either_margin: f32,
    /// What the backbone expects.
    pub input: Input,
    /// The backbone: an ONNX file, input `[1, 3, height, width]`, output `features` numbers.
    pub backbone: String,
    /// Length of the backbone's output.
    pub features: usize,
    /// The head: a JSON file, see [`Head`].
    pub head: String,
    /// Scores are `sigmoid(logit / temperature)`.
    pub calibration: Calibration,
    /// Hexadecimal SHA-256 of every file but the manifest.
    pub files: BTreeMap<String, String>,
    /// A known answer.
    pub golden: Golden,
    /// How the bundle came about, for people.
    pub training: serde_json::Value,
}

/// How logits become scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Over 1 the scores move towards the middle, under 1 away from it.
    pub temperature: f32,
}

/// One linear unit a label over the backbone's features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `labels` rows of `features` numbers.
    pub weights: Vec<Vec<f32>>,
    /// One number a label.
    pub bias: Vec<f32>,
}

/// Why a bundle was refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file cannot be read.
    #[error("bundle file {path} cannot be read")]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("bundle file {path} is refused: {reason}")]
    Refused {
        /// Which one.
        path: PathBuf,
        /// What disagrees with what.
        reason: String,
    },
}

impl BundleError {
    pub(super) fn refused(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Refused { path: path.into(), reason: reason.into() }
    }
}

/// A bundle whose files agree with its manifest.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The head's numbers.
    pub head: Head,
    /// The backbone's ONNX bytes.
    pub backbone: Vec<u8>,
    /// SHA-256 of the manifest's bytes.
    pub sha256: String,
}

impl Bundle {
    /// Reads and checks the bundle in `dir`.
    ///
    /// # Errors
    /// Says which file is missing, altered, or of the wrong shape.
    pub fn load(dir: &Path) -> Result<Self, BundleError> {
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|source| BundleError::Unreadable { path, source })
        };
        let bytes = read(MANIFEST)?;
        let manifest: Manifest = parse(&dir.join(MANIFEST), &bytes)?;
        manifest.check().map_err(|reason| BundleError::refused(dir.join(MANIFEST), reason))?;
        let verified = |name: &str| {
            let bytes = read(name)?;
            let (said, is) = (&manifest.files[name], sha256(&bytes));
            if *said == is {
                Ok(bytes)
            } else {
                Err(BundleError::refused(dir.join(name), format!("its SHA-256 is {is}, the manifest says {said}")))
            }
        };
        let backbone = verified(&manifest.backbone)?;
        let head: Head = parse(&dir.join(&manifest.head), &verified(&manifest.head)?)?;
        let (labels, features) = (manifest.labels.len(), manifest.features);
        if head.weights.len() != labels || head.bias.len() != labels || head.weights.iter().any(|row| row.len() != features) {
            return Err(BundleError::refused(
                dir.join(&manifest.head),
                format!("its shape is not {labels} labels by {features} features, as the manifest says"),
            ));
        }
        if head.weights.iter().flatten().chain(&head.bias).any(|number| !number.is_finite()) {
            return Err(BundleError::refused(dir.join(&manifest.head), "it holds numbers that are not finite"));
        }
        Ok(Self { head, backbone, sha256: sha256(&bytes), manifest })
    }

    /// The labels' slugs, in order.
    #[must_use]
    pub fn slugs(&self) -> Vec<&str> {
        self.manifest.labels.iter().map(|label| label.slug.as_str()).collect()
    }

    /// What separates known from unknown here.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        Thresholds {
            accept: self.manifest.labels.iter().map(|label| label.threshold).collect(),
            margin: self.manifest.either_margin,
        }
    }

    /// Name and hash, for results.
    #[must_use]
    pub fn model_name(&self) -> ModelName {
        ModelName { name: self.manifest.name.clone(), sha256: self.sha256.clone() }
    }
}

impl Manifest {
    /// Everything that can be said against a manifest without opening the other files.
    fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!("schema {} is unknown here; this program reads schema {SCHEMA}", self.schema));
        }
        if self.labels.is_empty() {
            return Err("it names no labels".into());
        }
        let mut seen = BTreeSet::new();
        for label in &self.labels {
            if !is_slug(&label.slug) {
                return Err(format!("label {:?} is not made of lower-case letters, digits and hyphens", label.slug));
            }
            if !seen.insert(&label.slug) {
                return Err(format!("label {:?} is there twice", label.slug));
            }
            if !(0.0..=1.0).contains(&label.threshold) {
                return Err(format!("the threshold of {:?} is {}, not between 0 and 1", label.slug, label.threshold));
            }
        }
        if !(0.0..=1.0).contains(&self.either_margin) {
            return Err(format!("either_margin is {}, not between 0 and 1", self.either_margin));
        }
        if !(self.calibration.temperature.is_finite() && self.calibration.temperature > 0.0) {
            return Err(format!("the temperature is {}, not a positive number", self.calibration.temperature));
        }
        let Input { width, height, deviation, .. } = self.input;
        if !(16..=1024).contains(&width) || !(16..=1024).contains(&height) {
            return Err(format!("an input of {width} by {height} is not between 16 and 1024 a side"));
        }
        if deviation.iter().any(|value| !value.is_normal()) {
            return Err("a deviation of the input is zero or not a number".into());
        }
        if self.golden.scores.len() != self.labels.len() {
            return Err(format!("{} golden scores for {} labels", self.golden.scores.len(), self.labels.len()));
        }
        for name in [&self.backbone, &self.head] {
            if Path::new(name).file_name().is_none_or(|file| file != name.as_str()) {
                return Err(format!("{name:?} is not the name of a file in the bundle"));
            }
            if !self.files.contains_key(name) {
                return Err(format!("it gives no SHA-256 for {name}"));
            }
        }
        Ok(())
    }
}

/// Whether `text` can name a label: lower-case letters, digits and inner hyphens, at most 40.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=40).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

/// Hexadecimal SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, BundleError> {
    serde_json::from_slice(bytes).map_err(|error| BundleError::refused(path, error.to_string()))
}
