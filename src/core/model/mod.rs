//! A bundle's files and what they mean, the one preprocessing, and the network.

mod bundle;
mod classifier;
mod discriminant_head;
mod error;
mod half_rows;
mod head;
mod linear_head;
mod manifest;
mod preprocess;
mod prototype_head;

pub use bundle::{Bundle, Files};
pub use classifier::{Backbone, Classifier};
pub use discriminant_head::{DiscriminantHead, nearest};
pub use error::{BackboneError, BundleError, ManifestError};
pub use head::Head;
pub use linear_head::{LinearHead, sigmoid};
pub use manifest::{
    Band, Calibration, Golden, Label, Line, MANIFEST, Manifest, ModelName, NAMES, Names, SCHEMA,
    UNKNOWN, is_slug,
};
pub use preprocess::Input;
pub use prototype_head::{PrototypeHead, dot, evidence, unit};
