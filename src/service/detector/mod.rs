//! Finding faces: a closed set of detectors, what each falls back to, and how one is chosen.

mod breaker;
mod choice;
mod cloud_vision;
mod fallback;
mod quota;

pub use breaker::Condition;
pub use choice::{DetectorSettings, VisionSettings};
pub use cloud_vision::{CloudVision, DEFAULT_URL};
pub use fallback::{Detector, Found};
pub use quota::{Quota, Spend};
