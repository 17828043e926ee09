//! A month's calls of Cloud Vision, counted in the object store, so that all instances together
//! stay under a cap.
//!
//! An instance reserves calls in blocks before it makes them, with a conditional write: the store
//! is asked rarely, and the count can only be too high, by what instances reserved and did not use
//! before they ended.

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::error::Error;
use crate::storage::{Storage, StorageKey};

/// A block is this share of the cap, so that an instance that ends loses little of it.
const BLOCKS: u64 = 100;
/// Calls in a block at most.
const LARGEST_BLOCK: u64 = 50;
/// How long a count that was read for showing is shown.
const SHOWN_FOR: Duration = Duration::MINUTE;

/// Keeps calls under a monthly cap.
pub struct Quota {
    storage: Storage,
    cap: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The month that the other fields speak of, `2026-11`.
    month: String,
    /// Calls that are reserved and not made yet.
    left: u64,
    /// Whether the cap was reached.
    exhausted: bool,
    /// The count when it was last read or written in the store, and when that was.
    seen: Option<(u64, OffsetDateTime)>,
}

impl State {
    /// A new month begins with nothing reserved.
    fn turn_page(&mut self, now: OffsetDateTime) {
        let month = format!("{}-{:02}", now.year(), u8::from(now.month()));
        if self.month != month {
            *self = Self { month, ..Self::default() };
        }
    }
}

/// Calls that are free each month, and what a thousand more cost in US dollars, by Google's list of
/// 2026-11 up to five million.
const FREE_CALLS: u64 = 1000;
const USD_A_THOUSAND: f64 = 1.50;

/// How much of the cap is used, for people.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Spend {
    /// The month in UTC, `2026-11`.
    pub month: String,
    /// Calls that were made, or that an instance has reserved.
    pub calls: u64,
    /// Calls that the month may have.
    pub cap: u64,
    /// What the calls cost by list price, in US dollars.
    pub list_price_usd: f64,
}

/// What this many calls of a month cost by list price, in US dollars.
fn list_price_usd(calls: u64) -> f64 {
    calls.saturating_sub(FREE_CALLS) as f64 / 1000.0 * USD_A_THOUSAND
}

impl Quota {
    /// A quota of `cap` calls a month, counted in `storage`.
    #[must_use]
    pub fn new(storage: Storage, cap: u64) -> Self {
        Self { storage, cap, state: Mutex::default() }
    }

    /// Takes one call; `false` when the month has none left. Nobody may call without having taken
    /// one.
    ///
    /// # Errors
    /// When the store does not answer, or others were quicker several times: there must be no call
    /// then.
    pub async fn take(&self, now: OffsetDateTime) -> Result<bool, Error> {
        let mut state = self.state.lock().await;
        state.turn_page(now);
        if state.left == 0 && !state.exhausted {
            Box::pin(self.reserve(&mut state, now)).await?;
        }
        let taken = state.left > 0;
        state.left = state.left.saturating_sub(1);
        Ok(taken)
    }

    /// How much is used; up to a minute old.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn spend(&self, now: OffsetDateTime) -> Result<Spend, Error> {
        let mut state = self.state.lock().await;
        state.turn_page(now);
        let key = StorageKey::VisionCalls(&state.month);
        let calls = match state.seen {
            Some((calls, when)) if now - when < SHOWN_FOR => calls,
            _ => {
                let calls = self
                    .storage
                    .json(key, "reading the count of Cloud Vision's calls")
                    .await?
                    .unwrap_or(0);
                state.seen = Some((calls, now));
                calls
            }
        };
        Ok(Spend {
            month: state.month.clone(),
            calls,
            cap: self.cap,
            list_price_usd: list_price_usd(calls),
        })
    }

    /// Takes a block of what the month has left.
    async fn reserve(&self, state: &mut State, now: OffsetDateTime) -> Result<(), Error> {
        let block = (self.cap / BLOCKS).clamp(1, LARGEST_BLOCK);
        let (mut count, mut taken) = (0, 0);
        let take = |before: Option<u64>| {
            count = before.unwrap_or(0);
            taken = block.min(self.cap.saturating_sub(count));
            (taken > 0).then_some(count + taken)
        };
        self.storage
            .change_json(
                StorageKey::VisionCalls(&state.month),
                "counting Cloud Vision's calls",
                take,
            )
            .await?;
        state.left = taken;
        state.exhausted = taken == 0;
        state.seen = Some((count + taken, now));
        if state.exhausted {
            tracing::error!(
                vision.calls = count,
                vision.cap = self.cap,
                "the month's cap of Cloud Vision's calls is reached"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thousand_calls_are_free() {
        assert_eq!([0, 1000, 1001, 3000].map(list_price_usd), [0.0, 0.0, 0.0015, 3.0]);
    }
}
