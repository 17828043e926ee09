//! Work that computes, away from the threads that serve connections.

use crate::error::Error;

/// Runs `work` on a thread of its own, so that no connection waits for it.
///
/// # Errors
/// A fault while doing `attempt` when the work panics.
pub async fn run_blocking<T: Send + 'static>(
    attempt: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|panic| Error::fault(attempt, panic))
}
