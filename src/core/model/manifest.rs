//! `manifest.json`: labels, input, thresholds, and the SHA-256 of every other file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{BundleError, ManifestError};
use super::preprocess::Input;

/// The version of the manifest's form that this program reads and writes.
pub const SCHEMA: u32 = 3;
/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";
/// The folder for photos of unknowns among folders of labelled photos.
pub const UNKNOWN: &str = "unknown";
/// The optional file with names, colors and perhaps a line of character beside such folders:
///
/// `{"serval": {"ja": "サーバル", "en": "Serval", "color": "#e8a33d", "line": {"ja": "…", "en": "…"}}}`.
pub const NAMES: &str = "labels.json";

/// A character that the bundle can recognise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Lower-case letters, digits and hyphens: the folder's name and the public identifier.
    pub slug: String,
    /// The Japanese name.
    pub ja: String,
    /// The English name.
    pub en: String,
    /// A CSS color, `#rrggbb`.
    pub color: String,
    /// A line about their character, which the page shows with a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
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

/// How often photos that the head did not see were right, of those that it named with a score in a
/// band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The least score in it, 0 to 1; it ends where the next begins.
    pub from: f32,
    /// Photos that showed the Friend who was named.
    pub right: usize,
    /// Photos in it.
    pub of: usize,
}

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`SCHEMA`].
    pub schema: u32,
    /// The bundle's name, shown with every result.
    pub name: String,
    /// The characters that it can recognise; the order of the head's rows.
    pub labels: Vec<Label>,
    /// Two accepted Friends whose scores differ by less are too close to call.
    pub either_margin: f32,
    /// How often named photos are right, from the lowest scores up; empty where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<Band>,
    /// What the backbone expects.
    pub input: Input,
    /// The backbone: an ONNX file, input `[1, 3, height, width]`, output `features` numbers.
    pub backbone: String,
    /// Length of the backbone's output.
    pub features: usize,
    /// The head: a JSON file, see [`Head`](super::Head).
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

/// How a label is shown to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// The Japanese name.
    pub ja: String,
    /// The English name.
    pub en: String,
    /// A CSS color, `#rrggbb`.
    pub color: String,
    /// A line about their character, which the page shows with a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// The bundle that judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelName {
    /// The bundle's name.
    pub name: String,
    /// SHA-256 of its manifest, which in turn names the SHA-256 of every file.
    pub sha256: String,
}

impl Manifest {
    /// Reads and checks the bytes of `manifest.json`.
    ///
    /// # Errors
    /// When they are not JSON of that form, or contradict themselves.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|source| BundleError::Form { file: MANIFEST.into(), source })?;
        manifest.check().map_err(BundleError::Manifest)?;
        Ok(manifest)
    }

    /// Everything that can be said against a manifest without opening the other files.
    fn check(&self) -> Result<(), ManifestError> {
        if self.schema != SCHEMA {
            return Err(ManifestError::Schema(self.schema));
        }
        if self.labels.is_empty() {
            return Err(ManifestError::NoLabels);
        }
        let mut seen = BTreeSet::new();
        for Label { slug, threshold, .. } in &self.labels {
            if !is_slug(slug) {
                return Err(ManifestError::Slug(slug.clone()));
            }
            if !seen.insert(slug) {
                return Err(ManifestError::LabelTwice(slug.clone()));
            }
            if !(0.0..=1.0).contains(threshold) {
                return Err(ManifestError::Threshold {
                    label: slug.clone(),
                    threshold: *threshold,
                });
            }
        }
        if !(0.0..=1.0).contains(&self.either_margin) {
            return Err(ManifestError::EitherMargin(self.either_margin));
        }
        let sound =
            |band: &Band| (0.0..=1.0).contains(&band.from) && band.of > 0 && band.right <= band.of;
        if !self.bands.iter().all(sound) || !self.bands.is_sorted_by(|a, b| a.from <= b.from) {
            return Err(ManifestError::Bands);
        }
        let temperature = self.calibration.temperature;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(ManifestError::Temperature(temperature));
        }
        let Input { width, height, std, .. } = self.input;
        if !(16..=1024).contains(&width) || !(16..=1024).contains(&height) {
            return Err(ManifestError::InputSize { width, height });
        }
        if std.iter().any(|value| !value.is_normal()) {
            return Err(ManifestError::InputStd);
        }
        let (scores, labels) = (self.golden.scores.len(), self.labels.len());
        if scores != labels {
            return Err(ManifestError::GoldenScores { scores, labels });
        }
        for name in [&self.backbone, &self.head] {
            if Path::new(name).file_name().is_none_or(|file| file != name.as_str()) {
                return Err(ManifestError::FileName(name.clone()));
            }
            if !self.files.contains_key(name) {
                return Err(ManifestError::NoHash(name.clone()));
            }
        }
        Ok(())
    }
}

/// Whether `text` can name a label: lower-case letters, digits and inner hyphens, at most 40.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=40).contains(&text.len())
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
