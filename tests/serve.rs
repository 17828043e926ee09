//! `friends serve` as an operator runs it: the real program, killed and started again.

use serde_json::Value;

use crate::common::pictures::{jpeg, serval};
use crate::common::process::{Serve, friends};
use crate::common::tickets::{self, end_of, upload};

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_loses_no_photo_that_has_arrived() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_judge::service::transport::client().unwrap();
    let serve = Serve::start(data.path());
    let photo = jpeg(&serval(500));
    let mut tickets = Vec::new();
    for _ in 0..8 {
        let ticket = tickets::open(&http, &serve.url(""), photo.len()).await;
        assert_eq!(upload(&http, &ticket, photo.clone()).await, 200);
        tickets.push(ticket);
    }
    serve.interrupt();
    assert_eq!(serve.wait(), Some(0));

    let serve = Serve::start(data.path());
    for ticket in &tickets {
        let document: Value = http.get(tickets::result_url(&serve.url(""), ticket)).send().await.unwrap().json().await.unwrap();
        assert_eq!(document["status"], "done", "judged before the program ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_every_photo_is_still_judged() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_judge::service::transport::client().unwrap();
    let serve = Serve::start(data.path());
    let photo = jpeg(&serval(900));
    let mut tickets = Vec::new();
    for _ in 0..6 {
        let ticket = tickets::open(&http, &serve.url(""), photo.len()).await;
        assert_eq!(upload(&http, &ticket, photo.clone()).await, 200);
        tickets.push(ticket);
    }
    serve.kill();

    let serve = Serve::start(data.path());
    for ticket in &tickets {
        assert_eq!(end_of(&http, &tickets::result_url(&serve.url(""), ticket)).await["status"], "done");
    }
    serve.interrupt();
    assert_eq!(serve.wait(), Some(0));
    let left = std::fs::read_dir(data.path().join("objects/friends-uploads/uploads")).map_or(0, std::iter::Iterator::count);
    assert_eq!(left, 0, "no photo is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_uploads_at_once_all_end() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_judge::service::transport::client().unwrap();
    let serve = Serve::start(data.path());
    let photo = jpeg(&serval(400));
    let mut visits = tokio::task::JoinSet::new();
    for visitor in 0..60 {
        let (http, photo, serve) = (http.clone(), photo.clone(), serve.url(""));
        visits.spawn(async move {
            let body = if visitor % 5 == 0 { b"no photo".to_vec() } else { photo };
            let ticket = tickets::open(&http, &serve, body.len()).await;
            assert_eq!(upload(&http, &ticket, body).await, 200);
            let end = end_of(&http, &tickets::result_url(&serve, &ticket)).await;
            assert_eq!(end["status"], if visitor % 5 == 0 { "rejected" } else { "done" });
        });
    }
    while let Some(visit) = visits.join_next().await {
        visit.unwrap();
    }
}

#[test]
fn a_taken_port_and_a_used_folder_are_told_apart() {
    let data = tempfile::tempdir().unwrap();
    let serve = Serve::start(data.path());
    let port = serve.address.rsplit(':').next().unwrap().to_owned();

    let elsewhere = tempfile::tempdir().unwrap();
    let taken = friends(&["serve", "--port", &port, "--data", elsewhere.path().to_str().unwrap()]);
    assert_eq!(taken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&taken.stderr).contains("is taken"), "{taken:?}");

    let used = friends(&["serve", "--port", "0", "--data", data.path().to_str().unwrap()]);
    assert_eq!(used.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&used.stderr).contains("another friends serve"), "{used:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upload_url_carries_the_host_that_was_asked() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_judge::service::transport::client().unwrap();
    let serve = Serve::start(data.path());
    let port = serve.address.rsplit(':').next().unwrap();
    let ticket = tickets::open(&http, &format!("http://localhost:{port}"), 10).await;
    assert!(ticket["upload"]["url"].as_str().unwrap().starts_with(&format!("http://localhost:{port}/")));
}
