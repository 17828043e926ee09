//! The whole service in this process, on a free port.

use std::net::SocketAddr;
use std::time::Duration;

use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_local::object_store::ObjectStore;
use friends_local::server::{Server, ServerSettings};
use friends_service::app::{App, UploadAddress};
use friends_service::detector::Detector;
use friends_service::observe::{Log, Observer};
use friends_service::storage::Storage;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::tickets;

/// A running service; it stops when it is dropped.
pub struct Service {
    pub address: SocketAddr,
    pub http: reqwest::Client,
    pub storage: Storage,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
    data: TempDir,
}

impl Service {
    /// Starts with the embedded detector and the shipped bundle.
    pub async fn start() -> Self {
        Self::with(Detector::Embedded(FaceDetector::load().unwrap().into()), Limits::default())
            .await
    }

    pub async fn with(detector: Detector, limits: Limits) -> Self {
        let data = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let store = ObjectStore::open(data.path()).unwrap();
        let storage = store.storage();
        let judge = super::judge(detector, limits, 2);
        let app = App {
            judge,
            storage: Some(storage.clone()),
            upload_address: UploadAddress::SameHost,
            observer: Observer::new(Log),
            contact: Some("friends@example.com".to_owned()),
        };
        let crash_counts = data.path().join("tries");
        let settings = ServerSettings {
            workers: 2,
            behind_proxy: false,
            crash_counts,
            housekeeping: Duration::from_millis(200),
        };
        let server = Server::new(app, store, settings);
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            server.run(listener, async { drop(stopped.await) }).await;
        });
        let http = friends_service::settings::transport::client().unwrap();
        Self { address, http, storage, stop: Some(stop), running, data }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Opens a ticket for a JPEG of this many bytes.
    pub async fn ticket(&self, size_bytes: usize) -> Value {
        tickets::open(&self.http, &self.url(""), size_bytes).await
    }

    /// Uploads as a ticket says.
    pub async fn upload(&self, ticket: &Value, body: Vec<u8>) -> reqwest::StatusCode {
        tickets::upload(&self.http, ticket, body).await
    }

    /// Waits for the end of a ticket.
    pub async fn end_of(&self, ticket: &Value) -> Value {
        tickets::end_of(&self.http, &tickets::result_url(&self.url(""), ticket)).await
    }

    /// The folder of the object store.
    pub fn folder(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Stops the service, waits until it has, and returns its folder.
    pub async fn stop(mut self) -> TempDir {
        let _ = self.stop.take().unwrap().send(());
        self.running.await.unwrap();
        self.data
    }
}
