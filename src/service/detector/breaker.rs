//! Spares photos the wait for a service that does not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nobody asks after the service has failed.
const PAUSE: Duration = Duration::from_mins(1);

/// How the service has answered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Well, or it was not asked yet.
    Answering,
    /// Not at all, in any try.
    Unreachable,
    /// It refuses our requests: a wrong key, an API that is not enabled.
    Refusing,
}

impl Condition {
    /// As `/api/health` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answering => "answering",
            Self::Unreachable => "unreachable",
            Self::Refusing => "refusing",
        }
    }
}

/// Remembers how the service has answered last, and for how long it is left alone.
#[derive(Debug)]
pub struct Breaker(Mutex<(Condition, Option<Instant>)>);

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new((Condition::Answering, None)))
    }
}

impl Breaker {
    /// How the service has answered last.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.state().0
    }

    /// Whether the service is to be asked now.
    #[must_use]
    pub fn lets_through(&self) -> bool {
        self.state().1.is_none_or(|until| until <= Instant::now())
    }

    /// The service was asked; returns whether its condition is another one than before.
    pub fn note(&self, condition: Condition) -> bool {
        let until = (condition != Condition::Answering).then(|| Instant::now() + PAUSE);
        let before = std::mem::replace(&mut *self.state(), (condition, until));
        before.0 != condition
    }

    fn state(&self) -> MutexGuard<'_, (Condition, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
