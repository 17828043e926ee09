//! The function's real binary when something around it fails: every ticket ends, once, and no photo
//! is lost on the way.

use std::sync::{Arc, Mutex};
use std::time::Duration as Span;

use axum::http::{HeaderMap, Method, StatusCode};
use friends_service::storage::StorageKey;
use serde_json::{Value, json};
use time::Duration;

use crate::common::cloud::{Cloud, Fault, answer, event};
use crate::common::cloud_vision::{Answer, FakeVision};
use crate::common::pictures::{jpeg, png_of_zeros, serval};
use crate::common::runtime_api::Said;
use crate::events::recorded;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_is_an_error_so_that_lambda_tries_again() {
    let cloud = Cloud::start().await.with("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    let mut function = cloud.function().await;
    let said = function.invoke(event).await;
    assert!(matches!(&said, Said::Error(_)), "{said:?}");
    assert!(!format!("{said:?}").contains(id.as_str()));
    assert_eq!(cloud.status(&id).await, "waiting", "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_delays_a_photo_and_loses_nothing() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    for (status, code) in [
        (403, "AccessDenied"),
        (403, "RequestTimeTooSkewed"),
        (404, "NoSuchBucket"),
        (503, "SlowDown"),
    ] {
        let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
        cloud.fail(Method::GET, "uploads/", Fault::Refusal(status, code));
        let said = function.invoke(event.clone()).await;
        cloud.mend();
        assert!(matches!(&said, Said::Error(_)), "{code}: {said:?}");
        assert_eq!(cloud.status(&id).await, "waiting", "{code}");
        assert!(cloud.photo_is_there(&id).await, "{code}");

        assert!(matches!(function.invoke(event).await, Said::Response(_)), "{code}");
        assert_eq!(cloud.status(&id).await, "done", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_photo_was_deleted_is_written_by_whoever_deletes_it() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    cloud.fail(Method::DELETE, "uploads/", Fault::Refusal(503, "SlowDown"));
    assert!(matches!(function.invoke(event.clone()).await, Said::Error(_)));
    let document = cloud.storage.result(&id).await.unwrap().unwrap().document;
    assert_eq!((document.state.name(), document.photo_deleted_at), ("done", None));
    cloud.mend();
    assert!(matches!(function.invoke(event).await, Said::Response(_)), "delivered again");
    let closed = cloud.storage.result(&id).await.unwrap().unwrap().document;
    assert!(closed.photo_deleted_at.is_some() && !cloud.photo_is_there(&id).await);
    assert_eq!(closed.state, document.state, "ended once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_that_fails_does_not_keep_the_others_waiting() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let (good, _) = cloud.uploaded(jpeg(&serval(64))).await;
    let (stuck, _) = cloud.uploaded(jpeg(&serval(64))).await;
    let keys =
        [StorageKey::Upload(stuck.as_str()).path(), StorageKey::Upload(good.as_str()).path()];
    let both = event(&[&keys[0], &keys[1]]);
    let stuck_result: &'static str = StorageKey::Result(stuck.as_str()).path().leak();
    cloud.fail(Method::PUT, stuck_result, Fault::Refusal(503, "SlowDown"));
    assert!(matches!(function.invoke(both.clone()).await, Said::Error(_)));
    cloud.mend();
    assert_eq!((cloud.status(&stuck).await, cloud.status(&good).await), ("waiting", "done"));
    let before = cloud.storage.result(&good).await.unwrap().unwrap().document;

    assert!(matches!(function.invoke(both).await, Said::Response(_)), "delivered again");
    assert_eq!(cloud.status(&stuck).await, "done");
    assert_eq!(cloud.storage.result(&good).await.unwrap().unwrap().document, before, "ended once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_falls_silent_is_given_up_and_the_next_process_takes_over() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    function.time_limit(Span::from_secs(4));
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    cloud.fail(Method::GET, "uploads/", Fault::Silence);
    let said = function.invoke(event.clone()).await;
    assert!(matches!(&said, Said::Error(_)), "{said:?}");
    assert_eq!(cloud.status(&id).await, "waiting");
    assert!(function.ended().contains("this process ends"), "it says why");

    let mut function = cloud.function().await;
    function.time_limit(Span::from_secs(4));
    cloud.fail(Method::PUT, "results/", Fault::Silence);
    let (status, problem) = answer(function.invoke(recorded("api-open-ticket.json")).await);
    assert_eq!((status, &problem["code"]), (500, &json!("internal")), "a visitor is told, too");
    function.ended();

    cloud.mend();
    let mut function = cloud.function().await;
    assert!(matches!(function.invoke(event).await, Said::Response(_)), "a new process goes on");
    assert_eq!(cloud.status(&id).await, "done");
}

/// Decoding goes on in a thread after nobody waits for it, with the only permit: the process must
/// not live on.
#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_takes_all_the_time_poisons_no_instance() {
    let cloud = Cloud::start().await;
    let (slow, event) = cloud.uploaded(png_of_zeros(10_000, 5_000, 6, 16, true)).await;
    let mut function = cloud.function().await;
    // What is left of it is a moment, in which no photo of this size is decoded.
    function.time_limit(Span::from_millis(1600));
    let said = function.invoke(event).await;
    assert!(matches!(&said, Said::Error(_)), "{said:?}");
    function.ended();
    assert_eq!(cloud.status(&slow).await, "waiting", "it is delivered again");

    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    let mut next = cloud.function().await;
    assert!(matches!(next.invoke(event).await, Said::Response(_)));
    assert_eq!(cloud.status(&id).await, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_killed_in_mid_work_leaves_the_photo_to_the_next() {
    let cloud = Cloud::start().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    cloud.fail(Method::PUT, "results/", Fault::Silence);
    let mut killed = cloud.function().await;
    killed.send(event.clone());
    cloud.fault_met().await;
    drop(killed);
    cloud.mend();
    assert_eq!(cloud.status(&id).await, "waiting");

    let mut next = cloud.function().await;
    assert!(matches!(next.invoke(event).await, Said::Response(_)));
    assert_eq!(cloud.status(&id).await, "done");
    assert!(!cloud.photo_is_there(&id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_lambda_gave_up_end_their_tickets() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    for name in ["on-failure-envelope.json", "sqs-on-failure.json", "sqs-dead-letter.json"] {
        let (id, _) = cloud.uploaded(jpeg(&serval(64))).await;
        let text = recorded(name)
            .to_string()
            .replace("uploads/AAAAAAAAAAAAAAAAAAAAAAAA", &StorageKey::Upload(id.as_str()).path());
        let given_up: Value = serde_json::from_str(&text).unwrap();
        assert!(matches!(function.invoke(given_up.clone()).await, Said::Response(_)), "{name}");
        let ended = cloud.storage.result(&id).await.unwrap().unwrap().document;
        assert_eq!(ended.state.name(), "failed", "{name}");
        assert!(!cloud.photo_is_there(&id).await, "{name}");

        assert!(matches!(function.invoke(given_up).await, Said::Response(_)), "{name}: twice");
        assert_eq!(
            cloud.storage.result(&id).await.unwrap().unwrap().document,
            ended,
            "{name}: ended once"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_ends_what_is_overdue_and_nothing_else() {
    let cloud = Cloud::start().await;
    let mut function = cloud.function().await;
    let waiting = cloud.waiting(Duration::minutes(15)).await;
    let overdue = cloud.waiting(-Duration::minutes(5)).await;
    cloud.backdate(&overdue, Span::from_mins(20));
    assert!(matches!(function.invoke(recorded("schedule.json")).await, Said::Response(_)));
    assert_eq!(
        (cloud.status(&waiting).await, cloud.status(&overdue).await),
        ("waiting", "expired")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monthly_cap_holds_across_instances_and_the_result_says_who_answered() {
    let fake = FakeVision::start([Answer::Json(json!({"responses": [{}]}))]).await;
    let cloud = Cloud::start()
        .await
        .with("FRIENDS_DETECTOR", "cloud-vision")
        .with("FRIENDS_VISION_KEY", "secret-key")
        .with("FRIENDS_VISION_URL", fake.url.clone())
        .with("FRIENDS_VISION_MONTHLY_CAP", "3");
    let mut instances = [cloud.function().await, cloud.function().await];
    let mut detectors = Vec::new();
    for number in 0..5 {
        let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
        assert!(matches!(instances[number % 2].invoke(event).await, Said::Response(_)));
        let document =
            serde_json::to_value(cloud.storage.result(&id).await.unwrap().unwrap().document)
                .unwrap();
        detectors.push((document["detector"].clone(), document["fallback_from"].clone()));
    }
    let asked = (json!("cloud-vision"), Value::Null);
    let capped = (json!("embedded"), json!("cloud-vision"));
    assert_eq!(detectors, [asked.clone(), asked.clone(), asked, capped.clone(), capped]);
    assert_eq!(fake.asked().len(), 3);

    let (_, health) = answer(instances[0].invoke(recorded("api-health.json")).await);
    assert_eq!(
        (&health["vision"]["calls"], &health["vision"]["cap"]),
        (&json!(3), &json!(3)),
        "{health}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_for_vision_comes_from_the_secret_and_a_secret_that_cannot_be_read_stops_the_start()
{
    let asked = Arc::new(Mutex::new(Vec::new()));
    let secrets = {
        let asked = Arc::clone(&asked);
        move |headers: HeaderMap, body: String| async move {
            let action = headers["x-amz-target"].to_str().unwrap().to_owned();
            let wanted: Value = serde_json::from_str(&body).unwrap();
            asked.lock().unwrap().push(action);
            let known = wanted["SecretId"]
                == "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:vision";
            let refusal = json!({"__type": "ResourceNotFoundException", "Message": "there is no such secret"});
            let answer = if known { json!({"SecretString": "kept-key\n"}) } else { refusal };
            (
                StatusCode::from_u16(if known { 200 } else { 400 }).unwrap(),
                [("content-type", "application/x-amz-json-1.1")],
                answer.to_string(),
            )
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(secrets)).await });

    let fake = FakeVision::start([Answer::Json(json!({"responses": [{}]}))]).await;
    let with_secret = async |name: &str| {
        let cloud = Cloud::start()
            .await
            .with("FRIENDS_DETECTOR", "cloud-vision")
            .with("FRIENDS_VISION_URL", fake.url.clone());
        cloud
            .with("AWS_ENDPOINT_URL_SECRETS_MANAGER", url.clone())
            .with("FRIENDS_VISION_KEY_SECRET", name)
    };
    let cloud =
        with_secret("arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:vision").await;
    let mut function = cloud.function().await;
    let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
    assert!(matches!(function.invoke(event).await, Said::Response(_)));
    assert_eq!(cloud.status(&id).await, "done");
    assert_eq!(fake.asked()[0].query, "key=kept-key");
    assert_eq!(*asked.lock().unwrap(), ["secretsmanager.GetSecretValue"]);
    assert!(!function.logs().contains("kept-key"));

    let function = with_secret("arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:other")
        .await
        .function()
        .await;
    let ended = tokio::task::spawn_blocking(move || function.ended()).await.unwrap();
    assert!(
        ended.contains("FRIENDS_VISION_KEY_SECRET") && ended.contains("no such secret"),
        "{ended}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vision_that_is_down_or_over_its_quota_costs_no_verdict() {
    for status in [503, 429, 403] {
        let fake = FakeVision::start([Answer::Status(status)]).await;
        let cloud = Cloud::start()
            .await
            .with("FRIENDS_DETECTOR", "cloud-vision")
            .with("FRIENDS_VISION_KEY", "secret-key")
            .with("FRIENDS_VISION_URL", fake.url.clone());
        let mut function = cloud.function().await;
        let (id, event) = cloud.uploaded(jpeg(&serval(64))).await;
        assert!(matches!(function.invoke(event).await, Said::Response(_)));
        assert_eq!(cloud.status(&id).await, "done", "{status}");
        assert!(!function.logs().contains("secret-key"));
    }
}
