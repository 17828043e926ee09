//! How often each photo was tried, kept across restarts: what ends the process, or panics, is not
//! tried for ever.

use std::future::Future;
use std::path::PathBuf;

use friends_service::error::Error;
use tokio::sync::Mutex;

use friends_service::tickets::TicketId;

/// How often a photo is tried whose tries end without a word.
const TRIES: u32 = 3;

/// What came of an attempt.
#[derive(Debug, PartialEq)]
pub enum Attempt {
    /// The photo was handled.
    Handled,
    /// The photo was tried often enough, and was not tried again.
    Refused,
}

/// The tries of each photo that have begun and not ended: one small file for each, named by the
/// ticket's hash.
pub struct CrashCounter {
    folder: PathBuf,
    suspects: Mutex<()>,
}

impl CrashCounter {
    /// The record that lies in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, suspects: Mutex::default() }
    }

    /// Runs `handling` as a task of its own, unless the photo was tried often enough.
    ///
    /// # Errors
    /// Those of `handling`, and a fault where it panics. Only a panic, or an end of the process,
    /// counts against the photo.
    pub async fn attempt<F>(&self, id: &TicketId, handling: F) -> Result<Attempt, Error>
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let before = self.begin(id);
        if before >= TRIES {
            return Ok(Attempt::Refused);
        }
        // Photos that were in hand when the process ended are tried one at a time: one of them was
        // the reason.
        let _alone = if before > 0 { Some(self.suspects.lock().await) } else { None };
        let handled = tokio::spawn(handling)
            .await
            .map_err(|panic| Error::fault("handling an event", panic))?;
        self.forget(id);
        handled.map(|()| Attempt::Handled)
    }

    /// Forgets the photo: it was handled, or given up.
    pub fn forget(&self, id: &TicketId) {
        let _ = std::fs::remove_file(self.file(id));
    }

    /// Notes that a try begins; returns how many have begun before.
    fn begin(&self, id: &TicketId) -> u32 {
        let file = self.file(id);
        let before =
            std::fs::read_to_string(&file).ok().and_then(|count| count.parse().ok()).unwrap_or(0);
        let noted = std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(&file, (before + 1_u32).to_string()));
        if let Err(error) = noted {
            tracing::warn!(error = %error, "tries cannot be counted");
        }
        before
    }

    fn file(&self, id: &TicketId) -> PathBuf {
        self.folder.join(id.log_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A panic on a worker thread; the future names a type, as `async { panic!() }` cannot.
    async fn panics() -> Result<(), Error> {
        tokio::task::yield_now().await;
        std::panic::resume_unwind(Box::new("a decoder's fault"))
    }

    #[tokio::test]
    async fn a_photo_whose_handling_panics_is_refused_after_three_tries_and_others_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let (bad, good) = (TicketId::random().unwrap(), TicketId::random().unwrap());
        for _ in 0..TRIES {
            // A record of its own each time, as after a restart.
            let crashes = CrashCounter::new(folder.path().to_owned());
            assert!(crashes.attempt(&bad, panics()).await.is_err());
            assert_eq!(crashes.attempt(&good, async { Ok(()) }).await.unwrap(), Attempt::Handled);
        }
        let crashes = CrashCounter::new(folder.path().to_owned());
        assert_eq!(crashes.attempt(&bad, async { Ok(()) }).await.unwrap(), Attempt::Refused);
        crashes.forget(&bad);
        assert_eq!(crashes.attempt(&bad, async { Ok(()) }).await.unwrap(), Attempt::Handled);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_storage_that_is_down_counts_against_no_photo() {
        let folder = tempfile::tempdir().unwrap();
        let (crashes, id) =
            (CrashCounter::new(folder.path().to_owned()), TicketId::random().unwrap());
        for _ in 0..2 * TRIES {
            assert!(
                crashes
                    .attempt(&id, async { Err(Error::transient("reading", "down")) })
                    .await
                    .is_err()
            );
        }
        assert_eq!(crashes.attempt(&id, async { Ok(()) }).await.unwrap(), Attempt::Handled);
    }
}
