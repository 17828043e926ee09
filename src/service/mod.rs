//! Everything around the core: events and requests, buckets, detectors over the network, the page.

pub mod api;
pub mod app;
pub mod body;
pub mod config;
pub mod deletion;
pub mod detector;
pub mod event;
pub mod feedback;
pub mod html;
#[cfg(feature = "serve")]
pub mod local;
pub mod model_dir;
pub mod pipeline;
pub mod preloaded;
pub mod report;
pub mod result;
pub mod run_blocking;
#[cfg(feature = "function")]
pub mod secret;
pub mod share;
pub mod storage;
pub mod telemetry;
pub mod ticket;
pub mod transport;
pub mod usage;
