//! What takes a while to load is loaded on a thread of its own, while other work goes on; whoever
//! needs it waits for it.

use std::sync::{Arc, LazyLock};

use friends_core::error::{Fault, chain};

type Work<T> = Box<dyn FnOnce() -> Result<T, String> + Send>;

/// A value that is there, or is on its way.
pub struct Preloaded<T>(Arc<LazyLock<Result<T, String>, Work<T>>>);

impl<T> Clone for Preloaded<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + Sync + 'static> Preloaded<T> {
    /// Leaves `work` to the first thread that needs the value.
    pub fn later(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Self {
        let work: Work<T> = Box::new(|| work().map_err(|error| chain(&error)));
        Self(Arc::new(LazyLock::new(work)))
    }

    /// Begins `work` on another thread.
    pub fn begin(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Self {
        let preloaded = Self::later(work);
        let begun = preloaded.clone();
        // Where there is no thread to be had, whoever needs the value first does the work.
        let _ = std::thread::Builder::new().spawn(move || {
            let _ = LazyLock::force(&begun.0);
        });
        preloaded
    }

    /// The value, once it is there. Blocks until then.
    ///
    /// # Errors
    /// When it could not be prepared, each time.
    pub fn get(&self) -> Result<&T, Fault> {
        self.0
            .as_ref()
            .as_ref()
            .map_err(|problem| Fault::new("loading what judging needs", problem.clone()))
    }
}

impl<T: Send + Sync + 'static> From<T> for Preloaded<T> {
    /// A value that is there.
    fn from(value: T) -> Self {
        let work: Work<T> = Box::new(|| Ok(value));
        Self(Arc::new(LazyLock::new(work)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_begins_at_once_and_is_done_once() {
        let (begun, beginning) = mpsc::channel();
        let (go, going) = mpsc::channel::<()>();
        let prepared = Preloaded::begin(move || {
            begun.send(()).unwrap();
            going.recv().unwrap();
            Ok(7)
        });
        beginning.recv().unwrap();
        go.send(()).unwrap();
        assert_eq!((*prepared.get().unwrap(), *prepared.clone().get().unwrap()), (7, 7));
    }

    #[test]
    fn a_failure_is_told_to_everybody() {
        let prepared: Preloaded<u8> = Preloaded::begin(|| Err(Fault::new("parsing", "no network")));
        for _ in 0..2 {
            assert!(chain(&prepared.get().unwrap_err()).contains("no network"));
        }
    }
}
