//! From folders of photos to a bundle, and from a bundle to figures about it.
//!
//! ```text
//! folder ─► dataset ─► examples (features) ─► head or prototypes ─► bundle
//!                                        └─────────────────► metrics
//! ```
//!
//! Photos go through the same decoding, detection, cropping and preprocessing as in serving.

mod background;
pub mod dataset;
pub mod detection;
pub mod examples;
pub mod head;
pub mod metrics;
mod prototypes;
mod thresholds;
pub mod trainer;
