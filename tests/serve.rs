//! `friends serve` as an operator runs it: the real program, killed and started again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_local::object_store::ObjectStore;
use friends_service::detector::{CloudVision, Detector};
use friends_service::limits::RESULT_LIFETIME;
use friends_service::observe::{Log, Observer};
use friends_service::pipeline;
use friends_service::settings::transport;
use friends_service::storage::StorageKey;
use friends_service::tickets::{ResultDocument, TicketId};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::common::cloud_vision::{Answer, FakeVision};
use crate::common::pictures::{jpeg, serval};
use crate::common::process::{Serve, friends};
use crate::common::service::Service;
use crate::common::tickets::{self, end_of, upload};

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_loses_no_photo_that_has_arrived() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_service::settings::transport::client().unwrap();
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
        let document: Value = http
            .get(tickets::result_url(&serve.url(""), ticket))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(document["status"], "done", "judged before the program ended");
    }
}

/// A request that never ends holds the first order to stop for 15 seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_ends_it_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(data.path());
    let mut stalled = TcpStream::connect(&serve.address).unwrap();
    stalled.write_all(b"POST /api/judge HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n").unwrap();
    // It says so once it waits for the body.
    let mut answer = [0; 12];
    stalled.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    let begun = Instant::now();
    let code = loop {
        serve.interrupt();
        if let Some(code) = serve.ended() {
            break code;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it waits for the request");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(code, 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_every_photo_is_still_judged() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_service::settings::transport::client().unwrap();
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
        assert_eq!(
            end_of(&http, &tickets::result_url(&serve.url(""), ticket)).await["status"],
            "done"
        );
    }
    serve.interrupt();
    assert_eq!(serve.wait(), Some(0));
    let left = std::fs::read_dir(data.path().join("objects/friends-uploads/uploads"))
        .map_or(0, std::iter::Iterator::count);
    assert_eq!(left, 0, "no photo is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_whose_event_got_lost_is_judged_while_the_server_runs() {
    let service = Service::start().await;
    let ticket = service.ticket(100).await;
    // As the store leaves it when a visitor hangs up, or the disk is full, between the photo and
    // its event.
    let folder = service.folder().join("friends-uploads/uploads");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(ticket["id"].as_str().unwrap()), jpeg(&serval(300))).unwrap();
    assert_eq!(service.end_of(&ticket).await["status"], "done");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_service::settings::transport::client().unwrap();
    let (large, small) = (jpeg(&serval(900)), jpeg(&serval(100)));
    assert!(large.len() > 24 * 1024 && small.len() < 12 * 1024);
    let full = Serve::where_files_end_at(16, data.path());
    let waiting = tickets::open(&http, &full.url(""), large.len()).await;
    let refused = tickets::try_upload(&http, &waiting, large).await;
    assert!(
        refused.as_ref().is_ok_and(reqwest::StatusCode::is_server_error) || refused.is_err(),
        "{refused:?}"
    );
    // The server closes the connection of an upload that it does not read to its end; the next
    // visitor has one of their own.
    let http = friends_service::settings::transport::client().unwrap();
    let ticket = tickets::open(&http, &full.url(""), small.len()).await;
    assert_eq!(upload(&http, &ticket, small).await, 200, "there is room for a small one");
    assert_eq!(end_of(&http, &tickets::result_url(&full.url(""), &ticket)).await["status"], "done");
    let document: Value = http
        .get(tickets::result_url(&full.url(""), &waiting))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(document["status"], "waiting");
    let left = std::fs::read_dir(data.path().join("objects/friends-uploads/uploads"))
        .map_or(0, std::iter::Iterator::count);
    assert_eq!(left, 0, "no half of a photo is left");
    full.interrupt();
    assert_eq!(full.wait(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_ends_the_process_is_given_up_after_three_tries() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_service::settings::transport::client().unwrap();
    // A detector that never answers, so that the process can be killed with the photo in hand.
    let silent =
        FakeVision::start([Answer::After(Duration::from_hours(1), json!({"responses": [{}]}))])
            .await;
    let settings = [
        ("FRIENDS_DETECTOR", "cloud-vision"),
        ("FRIENDS_VISION_KEY", "secret-key"),
        ("FRIENDS_VISION_URL", silent.url.as_str()),
    ];
    let start = || Serve::with_settings(data.path(), &[], &settings);
    let photo = jpeg(&serval(300));
    let mut ticket = Value::Null;
    for killed in 0..3 {
        let serve = start();
        if killed == 0 {
            ticket = tickets::open(&http, &serve.url(""), photo.len()).await;
            assert_eq!(upload(&http, &ticket, photo.clone()).await, 200);
        }
        let in_hand = async {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            while silent.asked().len() <= killed {
                pause.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), in_hand).await.expect("the photo is tried");
        serve.kill();
    }
    let serve = start();
    assert_eq!(
        end_of(&http, &tickets::result_url(&serve.url(""), &ticket)).await["status"],
        "failed"
    );
    assert_eq!(silent.asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_after_the_deadline_leaves_the_ticket_expired() {
    let data = tempfile::tempdir().unwrap();
    let storage = ObjectStore::open(data.path()).unwrap().storage();
    let late =
        FakeVision::start([Answer::After(Duration::from_secs(2), json!({"responses": [{}]}))])
            .await;
    let vision =
        CloudVision::new(transport::client().unwrap(), &late.url, "secret-key".into(), None);
    let detector = Detector::CloudVision(vision, FaceDetector::load().unwrap().into());
    let judge = crate::common::judge(detector, Limits::default(), 1);
    let (id, now) = (TicketId::random().unwrap(), OffsetDateTime::now_utc());
    let deadline = now + Duration::from_secs(1);
    storage
        .open(
            &id,
            &ResultDocument::waiting(id.as_str().into(), now, deadline, now + RESULT_LIFETIME),
        )
        .await
        .unwrap();
    storage.keep(StorageKey::Upload(id.as_str()), jpeg(&serval(100))).await.unwrap();

    pipeline::judge_upload(&judge, &storage, &Observer::new(Log), &id).await.unwrap();
    assert_eq!(late.asked().len(), 1, "it was judged");
    assert_eq!(storage.result(&id).await.unwrap().unwrap().document.state.name(), "expired");
    assert!(storage.uploaded().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_uploads_at_once_all_end() {
    let data = tempfile::tempdir().unwrap();
    let http = friends_service::settings::transport::client().unwrap();
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
    let http = friends_service::settings::transport::client().unwrap();
    let serve = Serve::start(data.path());
    let port = serve.address.rsplit(':').next().unwrap();
    let ticket = tickets::open(&http, &format!("http://localhost:{port}"), 10).await;
    assert!(
        ticket["upload"]["url"].as_str().unwrap().starts_with(&format!("http://localhost:{port}/"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_is_there_after_a_restart_and_names_nobody() {
    let data = tempfile::tempdir().unwrap();
    let http = transport::client().unwrap();
    let count = async |serve: &Serve| {
        let photo = jpeg(&serval(500));
        let wanted = json!({"content_type": "image/jpeg", "size_bytes": photo.len()});
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile/15E148 Safari/604.1";
        let request =
            http.post(serve.url("/api/uploads")).header("user-agent", phone).json(&wanted);
        let ticket: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(upload(&http, &ticket, photo.clone()).await, 200);
        end_of(&http, &tickets::result_url(&serve.url(""), &ticket)).await;
        for friend in ["serval", "fennec"] {
            let opinion = json!({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": friend});
            assert_eq!(
                http.post(serve.url("/api/feedback")).json(&opinion).send().await.unwrap().status(),
                202
            );
        }
        assert_eq!(
            http.post(serve.url("/api/judge")).body("notes").send().await.unwrap().status(),
            415
        );
        ticket
    };
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let serve = Serve::start(data.path());
        let ticket = count(&serve).await;
        secrets
            .extend(["id", "delete_token"].map(|name| ticket[name].as_str().unwrap().to_owned()));
        serve.interrupt();
        assert_eq!(serve.wait(), Some(0));
    }
    let serve = Serve::start(data.path());
    let stats = http.get(serve.url("/stats.json")).send().await.unwrap().text().await.unwrap();
    assert!(secrets.iter().all(|secret| !stats.contains(secret)));
    let stats: Value = serde_json::from_str(&stats).unwrap();
    let mut all = std::collections::BTreeMap::<&str, u64>::new();
    // The test may run over midnight.
    for (name, count) in
        stats["days"].as_object().unwrap().values().flat_map(|day| day.as_object().unwrap())
    {
        *all.entry(name).or_default() += count.as_u64().unwrap();
    }
    let expected = [
        ("device.mobile", 2),
        // The first opinion of a face counts.
        ("feedback.right", 2),
        ("status.done", 2),
        ("verdict.match", 2),
    ];
    assert_eq!(all.into_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_says_on_the_command_line_stands_where_visitors_look() {
    let data = tempfile::tempdir().unwrap();
    let http = transport::client().unwrap();
    let arguments =
        ["--public-url", "https://friends.example", "--contact", "hello@friends.example"];
    let serve = Serve::with_settings(data.path(), &arguments, &[]);
    let page = http.get(serve.url("/")).send().await.unwrap().text().await.unwrap();
    let preview = r#"property="og:image" content="https://friends.example/friends/"#;
    assert!(page.contains(preview), "link previews need whole addresses");
    let health: Value =
        http.get(serve.url("/api/health")).send().await.unwrap().json().await.unwrap();
    assert_eq!(health["contact"], "hello@friends.example");
}
