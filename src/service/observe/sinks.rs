//! Where lines go: into the log, or to standard output with metrics in them.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::log_line::LogLine;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "FriendsJudge";

/// Takes every line.
pub trait Sink: Send + Sync {
    /// Takes a line.
    fn take(&self, line: &LogLine);
}

/// The log, for people.
pub struct Log;

impl Sink for Log {
    fn take(&self, line: &LogLine) {
        let text = Value::Object(line.fields.clone()).to_string();
        // Of requests only those who look for them want to read: the page polls.
        if line.fields["line"] == "job" {
            tracing::info!("{text}");
        } else {
            tracing::debug!("{text}");
        }
    }
}

/// Standard output, as JSON in AWS's embedded metric format.
pub struct EmbeddedMetrics;

impl Sink for EmbeddedMetrics {
    fn take(&self, line: &LogLine) {
        let mut fields = line.fields.clone();
        if !line.metrics.is_empty() {
            let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
            fields.insert(
                "_aws".to_owned(),
                json!({
                    "Timestamp": i64::try_from(milliseconds).unwrap_or_default(),
                    "CloudWatchMetrics": [
                        {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": line.metrics},
                    ],
                }),
            );
        }
        println!("{}", Value::Object(fields));
    }
}
