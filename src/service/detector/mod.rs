//! Finding faces: a closed set of detectors, what each falls back to, and how one is chosen.

mod breaker;
mod choice;
mod cloud_vision;
mod fallback;
mod ledger;

pub use breaker::Condition;
pub use choice::{DetectorSettings, VisionSettings};
pub use cloud_vision::{CloudVision, DEFAULT_URL};
pub use fallback::{Detector, Found};
pub use ledger::{Ledger, Spend};
