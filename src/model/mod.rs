//! The bundle on disk, the one preprocessing, and the network.

pub mod bundle;
pub mod classifier;
pub mod preprocess;

pub use bundle::{Bundle, BundleError};
pub use classifier::{Backbone, Classifier};
pub use preprocess::Input;
