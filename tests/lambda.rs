//! The function's real binary under a runtime API, with an S3 of its own behind it.

use friends_service::storage::StorageKey;
use friends_service::tickets::TicketId;
use serde_json::json;
use time::Duration;

use crate::common::cloud::{Cloud, answer, event};
use crate::common::pictures::{jpeg, serval};
use crate::common::runtime_api::Said;
use crate::events::recorded;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_event_ends_its_ticket_and_a_duplicate_changes_nothing() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(400))).await;
    assert!(matches!(function.invoke(event.clone()).await, Said::Response(_)));
    let first = cloud.storage.result(&id).await.unwrap().unwrap().document;
    assert_eq!(first.state.name(), "done");
    assert!(!cloud.photo_is_there(&id).await, "deleted");

    assert!(matches!(function.invoke(event).await, Said::Response(_)));
    assert_eq!(cloud.storage.result(&id).await.unwrap().unwrap().document, first);

    let logs = function.logs();
    let lines =
        logs.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let jobs: Vec<_> = lines.filter(|line| line["line"] == "job").collect();
    assert_eq!(jobs.len(), 1, "the duplicate is no job: {logs}");
    let job = &jobs[0];
    assert_eq!(
        (&job["ticket"], &job["status"], &job["cold_start"]),
        (&json!(id.log_name()), &json!("done"), &json!(1))
    );
    assert_eq!((&job["photo.megapixels"], &job["detector"]), (&json!(0.16), &json!("embedded")));
    let metrics = &job["_aws"]["CloudWatchMetrics"][0];
    for metric in metrics["Metrics"].as_array().unwrap() {
        assert!(
            job[metric["Name"].as_str().unwrap()].is_u64(),
            "every metric is a number in the line: {job}"
        );
    }
    assert!(!logs.contains(id.as_str()), "no id in a log");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_records_each_get_their_end() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (good, _) = cloud.uploaded(jpeg(&serval(300))).await;
    let (bad, _) = cloud.uploaded(b"no photo".to_vec()).await;
    let keys = [
        StorageKey::Upload(bad.as_str()).path(),
        "uploads/%E3%82%B5+x".to_owned(),
        StorageKey::Upload(good.as_str()).path(),
    ];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert!(matches!(function.invoke(event(&keys)).await, Said::Response(_)));
    assert_eq!((cloud.status(&good).await, cloud.status(&bad).await), ("done", "rejected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_for_a_closed_overdue_or_unknown_ticket_is_deleted_and_not_judged() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let overdue = cloud.waiting(-Duration::minutes(1)).await;
    let unknown = TicketId::random().unwrap();
    for id in [&overdue, &unknown] {
        cloud.storage.keep(StorageKey::Upload(id.as_str()), jpeg(&serval(64))).await.unwrap();
        assert!(matches!(
            function.invoke(event(&[&StorageKey::Upload(id.as_str()).path()])).await,
            Said::Response(_)
        ));
        assert!(!cloud.photo_is_there(id).await);
    }
    assert_eq!(cloud.status(&overdue).await, "expired");
    assert!(cloud.storage.result(&unknown).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_vanished_ends_as_failed() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let id = cloud.waiting(Duration::minutes(15)).await;
    assert!(matches!(
        function.invoke(event(&[&StorageKey::Upload(id.as_str()).path()])).await,
        Said::Response(_)
    ));
    assert_eq!(cloud.status(&id).await, "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn api_gateway_requests_reach_the_same_router() {
    use base64::Engine as _;
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;

    let (status, health) = answer(function.invoke(recorded("api-health.json")).await);
    assert_eq!((status, &health["detector"]), (200, &json!("embedded")));

    let (status, ticket) = answer(function.invoke(recorded("api-open-ticket.json")).await);
    // Lambda traces every invocation; a visitor's upload must need no more than what the bucket's
    // CORS rules allow.
    let headers: Vec<&String> = ticket["upload"]["headers"].as_object().unwrap().keys().collect();
    assert_eq!(headers, ["content-type", "if-none-match"]);
    assert_eq!(status, 201);
    let id = TicketId::parse(ticket["id"].as_str().unwrap()).unwrap();
    assert_eq!(cloud.status(&id).await, "waiting");
    let photo = jpeg(&serval(200));
    let mut wanted = recorded("api-open-ticket.json");
    wanted["body"] =
        json!(json!({"content_type": "image/jpeg", "size_bytes": photo.len()}).to_string());
    let (_, ticket) = answer(function.invoke(wanted).await);
    let http = friends_service::settings::transport::client().unwrap();
    assert_eq!(
        crate::common::tickets::upload(&http, &ticket, photo).await,
        200,
        "the upload goes where the function's own calls go"
    );

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
    assert_eq!(cloud.status(&id).await, "waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_tampered_with_stops_the_start() {
    let cloud = Cloud::start().await;
    let copy = tempfile::tempdir().unwrap();
    for name in ["manifest.json", "backbone.onnx", "head.json"] {
        std::fs::copy(crate::common::bundle_dir().join(name), copy.path().join(name)).unwrap();
    }
    let head = copy.path().join("head.json");
    let text = std::fs::read_to_string(&head).unwrap().replacen('1', "2", 1);
    std::fs::write(&head, text).unwrap();
    let cloud = cloud.with("FRIENDS_MODEL_DIR", copy.path().to_str().unwrap());
    let function = cloud.function().await;
    let ended = tokio::task::spawn_blocking(move || function.ended()).await.unwrap();
    assert!(ended.contains("head.json") && ended.contains("SHA-256"), "{ended}");
}
