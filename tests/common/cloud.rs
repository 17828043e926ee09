//! The cloud around the function: an embedded S3 on a free port, which fails on demand.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use friends_local::object_store::ObjectStore;
use friends_service::storage::{Storage, StorageKey};
use friends_service::tickets::{ResultDocument, TicketId};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::runtime_api::{Function, Said};
use crate::events::recorded;

/// What a request meets with.
#[derive(Clone, Copy)]
pub enum Fault {
    /// A refusal in S3's form.
    Refusal(u16, &'static str),
    /// No answer, ever.
    Silence,
}

/// A method, the beginning of a key, and what requests with these meet with.
type Injected = (Method, &'static str, Fault);

/// The fault that is asked for, and a signal for each request that met with it.
#[derive(Clone, Default)]
struct Faults(Arc<Mutex<Option<Injected>>>, Arc<Notify>);

impl Faults {
    async fn answer(&self, asked_method: Method, path: String) -> Option<Response> {
        let asked = self.0.lock().unwrap().clone();
        let (method, key, fault) = asked?;
        let (_, asked_key) = path.trim_start_matches('/').split_once('/')?;
        if asked_method != method || !asked_key.starts_with(key) {
            return None;
        }
        self.1.notify_one();
        match fault {
            Fault::Refusal(status, code) => {
                let body = format!(
                    "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>"
                );
                Some(
                    (
                        StatusCode::from_u16(status).unwrap(),
                        [("content-type", "application/xml")],
                        body,
                    )
                        .into_response(),
                )
            }
            Fault::Silence => std::future::pending().await,
        }
    }
}

/// An embedded S3 on a free port, and the environment that leads a function to it.
pub struct Cloud {
    pub storage: Storage,
    environment: Vec<(&'static str, String)>,
    faults: Faults,
    data: tempfile::TempDir,
}

impl Cloud {
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(data.path()).unwrap();
        let settings = store.settings();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let environment = vec![
            ("FRIENDS_UPLOAD_BUCKET", settings.uploads_bucket.clone()),
            ("FRIENDS_SITE_BUCKET", settings.site_bucket.clone()),
            ("FRIENDS_MODEL_DIR", crate::common::bundle_dir().to_str().unwrap().to_owned()),
            ("AWS_REGION", settings.region.clone()),
            ("AWS_ENDPOINT_URL_S3", format!("http://{}", listener.local_addr().unwrap())),
            ("AWS_ACCESS_KEY_ID", settings.credentials.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", settings.credentials.secret_access_key().to_owned()),
        ];
        let storage = store.storage();
        let service = store.service.clone();
        let faults = Faults::default();
        let injected = faults.clone();
        let router = axum::Router::new().fallback(async move |request: Request| {
            if let Some(answer) =
                injected.answer(request.method().clone(), request.uri().path().to_owned()).await
            {
                return answer;
            }
            service
                .call(request.map(s3s::Body::http_body_unsync))
                .await
                .unwrap()
                .map(axum::body::Body::new)
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { storage, environment, faults, data }
    }

    pub async fn function(&self) -> Function {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Function::start(&environment).await
    }

    /// The same with another value of a variable.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.into()));
        self
    }

    /// From now on, each request with this method for a key that begins like this meets with a
    /// fault.
    pub fn fail(&self, method: Method, key: &'static str, fault: Fault) {
        *self.faults.0.lock().unwrap() = Some((method, key, fault));
    }

    /// No more faults.
    pub fn mend(&self) {
        *self.faults.0.lock().unwrap() = None;
    }

    /// Waits until a request has met with a fault.
    pub async fn fault_met(&self) {
        self.faults.1.notified().await;
    }

    /// A ticket whose photo has arrived, and the event that says so.
    pub async fn uploaded(&self, photo: Vec<u8>) -> (TicketId, Value) {
        let id = self.waiting(Duration::minutes(15)).await;
        self.storage.keep(StorageKey::Upload(id.as_str()), photo).await.unwrap();
        let event = event(&[&StorageKey::Upload(id.as_str()).path()]);
        (id, event)
    }

    pub async fn waiting(&self, time_left: Duration) -> TicketId {
        let (id, now) = (TicketId::random().unwrap(), OffsetDateTime::now_utc());
        let document = ResultDocument::waiting(
            id.as_str().into(),
            now,
            now + time_left,
            now + Duration::days(7),
        );
        self.storage.open(&id, &document).await.unwrap();
        id
    }

    /// Makes a ticket look as if it had been opened this long ago.
    pub fn backdate(&self, id: &TicketId, age: std::time::Duration) {
        let name = id.as_str();
        let mut folders = vec![self.data.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if entry.file_name().to_str() == Some(name) {
                    let file = std::fs::File::options().write(true).open(entry.path()).unwrap();
                    return file.set_modified(std::time::SystemTime::now() - age).unwrap();
                }
            }
        }
        panic!("the document lies nowhere");
    }

    pub async fn status(&self, id: &TicketId) -> &'static str {
        self.storage.result(id).await.unwrap().unwrap().document.state.name()
    }

    pub async fn photo_is_there(&self, id: &TicketId) -> bool {
        self.storage.photo(id, u64::MAX).await.unwrap().is_some()
    }
}

/// The recorded notification, with a record for each key.
pub fn event(keys: &[&str]) -> Value {
    let mut event = recorded("s3-object-created.json");
    let record = event["Records"][0].take();
    let records = keys.iter().map(|key| {
        let mut record = record.clone();
        record["s3"]["object"]["key"] = json!(key);
        record
    });
    event["Records"] = records.collect();
    event
}

/// Status and JSON body of an API Gateway response.
pub fn answer(said: Said) -> (u64, Value) {
    let Said::Response(response) = said else { panic!("{said:?}") };
    let body =
        response["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
    (response["statusCode"].as_u64().unwrap_or(0), body)
}
