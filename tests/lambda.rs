//! The function's real binary under a runtime API, with an S3 of its own behind it.

use friends_judge::service::local::object_store::ObjectStore;
use friends_judge::service::result::{ResultDocument, Status};
use friends_judge::service::storage::{Storage, StorageKey};
use friends_judge::service::ticket::TicketId;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

use crate::common::pictures::{jpeg, serval};
use crate::common::runtime_api::{Function, Said};
use crate::events::recorded;

/// An embedded S3 on a free port, and the environment that leads a function to it.
struct Cloud {
    storage: Storage,
    environment: Vec<(&'static str, String)>,
    _data: tempfile::TempDir,
}

impl Cloud {
    async fn start() -> Self {
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
        let router = axum::Router::new().fallback(async move |request: axum::extract::Request| {
            service.call(request.map(s3s::Body::http_body_unsync)).await.unwrap().map(axum::body::Body::new)
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { storage, environment, _data: data }
    }

    async fn function(&self) -> Function {
        let environment: Vec<(&str, &str)> = self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Function::start(&environment).await
    }

    /// A ticket whose photo has arrived, and the event that says so.
    async fn uploaded(&self, photo: Vec<u8>) -> (TicketId, Value) {
        let id = self.waiting(Duration::minutes(15)).await;
        self.storage.keep(StorageKey::Upload(&id), photo).await.unwrap();
        let event = event(&[&StorageKey::Upload(&id).path()]);
        (id, event)
    }

    async fn waiting(&self, time_left: Duration) -> TicketId {
        let (id, now) = (TicketId::random().unwrap(), OffsetDateTime::now_utc());
        let document = ResultDocument::waiting(id.as_str().into(), now, now + time_left, now + Duration::days(7));
        self.storage.open(&id, &document).await.unwrap();
        id
    }

    async fn status(&self, id: &TicketId) -> Status {
        self.storage.result(id).await.unwrap().unwrap().document.status
    }

    async fn photo_is_there(&self, id: &TicketId) -> bool {
        self.storage.photo(id, u64::MAX).await.unwrap().is_some()
    }
}

/// The recorded notification, with a record for each key.
fn event(keys: &[&str]) -> Value {
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

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_event_ends_its_ticket_and_a_duplicate_changes_nothing() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(400))).await;
    assert!(matches!(function.invoke(event.clone()).await, Said::Response(_)));
    let first = cloud.storage.result(&id).await.unwrap().unwrap().document;
    assert_eq!(first.status, Status::Done);
    assert!(!cloud.photo_is_there(&id).await, "deleted");

    assert!(matches!(function.invoke(event).await, Said::Response(_)));
    assert_eq!(cloud.storage.result(&id).await.unwrap().unwrap().document, first);

    let logs = function.logs();
    assert!(logs.contains(&id.log_name()), "{logs}");
    assert!(!logs.contains(id.as_str()), "no id in a log");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_records_each_get_their_end() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (good, _) = cloud.uploaded(jpeg(&serval(300))).await;
    let (bad, _) = cloud.uploaded(b"no photo".to_vec()).await;
    let keys = [StorageKey::Upload(&bad).path(), "uploads/%E3%82%B5+x".to_owned(), StorageKey::Upload(&good).path()];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert!(matches!(function.invoke(event(&keys)).await, Said::Response(_)));
    assert_eq!((cloud.status(&good).await, cloud.status(&bad).await), (Status::Done, Status::Rejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_for_a_closed_overdue_or_unknown_ticket_is_deleted_and_not_judged() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let overdue = cloud.waiting(-Duration::minutes(1)).await;
    let unknown = TicketId::random().unwrap();
    for id in [&overdue, &unknown] {
        cloud.storage.keep(StorageKey::Upload(id), jpeg(&serval(64))).await.unwrap();
        assert!(matches!(function.invoke(event(&[&StorageKey::Upload(id).path()])).await, Said::Response(_)));
        assert!(!cloud.photo_is_there(id).await);
    }
    assert_eq!(cloud.status(&overdue).await, Status::Expired);
    assert!(cloud.storage.result(&unknown).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_vanished_ends_as_failed() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let id = cloud.waiting(Duration::minutes(15)).await;
    assert!(matches!(function.invoke(event(&[&StorageKey::Upload(&id).path()])).await, Said::Response(_)));
    assert_eq!(cloud.status(&id).await, Status::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_is_an_error_so_that_lambda_tries_again() {
    let mut cloud = Cloud::start().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    for (name, value) in &mut cloud.environment {
        if *name == "AWS_ENDPOINT_URL_S3" {
            *value = "http://127.0.0.1:1".into();
        }
    }
    let mut function = cloud.function().await;
    let said = function.invoke(event).await;
    assert!(matches!(&said, Said::Error(_)), "{said:?}");
    assert!(!format!("{said:?}").contains(id.as_str()));
    assert_eq!(cloud.status(&id).await, Status::Waiting, "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_sweeps() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let id = cloud.waiting(Duration::minutes(15)).await;
    assert!(matches!(function.invoke(recorded("schedule.json")).await, Said::Response(_)));
    assert_eq!(cloud.status(&id).await, Status::Waiting);
}

/// Status and JSON body of an API Gateway response.
fn answer(said: Said) -> (u64, Value) {
    let Said::Response(response) = said else { panic!("{said:?}") };
    let body = response["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
    (response["statusCode"].as_u64().unwrap_or(0), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn api_gateway_requests_reach_the_same_router() {
    use base64::Engine as _;
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;

    let (status, health) = answer(function.invoke(recorded("api-health.json")).await);
    assert_eq!((status, &health["detector"]), (200, &json!("embedded")));

    let (status, ticket) = answer(function.invoke(recorded("api-open-ticket.json")).await);
    assert_eq!(status, 201);
    let id = TicketId::parse(ticket["id"].as_str().unwrap()).unwrap();
    assert_eq!(cloud.status(&id).await, Status::Waiting);
    assert!(ticket["upload"]["url"].as_str().unwrap().contains("X-Amz-Signature="));

    let mut judge = recorded("api-judge.json");
    judge["body"] = json!(base64::engine::general_purpose::STANDARD.encode(jpeg(&serval(200))));
    let (status, document) = answer(function.invoke(judge).await);
    assert_eq!((status, &document["faces"][0]["region"]), (200, &json!("drawn")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_cannot_forge_an_event() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    let mut forged = recorded("api-forged-events-path.json");
    forged["body"] = json!(event.to_string());
    let (status, problem) = answer(function.invoke(forged).await);
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    assert_eq!(cloud.status(&id).await, Status::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_tampered_with_stops_the_start() {
    let mut cloud = Cloud::start().await;
    let copy = tempfile::tempdir().unwrap();
    for name in ["manifest.json", "backbone.onnx", "head.json"] {
        std::fs::copy(crate::common::bundle_dir().join(name), copy.path().join(name)).unwrap();
    }
    let head = copy.path().join("head.json");
    let text = std::fs::read_to_string(&head).unwrap().replacen('1', "2", 1);
    std::fs::write(&head, text).unwrap();
    for (name, value) in &mut cloud.environment {
        if *name == "FRIENDS_MODEL_DIR" {
            *value = copy.path().to_str().unwrap().to_owned();
        }
    }
    let function = cloud.function().await;
    let ended = tokio::task::spawn_blocking(move || function.ended()).await.unwrap();
    assert!(ended.contains("head.json") && ended.contains("SHA-256"), "{ended}");
}
