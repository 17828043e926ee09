//! One port for everything: page, API, object store. Workers judge what arrives, as the function would on AWS.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use friends_core::error::Error;
use friends_core::limits::{PHOTO_LIFETIME, RESULT_LIFETIME};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tower_http::cors::{Any, CorsLayer};

use super::object_store::{ObjectStore, UPLOADS, created_event};
use super::visitors::{self, Visitors};
use super::{connections, page};
use crate::service::api;
use crate::service::app::App;
use crate::service::event::{self, Event};
use crate::service::pipeline;
use crate::service::storage::{Storage, StorageKey};

/// Pauses before an event is delivered again; on AWS they are about one and two minutes.
const REDELIVERY_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// How often overdue tickets are ended and old objects deleted.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// How long requests may take to end after the order to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(15);
/// How long photos that have arrived may still be judged after the order to stop.
const LAST_PHOTOS: Duration = Duration::from_secs(30);

/// How the server is run.
#[derive(Clone, Copy, Debug)]
pub struct ServerSettings {
    /// Photos that are judged at the same time.
    pub workers: usize,
    /// Whether a proxy in front of the server names the visitor in `X-Forwarded-For`.
    pub behind_proxy: bool,
}

/// The service, ready to run.
pub struct Server {
    app: Arc<App>,
    store: ObjectStore,
    settings: ServerSettings,
}

impl Server {
    /// A service whose buckets are in `store`; `app` must have been assembled with that store.
    #[must_use]
    pub fn new(app: App, store: ObjectStore, settings: ServerSettings) -> Self {
        Self { app: Arc::new(app), store, settings }
    }

    /// Serves on `listener` until `stop`, then finishes requests and the photos that have arrived.
    pub async fn run(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) {
        let Self { app, store, settings } = self;
        let (stopping, stopped) = watch::channel(false);
        let (queue, events) = mpsc::unbounded_channel();

        let mut tasks = JoinSet::new();
        tasks.spawn(forward(store.notifications, queue.clone(), stopped.clone()));
        let visitors = Arc::new(Visitors::new(Arc::clone(&app), settings.behind_proxy));
        tasks.spawn(housekeeping(Arc::clone(&app), Arc::clone(&visitors), queue, stopped));
        let events = Arc::new(Mutex::new(events));
        for _ in 0..settings.workers.max(1) {
            tasks.spawn(work(Arc::clone(&app), Arc::clone(&events)));
        }

        let api = api::router(Arc::clone(&app)).layer(axum::middleware::from_fn_with_state(visitors, visitors::limited));
        let router = api.merge(page::router()).merge(uploads(store.service));
        let (ordered, order) = oneshot::channel();
        let serving = connections::serve(listener, router, async move {
            stop.await;
            tracing::info!("stopping: what has begun is finished");
            let _ = ordered.send(());
        });
        let out_of_patience = async {
            let _ = order.await;
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        tokio::select! {
            () = serving => {}
            () = out_of_patience => tracing::warn!("some requests did not end in time"),
        }
        // Only now has the last upload been taken and its event been sent.
        let _ = stopping.send(true);
        let drained = tokio::time::timeout(LAST_PHOTOS, async { while tasks.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!("some photos are left; they will be judged at the next start");
        }
    }
}

/// The upload bucket under its name, open to pages from anywhere, as a bucket's CORS rules have it. Visitors put photos there and read
/// nothing: results have a route of their own.
fn uploads(service: s3s::service::S3Service) -> Router {
    let cors = CorsLayer::new().allow_origin(Any).allow_methods([Method::PUT]).allow_headers(Any);
    let call = async move |request: Request| -> Response {
        match service.call(request.map(s3s::Body::http_body_unsync)).await {
            Ok(response) => response.map(axum::body::Body::new).into_response(),
            Err(error) => {
                tracing::error!(error = ?error, "the object store failed");
                axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    };
    Router::new().route(&format!("/{UPLOADS}/{{*key}}"), axum::routing::any(call)).layer(cors)
}

/// Passes the store's notifications on until the server stops.
async fn forward(mut from: mpsc::UnboundedReceiver<Value>, to: mpsc::UnboundedSender<Value>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            biased;
            Some(event) = from.recv() => { let _ = to.send(event); }
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Takes events from the queue and handles them one after the other, until the queue is closed and empty.
async fn work(app: Arc<App>, events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>) {
    loop {
        let next = events.lock().await.recv().await;
        let Some(event) = next else { return };
        deliver(&app, &event).await;
    }
}

/// Delivers an event as Lambda does: twice more when it fails, and then its tickets end as failed.
async fn deliver(app: &App, event: &Value) {
    for pause in REDELIVERY_PAUSES {
        if event::handle(app, event).await.is_ok() {
            return;
        }
        tokio::time::sleep(pause).await;
    }
    let Err(error) = event::handle(app, event).await else { return };
    tracing::error!(error = error.chain(), "an event could not be handled");
    let Some(storage) = &app.storage else { return };
    if let Ok(Event::Uploaded(tickets)) = Event::parse(event, storage.uploads_bucket()) {
        for id in tickets {
            if let Err(error) = pipeline::give_up(storage, &id).await {
                tracing::error!(ticket = id.log_name(), error = error.chain(), "a ticket could not be ended; it will expire");
            }
        }
    }
}

/// At the start: judges photos whose event was lost with the last process. Then, every minute, what schedules and lifecycle
/// rules do on AWS.
async fn housekeeping(
    app: Arc<App>,
    visitors: Arc<Visitors>,
    queue: mpsc::UnboundedSender<Value>,
    mut stopped: watch::Receiver<bool>,
) {
    let Some(storage) = &app.storage else { return };
    match storage.uploaded().await {
        Ok(left) => {
            for id in &left {
                let _ = queue.send(created_event(UPLOADS, &StorageKey::Upload(id).path(), 0, ""));
            }
        }
        Err(error) => tracing::error!(error = error.chain(), "photos left from the last run could not be listed"),
    }
    let mut minutes = tokio::time::interval(HOUSEKEEPING);
    // The first sweep reads everything that the last process may have left.
    let mut reach = RESULT_LIFETIME;
    loop {
        tokio::select! {
            _ = minutes.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        visitors.forget();
        if let Err(error) = tidy(storage, reach).await {
            tracing::error!(error = error.chain(), "housekeeping failed; it will be tried again");
        } else {
            reach = 60 * HOUSEKEEPING;
        }
    }
}

async fn tidy(storage: &Storage, reach: Duration) -> Result<(), Error> {
    let now = OffsetDateTime::now_utc();
    pipeline::sweep(storage, now, reach).await?;
    storage.delete_older(now - PHOTO_LIFETIME, now - RESULT_LIFETIME).await
}
