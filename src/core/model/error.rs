//! Why a bundle is refused.

use crate::error::{Cause, Fault};

/// Why a bundle was refused. Every variant that is about one file names it.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file is not among the bundle's.
    #[error("bundle file {file} is missing")]
    Missing {
        /// Which one.
        file: String,
    },
    /// A file is not JSON of the form that it should have.
    #[error("bundle file {file} is refused: {source}")]
    Form {
        /// Which one.
        file: String,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// The manifest contradicts itself.
    #[error("bundle file {} is refused: {_0}", super::MANIFEST)]
    Manifest(#[source] ManifestError),
    /// A file's bytes are not those that the manifest means.
    #[error("bundle file {file} is refused: its SHA-256 is {actual}, the manifest says {expected}")]
    Altered {
        /// Which one.
        file: String,
        /// SHA-256 of the bytes.
        actual: String,
        /// SHA-256 in the manifest.
        expected: String,
    },
    /// The head does not have a row for each label, or a row does not have a number for each
    /// feature.
    #[error(
        "bundle file {file} is refused: its shape is not {labels} labels by {features} features, as the manifest says"
    )]
    HeadShape {
        /// Which one.
        file: String,
        /// Labels in the manifest.
        labels: usize,
        /// Features in the manifest.
        features: usize,
    },
    /// A weight is infinite or not a number.
    #[error("bundle file {file} is refused: it holds numbers that are not finite")]
    HeadNotFinite {
        /// Which one.
        file: String,
    },
    /// The backbone is no network that can be used here.
    #[error("bundle file {file} is refused: the backbone {source}")]
    Backbone {
        /// Which one.
        file: String,
        /// Why.
        source: BackboneError,
    },
    /// The network breaks on the golden picture.
    #[error("the golden scores cannot be computed")]
    GoldenRun(#[source] Fault),
    /// This machine computes other scores than the manifest says.
    #[error(
        "bundle file {} is refused: the golden score of {label} is {actual} here, the manifest says {expected}",
        super::MANIFEST
    )]
    Golden {
        /// The label's slug.
        label: String,
        /// The score that was computed.
        actual: f32,
        /// The score in the manifest.
        expected: f32,
    },
}

/// What can be said against a manifest without opening the other files.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ManifestError {
    /// Another version of the manifest's form.
    #[error("schema {_0} is unknown here; this program reads schema {}", super::SCHEMA)]
    Schema(u32),
    /// There is no label.
    #[error("it names no labels")]
    NoLabels,
    /// A label cannot name a folder.
    #[error("label {0:?} is not made of lower-case letters, digits and hyphens")]
    Slug(String),
    /// Two labels have the same slug.
    #[error("label {0:?} is there twice")]
    LabelTwice(String),
    /// A threshold that no score can be compared with.
    #[error("the threshold of {label:?} is {threshold}, not between 0 and 1")]
    Threshold {
        /// The label's slug.
        label: String,
        /// The value found.
        threshold: f32,
    },
    /// A margin that no difference of scores can be compared with.
    #[error("either_margin is {0}, not between 0 and 1")]
    EitherMargin(f32),
    /// Bands that cannot be counts of photos by rising scores.
    #[error("bands are not counts of photos by rising scores")]
    Bands,
    /// A temperature by which nothing can be divided.
    #[error("the temperature is {0}, not a positive number")]
    Temperature(f32),
    /// An input that is too small to show anything, or too large to be meant.
    #[error("an input of {width} by {height} is not between 16 and 1024 a side")]
    InputSize {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A standard deviation by which nothing can be divided.
    #[error("a standard deviation of the input is zero or not a number")]
    InputStd,
    /// Not one golden score a label.
    #[error("{scores} golden scores for {labels} labels")]
    GoldenScores {
        /// Scores in the manifest.
        scores: usize,
        /// Labels in the manifest.
        labels: usize,
    },
    /// A name that could lead out of the bundle's folder.
    #[error("{0:?} is not the name of a file in the bundle")]
    FileName(String),
    /// A file whose bytes could not be checked.
    #[error("it gives no SHA-256 for {0}")]
    NoHash(String),
}

/// Why a network cannot be a backbone, in words that follow "the backbone …".
#[derive(Debug, thiserror::Error)]
pub enum BackboneError {
    /// The bytes are no ONNX network for this input.
    #[error("is no network for an input of {shape:?}: {source:#}")]
    Network {
        /// Batch, channels, rows, columns.
        shape: [usize; 4],
        /// What the loader says.
        source: Cause,
    },
    /// The network ends nowhere.
    #[error("has no output")]
    NoOutput,
    /// The output has another length than the manifest says.
    #[error("gives {actual} features, the manifest says {expected}")]
    Features {
        /// Numbers that the network gives.
        actual: usize,
        /// Numbers that the manifest says.
        expected: usize,
    },
}
