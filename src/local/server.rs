//! One port for everything: page, API, object store. Workers judge what arrives, as the function
//! would on AWS.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tower_http::cors::{Any, CorsLayer};

use friends_service::app::{App, UploadAddress};
use friends_service::http;

pub use super::housekeeping::PERIOD as HOUSEKEEPING;
use super::object_store::{ObjectStore, UPLOADS};
use super::queue::{self, Queue};
use super::rate_limit::{self, RateLimit};
use super::{connections, housekeeping, page};

/// How long requests may take to end after the order to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(15);
/// How long photos that have arrived may still be judged after the order to stop.
const LAST_PHOTOS: Duration = Duration::from_secs(30);

/// How the server is run.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Photos that are judged at the same time.
    pub workers: usize,
    /// Whether a proxy in front of the server names the visitor in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// A folder for the counts of tries that have begun and not ended.
    pub crash_counts: PathBuf,
    /// How often overdue tickets are ended and lost photos found; [`HOUSEKEEPING`] but for tests.
    pub housekeeping: Duration,
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
        let (queue, deliveries) = queue::queue(settings.crash_counts);
        let rate_limit = Arc::new(RateLimit::new(settings.behind_proxy));

        let mut tasks = JoinSet::new();
        let (storage, lifecycle, period) =
            (store.storage(), store.lifecycle(), settings.housekeeping);
        tasks.spawn(housekeeping::keep(
            Arc::clone(&app),
            storage.clone(),
            lifecycle,
            Arc::clone(&rate_limit),
            queue.clone(),
            period,
            stopped.clone(),
        ));
        tasks.spawn(forward(store.notifications, queue, stopped.clone()));
        let deliveries = Arc::new(deliveries);
        for _ in 0..settings.workers.max(1) {
            tasks.spawn(queue::work(Arc::clone(&app), Arc::clone(&deliveries), stopped.clone()));
        }

        let api = http::router(Arc::clone(&app))
            .layer(axum::middleware::from_fn_with_state(rate_limit, rate_limit::limited));
        let site = match &app.upload_address {
            UploadAddress::Public(site) => Some(&**site),
            _ => None,
        };
        let router = api.merge(page::router(site)).merge(uploads(store.service));
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
        let drained =
            tokio::time::timeout(LAST_PHOTOS, async { while tasks.join_next().await.is_some() {} })
                .await;
        if drained.is_err() {
            tracing::warn!("some photos are left; they will be judged at the next start");
        }
        app.observer.usage().write(&storage, true).await;
    }
}

/// The upload bucket under its name, open to pages from anywhere, as a bucket's CORS rules have it.
/// Visitors put photos there and read nothing: results have a route of their own.
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
    Router::new()
        .route(&format!("/{UPLOADS}/{{*key}}"), axum::routing::get(call.clone()).put(call))
        .layer(cors)
}

/// Passes the store's notifications on until the server stops.
async fn forward(
    mut from: mpsc::UnboundedReceiver<Value>,
    to: Queue,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            biased;
            Some(event) = from.recv() => to.put_event(&event),
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}
