//! Visitors who are slow, impatient or hostile: what they do costs themselves, and nobody else.

use std::time::Duration;

use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_service::detector::{CloudVision, Detector};
use friends_service::limits::{ARRIVING_BYTES, HEADER_TIMEOUT, QUEUE_LENGTH, REQUEST_BURST};
use friends_service::pipeline::RegionSource;
use friends_service::preloaded::Preloaded;
use friends_service::settings::transport;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::cloud_vision::{Answer, FakeVision};
use crate::common::judge;
use crate::common::pictures::{jpeg, serval};
use crate::common::process::Serve;
use crate::common::service::Service;
use crate::common::tickets::{self, upload_header};

/// Sends the beginning of a request and leaves the connection open.
async fn begin(address: impl tokio::net::ToSocketAddrs, request: &str) -> TcpStream {
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(request.as_bytes()).await.unwrap();
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_stall_delay_no_other_ticket() {
    let service = Service::start().await;
    let photo = jpeg(&serval(200));
    let mut stalled = Vec::new();
    for _ in 0..100 {
        let ticket = service.ticket(photo.len()).await;
        stalled.push(
            begin(service.address, &format!("{}JFIF", upload_header(&ticket, photo.len()))).await,
        );
    }
    for _ in 0..10 {
        let ticket = service.ticket(photo.len()).await;
        assert_eq!(service.upload(&ticket, photo.clone()).await, 200);
        assert_eq!(service.end_of(&ticket).await["status"], "done");
    }
    drop(stalled);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_drip_in_keep_nobody_out() {
    let service = Service::start().await;
    let mut dripping = Vec::new();
    for _ in 0..3 * QUEUE_LENGTH {
        let request = format!(
            "POST /api/judge HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000\r\n\r\nthe rest is late",
            service.address
        );
        dripping.push(begin(service.address, &request).await);
    }
    for _ in 0..10 {
        let answer = service
            .http
            .post(service.url("/api/judge"))
            .body(jpeg(&serval(200)))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    drop(dripping);
    service.stop().await;
}

/// Large bodies that stall fill the memory for bodies: photos are told to come back, but tickets are
/// opened all the same, and photos of tickets go to disk.
#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_that_stall_keep_no_ticket_out() {
    let service = Service::start().await;
    let mut stalled = Vec::new();
    // Large ones, then what fills the gaps that they leave, which no more than a few can be photos.
    let photos = [(ARRIVING_BYTES / 4_400_000, 4_400_000), (QUEUE_LENGTH - 17, 64_000)];
    let sizes = photos.into_iter().map(|(count, size)| ("/api/judge", count, size));
    for (path, count, size) in sizes.chain([("/api/uploads", 200, 1000)]) {
        for _ in 0..count {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n",
                service.address,
                size + 1000
            );
            let mut line = begin(service.address, &request).await;
            // One that finds no room any more is answered and closed.
            let _ = line.write_all(&vec![b' '; size]).await;
            stalled.push(line);
        }
    }
    let full = async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(20));
        loop {
            pause.tick().await;
            let large = vec![0; 4_400_000];
            let ask = service.http.post(service.url("/api/judge")).body(large).send();
            if ask.await.is_ok_and(|answer| answer.status() == 429) {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(45), full).await.expect("the room is full");
    let photo = jpeg(&serval(200));
    for _ in 0..20 {
        let ticket = service.ticket(photo.len()).await;
        assert_eq!(service.upload(&ticket, photo.clone()).await, 200);
    }
    drop(stalled);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_drips_in_is_not_waited_for() {
    let service = Service::start().await;
    let mut line = begin(service.address, "GET /api/health HTTP/1.1\r\nhost: ").await;
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(2 * HEADER_TIMEOUT, line.read_to_end(&mut rest)).await;
    closed.expect("the server closes the connection").unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_wait_the_next_one_is_told_to_come_back() {
    let slow =
        FakeVision::start([Answer::After(Duration::from_hours(1), json!({"responses": [{}]}))])
            .await;
    let vision = CloudVision::new(transport::client().unwrap(), &slow.url, "key".into(), None);
    let detector = Detector::CloudVision(vision, FaceDetector::load().unwrap().into());
    let service = Service::with(detector, Limits::default()).await;
    let ask = || service.http.post(service.url("/api/judge")).body(jpeg(&serval(64))).send();

    // Nobody is judged before Cloud Vision is given up; those who found no place hear it at once.
    let mut asking: futures_util::stream::FuturesUnordered<_> =
        (0..QUEUE_LENGTH + 8).map(|_| ask()).collect();
    for _ in 0..8 {
        let answer = asking.next().await.unwrap().unwrap();
        assert_eq!(answer.status(), 429);
        assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "too_many_requests");
    }
    drop(asking);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_frees_no_permit_while_the_photo_is_in_memory() {
    let (begun, beginning) = std::sync::mpsc::channel();
    let (go_on, going_on) = std::sync::mpsc::channel::<()>();
    let detector = Preloaded::later(move || {
        begun.send(()).unwrap();
        going_on.recv().unwrap();
        FaceDetector::load()
    });
    let judge = judge(Detector::Embedded(detector), Limits::default(), 1);
    let permit = judge.permit().await;
    let mut judging =
        Box::pin(judge.judge(jpeg(&serval(200)).into(), &RegionSource::Detect, permit));
    tokio::select! {
        verdict = &mut judging => panic!("no detector, and {verdict:?}"),
        begun = tokio::task::spawn_blocking(move || beginning.recv()) => begun.unwrap().unwrap(),
    }
    drop(judging);
    let at_once = tokio::time::timeout(Duration::ZERO, judge.permit()).await;
    assert!(at_once.is_err(), "the detector still has the photo");
    go_on.send(()).unwrap();
    drop(judge.permit().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_too_often_is_slowed_down() {
    let data = tempfile::tempdir().unwrap();
    let serve = Serve::with(data.path(), &["--behind-proxy"]);
    let http = transport::client().unwrap();
    let ask = async |forwarded: &str| {
        http.post(serve.url("/api/judge"))
            .header("x-forwarded-for", forwarded)
            .body("no photo")
            .send()
            .await
            .unwrap()
    };
    let mut refused = None;
    for _ in 0..3 * REQUEST_BURST {
        // What comes before the last hop is the visitor's invention.
        let answer = ask("198.51.100.1, 203.0.113.7").await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status(), 415);
    }
    let refused = refused.expect("there is an end");
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_requests");
    assert_eq!(ask("203.0.113.8").await.status(), 415, "another address is served");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_uploads_go_to_the_public_address() {
    let data = tempfile::tempdir().unwrap();
    let serve = Serve::with(data.path(), &["--public-url", "https://friends.example/"]);
    let http = transport::client().unwrap();
    let photo = jpeg(&serval(200));
    let mut ticket = tickets::open(&http, &serve.url(""), photo.len()).await;
    let url = ticket["upload"]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("https://friends.example").expect("the public address");
    // As the proxy passes it on: to this port, under the name that was signed.
    ticket["upload"]["url"] = json!(serve.url(path));
    ticket["upload"]["headers"]["host"] = json!("friends.example");
    assert_eq!(tickets::upload(&http, &ticket, photo).await, 200);
    assert_eq!(
        tickets::end_of(&http, &tickets::result_url(&serve.url(""), &ticket)).await["status"],
        "done"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_reads_photos_or_the_site_bucket() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let serve = Serve::start(&data);
    let http = transport::client().unwrap();
    for folder in [data.clone(), data.join("objects")] {
        assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
    let ticket = tickets::open(&http, &serve.url(""), 8).await;
    let id = ticket["id"].as_str().unwrap();
    assert_eq!(
        http.get(serve.url(&format!("/friends-site/results/{id}.json")))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    let upload = ticket["upload"]["url"].as_str().unwrap();
    assert_eq!(
        http.get(upload).send().await.unwrap().status(),
        403,
        "photos are put there, and never read"
    );

    assert_eq!(tickets::upload(&http, &ticket, b"no photo".to_vec()).await, 200);
    tickets::upload(&http, &ticket, b"no photo".to_vec()).await;
    assert_eq!(
        http.put(serve.url("/friends-uploads/uploads/x")).body("x").send().await.unwrap().status(),
        403
    );
    let log = serve.log();
    assert!(!log.contains("ERROR"), "what visitors do wrong is no error of ours:\n{log}");
}
