//! What operators see: log lines with metrics, counts of use.

pub mod device;
pub mod log_line;
mod sinks;
pub mod telemetry;
mod usage;

use std::sync::Arc;

pub use self::log_line::{Invocation, LogLine, in_invocation};
pub use self::sinks::{EmbeddedMetrics, Log, NAMESPACE, Sink};
pub use self::usage::{Usage, UsageDocument};

/// Takes what happens in one service: each line goes to a sink, and what it counts to the counts of use.
pub struct Observer {
    lines: Box<dyn Sink>,
    usage: Arc<Usage>,
}

impl Observer {
    /// Lines go to this sink; nothing has been counted yet.
    pub fn new(lines: impl Sink + 'static) -> Self {
        Self { lines: Box::new(lines), usage: Arc::default() }
    }

    /// Takes a line.
    pub fn take(&self, line: &LogLine) {
        self.usage.take(line);
        self.lines.take(line);
    }

    /// The counts of use.
    #[must_use]
    pub fn usage(&self) -> &Arc<Usage> {
        &self.usage
    }
}
