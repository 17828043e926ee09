//! What operators see: log lines with metrics, counts of use.

pub mod log_line;
pub mod telemetry;
pub mod usage;
