//! The whole service in this process, on a free port.

use std::net::SocketAddr;
use std::sync::Arc;

use friends_judge::face::{Detector, Embedded};
use friends_judge::local::server::Server;
use friends_judge::photo::Limits;
use friends_judge::pipeline::Judge;
use friends_judge::storage::Storage;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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
        Self::with(Detector::Embedded(Arc::new(Embedded::load().unwrap())), Limits::default()).await
    }

    pub async fn with(detector: Detector, limits: Limits) -> Self {
        let data = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::open(data.path(), Judge::new(detector, super::classifier(), limits, 2), 2).unwrap();
        let storage = server.storage().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            server.run(listener, async { drop(stopped.await) }).await.unwrap();
        });
        let http = friends_judge::transport::client().unwrap();
        Self { address, http, storage, stop: Some(stop), running, data }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Opens a ticket for a JPEG of this many bytes.
    pub async fn ticket(&self, size_bytes: usize) -> Value {
        let wish = json!({"content_type": "image/jpeg", "size_bytes": size_bytes});
        let answer = self.http.post(self.url("/api/uploads")).json(&wish).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    /// Uploads as a ticket says.
    pub async fn upload(&self, ticket: &Value, body: Vec<u8>) -> reqwest::StatusCode {
        upload(&self.http, ticket, body).await
    }

    /// Waits for the end of a ticket.
    pub async fn end_of(&self, ticket: &Value) -> Value {
        end_of(&self.http, &self.url(ticket["result_url"].as_str().unwrap())).await
    }

    /// Stops the service, waits until it has, and returns its folder.
    pub async fn stop(mut self) -> TempDir {
        let _ = self.stop.take().unwrap().send(());
        self.running.await.unwrap();
        self.data
    }
}

/// Uploads `body` exactly as the ticket says.
pub async fn upload(http: &reqwest::Client, ticket: &Value, body: Vec<u8>) -> reqwest::StatusCode {
    let upload = &ticket["upload"];
    let mut request = http.put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(body).send().await.unwrap().status()
}

/// Polls a result until it is terminal; the test fails when the ticket does not end in a minute.
pub async fn end_of(http: &reqwest::Client, url: &str) -> Value {
    let polling = async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            pause.tick().await;
            let document: Value = http.get(url).send().await.unwrap().json().await.unwrap();
            if document["status"] != "waiting" {
                return document;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), polling).await.expect("every ticket ends")
}
