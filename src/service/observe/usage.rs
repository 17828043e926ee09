//! How the service is used, day by day, for `/stats.html`: numbers alone, nothing of a visitor or a
//! photo.
//!
//! | name | counts |
//! |---|---|
//! | `status.done`, `.rejected`, `.failed`, `.expired` | tickets that ended so, and photos that were judged at once |
//! | `verdict.match`, `.either`, `.none` | of `done`, the best of the photo's faces |
//! | `device.mobile`, `.tablet`, `.desktop`, `.unknown` | tickets, by what they were opened on |
//! | `feedback.right`, `.wrong` | opinions on a face |
//!
//! A process counts in memory and adds what it has to the document in the site bucket, at most once
//! a minute and where no visitor waits. What a process had not written when it ended is lost, so
//! the document is a lower bound.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::{LogLine, Sink};
use crate::storage::{Storage, StorageKey};

/// How many days the document speaks of.
const DAYS: usize = 90;
/// A process adds its counts no more often.
const PERIOD: Duration = Duration::from_mins(1);

/// Counts by name.
type Counts = BTreeMap<String, u64>;

/// Counts, and adds what it has counted to the document in the site bucket.
#[derive(Default)]
pub struct Usage(Mutex<State>);

#[derive(Default)]
struct State {
    days: BTreeMap<Date, Counts>,
    /// When the process last wrote.
    written: Option<Instant>,
}

/// `stats.json`: how the service was used, day by day.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UsageDocument {
    /// Always 1.
    schema: u32,
    /// By day in UTC, `2026-11-26`: counts by name.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, u64>>)]
    days: BTreeMap<String, Counts>,
}

impl UsageDocument {
    /// This document with more counts, without the days that are too old.
    fn with(mut self, more: &BTreeMap<Date, Counts>) -> Self {
        self.schema = 1;
        for (day, counts) in more {
            add_up(self.days.entry(day.to_string()).or_default(), counts);
        }
        while self.days.len() > DAYS {
            self.days.pop_first();
        }
        self
    }
}

fn add_up(to: &mut Counts, more: &Counts) {
    for (name, count) in more {
        *to.entry(name.clone()).or_default() += count;
    }
}

impl Usage {
    /// Counts one.
    pub fn count(&self, group: &str, name: &str) {
        let day = OffsetDateTime::now_utc().date();
        let mut state = self.state();
        *state.days.entry(day).or_default().entry(format!("{group}.{name}")).or_default() += 1;
    }

    /// Adds what was counted to the document, if there is anything and the last time is a while ago;
    /// `at_once` does not wait for that. What cannot be written is kept for the next time.
    pub async fn write(&self, storage: &Storage, at_once: bool) {
        let more = {
            let mut state = self.state();
            let is_due = at_once || state.written.is_none_or(|written| written.elapsed() >= PERIOD);
            if state.days.is_empty() || !is_due {
                return;
            }
            state.written = Some(Instant::now());
            std::mem::take(&mut state.days)
        };
        let add = |document: Option<UsageDocument>| Some(document.unwrap_or_default().with(&more));
        if let Err(error) =
            storage.change_json(StorageKey::Stats, "adding to the counts", add).await
        {
            tracing::warn!(
                error = error.chain(),
                "the counts could not be written; they will be tried again"
            );
            let mut state = self.state();
            for (day, counts) in &more {
                add_up(state.days.entry(*day).or_default(), counts);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Usage {
    fn take(&self, line: &LogLine) {
        for (group, name) in &line.counts {
            self.count(group, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn counts_add_up_and_old_days_go() {
        let counted =
            |day, count| BTreeMap::from([(day, Counts::from([("status.done".to_owned(), count)]))]);
        let mut document = UsageDocument::default()
            .with(&counted(date!(2026 - 11 - 26), 2))
            .with(&counted(date!(2026 - 11 - 26), 3));
        assert_eq!(document.days["2026-11-26"]["status.done"], 5);
        let mut day = date!(2026 - 11 - 27);
        for _ in 0..DAYS {
            document = document.with(&counted(day, 1));
            day = day.next_day().unwrap();
        }
        assert_eq!((document.days.len(), document.days.contains_key("2026-11-26")), (DAYS, false));
    }
}
