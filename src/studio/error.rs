//! What can be wrong with the studio's files.

use std::path::PathBuf;

/// Why a description, or a folder of photographs, was refused.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The text is not TOML, or a field is missing, unknown or of the wrong kind; the message
    /// quotes the line.
    #[error("invalid character description: {0}")]
    Description(#[from] toml::de::Error),
    /// A number is outside the range in which the part can be drawn.
    #[error("invalid character description: {field} is {value}, but must be {low} to {high}")]
    OutOfRange {
        /// Path of the field, such as `hair.length`.
        field: &'static str,
        /// The value found.
        value: f32,
        /// Smallest allowed value.
        low: f32,
        /// Largest allowed value.
        high: f32,
    },
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `boxes.json` is not of the form that it should have.
    #[error("{} is not a list of files with boxes", path.display())]
    Boxes {
        /// Which file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// `boxes.json` is an empty list.
    #[error("{} lists no photo", path.display())]
    NoPhotos {
        /// Which file.
        path: PathBuf,
    },
    /// A listed photo cannot be decoded.
    #[error("{} cannot be decoded", path.display())]
    Photo {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: image::ImageError,
    },
    /// No listed face is large enough to wear a costume.
    #[error("{} has no face of {min_face} pixels or more", path.display())]
    NoFaces {
        /// Which folder.
        path: PathBuf,
        /// The shorter side that a face needs, in pixels.
        min_face: f32,
    },
}
