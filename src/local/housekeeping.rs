//! What schedules and lifecycle rules do on AWS, every minute.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;
use tokio::sync::watch;

use friends_service::app::App;
use friends_service::pipeline;
use friends_service::storage::Storage;

use super::object_store::Lifecycle;
use super::queue::Queue;
use super::rate_limit::RateLimit;

/// How often.
pub const PERIOD: Duration = Duration::from_mins(1);
/// Old objects are deleted in every so many passes: that looks at every object.
const PASSES_PER_DELETION: u32 = 60;

/// Keeps house until the server stops. Each part is done whatever became of the others.
pub async fn keep(
    app: Arc<App>,
    storage: Storage,
    lifecycle: Lifecycle,
    rate_limit: Arc<RateLimit>,
    queue: Queue,
    period: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let mut passes = tokio::time::interval(period);
    for pass in 0_u32.. {
        tokio::select! {
            _ = passes.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        let started = Instant::now();
        rate_limit.forget();
        // Of the last process, or of a visitor who went away between photo and event.
        match storage.uploaded().await {
            Ok(photos) => photos.into_iter().for_each(|id| queue.put(id)),
            Err(error) => tracing::error!(
                error = error.chain(),
                "waiting photos could not be listed; they will be tried again"
            ),
        }
        let expired =
            match pipeline::sweep(&storage, &app.observer, OffsetDateTime::now_utc()).await {
                Ok(expired) => expired,
                Err(error) => {
                    tracing::error!(
                        error = error.chain(),
                        "overdue tickets could not all be ended; they will be tried again"
                    );
                    0
                }
            };
        if pass == 0 || expired > 0 {
            let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(tickets.expired = expired, milliseconds, "swept overdue tickets");
        }
        app.observer.usage().write(&storage, true).await;
        if pass % PASSES_PER_DELETION == 0 {
            lifecycle.run(SystemTime::now()).await;
        }
    }
}
