//! Everything around the core: events and requests, buckets, detectors over the network, the page.

pub mod api;
pub mod app;
pub mod body;
pub mod config;
pub mod detector;
pub mod event;
pub mod feedback;
pub mod html;
#[cfg(feature = "serve")]
pub mod local;
pub mod model_dir;
pub mod off_thread;
pub mod pipeline;
pub mod prepared;
pub mod report;
pub mod result;
#[cfg(feature = "function")]
pub mod secret;
pub mod share;
pub mod storage;
pub mod tally;
pub mod telemetry;
pub mod ticket;
pub mod transport;
pub mod withdrawal;
