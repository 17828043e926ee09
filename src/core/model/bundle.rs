//! A bundle: everything that judging takes, in a few files.
//!
//! `manifest.json` names the labels, the input, the thresholds and the SHA-256 of every other file.
//! A bundle whose bytes or shapes disagree with its manifest is refused, and the refusal says which
//! file.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::error::BundleError;
use super::head::Head;
use super::manifest::{MANIFEST, Manifest, ModelName};
use crate::hash::sha256;
use crate::verdict::Thresholds;

/// A bundle's files in memory: names and contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A bundle whose files agree with its manifest.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The head's numbers.
    pub head: Head,
    /// The backbone's ONNX bytes.
    pub backbone: Bytes,
    /// SHA-256 of the manifest's bytes.
    pub sha256: String,
}

impl Bundle {
    /// Checks a bundle's files; those that the manifest does not name are left alone.
    ///
    /// # Errors
    /// Says which file is missing, altered, or of the wrong shape.
    pub fn from_files(mut files: Files) -> Result<Self, BundleError> {
        let mut take = |file: &str| {
            files.remove(file).ok_or_else(|| BundleError::Missing { file: file.into() })
        };
        let bytes = take(MANIFEST)?;
        let manifest = Manifest::parse(&bytes)?;
        let mut verified = |file: &str| {
            let bytes = take(file)?;
            let (expected, actual) = (&manifest.files[file], sha256(&bytes));
            if *expected == actual {
                Ok(bytes)
            } else {
                Err(BundleError::Altered { file: file.into(), actual, expected: expected.clone() })
            }
        };
        let backbone = Bytes::from(verified(&manifest.backbone)?);
        let head = verified(&manifest.head)?;
        let file = manifest.head.clone();
        let head: Head = match serde_json::from_slice(&head) {
            Ok(head) => head,
            Err(source) => return Err(BundleError::Form { file, source }),
        };
        let (labels, features) = (manifest.labels.len(), manifest.features);
        if !head.has_shape(labels, features) {
            return Err(BundleError::HeadShape { file, labels, features });
        }
        if !head.is_finite() {
            return Err(BundleError::HeadNotFinite { file });
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
