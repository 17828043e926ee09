//! Logs. They name a ticket by its hash and never hold a photo, a face, a signed URL or an id.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for `CloudWatch`, which adds the time itself.
    Json,
    /// For people, on standard error.
    Text,
}

/// Starts logging at `level`; libraries speak only of warnings, since at finer levels some print
/// URLs.
pub fn start(format: Format, level: LevelFilter) {
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("friends", level)
        .with_target("tract", LevelFilter::ERROR)
        // Calls every answer that is not 2xx an error, with its request; what goes wrong in the
        // store is reported by those who asked it.
        .with_target("s3s", LevelFilter::OFF)
        .with_target("aws", LevelFilter::ERROR)
        .with_target("hyper", LevelFilter::ERROR)
        .with_target("lambda_runtime", LevelFilter::ERROR);
    let layer = match format {
        Format::Json => {
            fmt::layer().json().flatten_event(true).without_time().with_target(false).boxed()
        }
        Format::Text => {
            fmt::layer().compact().with_target(false).with_writer(std::io::stderr).boxed()
        }
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}
