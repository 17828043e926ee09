//! The way from an upload's event to the function's handler: on AWS, Lambda's queue does this.
//!
//! A photo stands in the queue once. What fails is delivered again, later each time, until it
//! succeeds: its ticket ends at its deadline at the latest. A photo whose handling ended the
//! process is tried three times in all.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use friends_service::error::Error;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};

use friends_service::app::App;
use friends_service::event::{self, Event};
use friends_service::pipeline;
use friends_service::tickets::TicketId;

use super::crash_counter::{Attempt, CrashCounter};
use super::object_store::UPLOADS;

/// The pause before the second delivery; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A photo on its way.
struct Delivery {
    id: TicketId,
    pause: Duration,
}

/// The tickets in the queue or in a worker's hands, and whether another event came for each since.
type Known = Arc<Mutex<HashMap<TicketId, bool>>>;

/// Photos that wait for a worker, or that one has in hand.
#[derive(Clone)]
pub struct Queue {
    sender: mpsc::UnboundedSender<Delivery>,
    known: Known,
}

/// The other end of a [`Queue`].
pub struct Deliveries {
    receiver: AsyncMutex<mpsc::UnboundedReceiver<Delivery>>,
    /// For deliveries that are put back; it does not keep the queue open.
    back: mpsc::WeakUnboundedSender<Delivery>,
    known: Known,
    crashes: CrashCounter,
}

/// A queue whose record of tries lies in `crash_counts`.
pub fn queue(crash_counts: PathBuf) -> (Queue, Deliveries) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let known = Known::default();
    let back = sender.downgrade();
    let deliveries = Deliveries {
        receiver: AsyncMutex::new(receiver),
        back,
        known: Arc::clone(&known),
        crashes: CrashCounter::new(crash_counts),
    };
    (Queue { sender, known }, deliveries)
}

impl Queue {
    /// Takes in the photos that an event of the object store names.
    pub fn put_event(&self, event: &Value) {
        match Event::parse(event, UPLOADS) {
            Ok(Event::Uploaded(tickets)) => tickets.into_iter().for_each(|id| self.put(id)),
            Ok(_) => {}
            Err(error) => tracing::error!(error = error.chain(), "an event could not be read"),
        }
    }

    /// Takes in a ticket's photo, unless it is in the queue.
    pub fn put(&self, id: TicketId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.contains_key(&id);
        known.insert(id.clone(), is_known);
        if !is_known {
            // The workers have ended: the photo stays for the next start.
            let _ = self.sender.send(Delivery { id, pause: FIRST_PAUSE });
        }
    }
}

impl Deliveries {
    /// Whether another event came while the ticket was handled. If not, it has left the queue.
    fn came_again(&self, id: &TicketId) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(id) {
            Some(again) if *again => {
                *again = false;
                true
            }
            _ => {
                known.remove(id);
                false
            }
        }
    }
}

/// Takes deliveries and handles them one after the other, until the queue is closed and empty.
pub async fn work(app: Arc<App>, deliveries: Arc<Deliveries>, stopped: watch::Receiver<bool>) {
    loop {
        let next = deliveries.receiver.lock().await.recv().await;
        let Some(delivery) = next else { return };
        loop {
            if let Err(error) = attempt(&app, &deliveries.crashes, &delivery.id).await {
                tracing::warn!(
                    ticket = delivery.id.log_name(),
                    error = error.chain(),
                    "an event is delivered again later"
                );
                tokio::spawn(put_back(deliveries.back.clone(), delivery, stopped.clone()));
                break;
            }
            // A second photo may have come when the first one was all but done with.
            if !deliveries.came_again(&delivery.id) {
                break;
            }
        }
    }
}

/// Puts a delivery back after its pause; when the server stops, the photo stays for the next start.
async fn put_back(
    back: mpsc::WeakUnboundedSender<Delivery>,
    delivery: Delivery,
    mut stopped: watch::Receiver<bool>,
) {
    tokio::select! {
        () = tokio::time::sleep(delivery.pause) => {}
        _ = stopped.wait_for(|stopped| *stopped) => return,
    }
    if let Some(sender) = back.upgrade() {
        let _ = sender.send(Delivery { pause: LONGEST_PAUSE.min(2 * delivery.pause), ..delivery });
    }
}

/// Handles a photo's event, or gives the photo up that was tried often enough.
async fn attempt(app: &Arc<App>, crashes: &CrashCounter, id: &TicketId) -> Result<(), Error> {
    let handling = {
        let (app, event) = (Arc::clone(app), Event::Uploaded(vec![id.clone()]));
        Box::pin(async move { event::run(&app, event).await })
    };
    if crashes.attempt(id, handling).await? == Attempt::Refused {
        tracing::error!(
            ticket = id.log_name(),
            "every try ended without a word; the photo is given up"
        );
        if let Some(storage) = &app.storage {
            pipeline::give_up(storage, &app.observer, id).await?;
        }
        crashes.forget(id);
    }
    Ok(())
}
