//! The HTTP API as visitors and programs meet it.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use friends_service::tickets::TicketId;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::common::pictures::{jpeg, quarters, serval, with_orientation};
use crate::common::process::friends;
use crate::common::service::Service;

/// The answer as RFC 9457 has it.
async fn problem(answer: Response) -> (u16, String) {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert!(
        body["title"].is_string()
            && body["detail"].as_str().is_some_and(|detail| detail.len() > 10),
        "{body}"
    );
    (status, body["code"].as_str().unwrap().to_owned())
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_in_and_a_friend_comes_out() {
    let service = Service::start().await;
    let photo = jpeg(&serval(400));
    let ticket = service.ticket(photo.len()).await;
    let id = ticket["id"].as_str().unwrap();
    assert!(id.len() >= 22, "at least 128 bits");
    assert_eq!(ticket["result_url"], format!("/results/{id}.json"));

    let waiting =
        service.http.get(service.url(&format!("/results/{id}.json"))).send().await.unwrap();
    assert_eq!(waiting.headers()["cache-control"], "no-store");
    let waiting: Value = waiting.json().await.unwrap();
    assert_eq!((&waiting["status"], &waiting["schema"]), (&json!("waiting"), &json!(1)));
    assert!(waiting["deadline"].is_string());

    assert_eq!(service.upload(&ticket, photo).await, 200);
    let done = service.end_of(&ticket).await;
    assert_eq!((&done["status"], &done["id"]), (&json!("done"), &json!(id)));
    assert_eq!(done["photo"], json!({"width": 400, "height": 400}));
    assert_eq!(done["detector"], "embedded");
    assert!(
        done.get("deadline").is_none()
            && done["photo_deleted_at"].is_string()
            && done["expires_at"].is_string()
    );
    let face = &done["faces"][0];
    assert_eq!(face["verdict"], json!({"kind": "match", "friend": "serval"}));
    let scores: Vec<f64> = face["scores"]
        .as_array()
        .unwrap()
        .iter()
        .map(|score| score["score"].as_f64().unwrap())
        .collect();
    assert_eq!(scores.len(), 7);
    assert!(
        scores.windows(2).all(|pair| pair[0] >= pair[1])
            && scores.iter().all(|score| (0.0..=1.0).contains(score))
    );
    for stage in ["fetch", "decode", "detect", "classify", "total"] {
        assert!(done["timings_ms"][stage].is_u64(), "{stage}");
    }
    let photos = service.storage.uploaded().await.unwrap();
    service.stop().await;
    assert!(photos.is_empty(), "the document says that it is deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_end_the_photo_is_gone_and_a_second_one_changes_nothing() {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let ticket = service.ticket(photo.len()).await;
    service.upload(&ticket, photo.clone()).await;
    let first = service.end_of(&ticket).await;
    // The ticket is closed: the same photo again is deleted, not judged.
    let again = service.upload(&ticket, photo).await;
    assert!([StatusCode::OK, StatusCode::PRECONDITION_FAILED].contains(&again), "{again}");
    let storage = service.storage.clone();
    // The workers have handled the second event when the service has stopped.
    let data = service.stop().await;
    let id = TicketId::parse(ticket["id"].as_str().unwrap()).unwrap();
    let second = storage.result(&id).await.unwrap().unwrap().document;
    assert_eq!(
        first,
        serde_json::from_str::<Value>(&serde_json::to_string(&second).unwrap()).unwrap()
    );
    assert!(storage.uploaded().await.unwrap().is_empty(), "no photo is left");
    let id = id.as_str();
    let files = std::process::Command::new("find").arg(data.path()).output().unwrap().stdout;
    let left: Vec<&str> = std::str::from_utf8(&files)
        .unwrap()
        .lines()
        .filter(|path| path.contains("uploads/") && path.contains(id))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_photo_ends_as_rejected() {
    let service = Service::start().await;
    for (bytes, code) in [
        (b"not a photo at all".to_vec(), "unsupported_media_type"),
        (jpeg(&serval(300))[..2000].to_vec(), "photo_rejected"),
    ] {
        let ticket = service.ticket(bytes.len()).await;
        service.upload(&ticket, bytes).await;
        let end = service.end_of(&ticket).await;
        assert_eq!((&end["status"], &end["error"]["code"]), (&json!("rejected"), &json!(code)));
        assert!(end["error"]["message"].as_str().unwrap().len() > 20);
        let reason = if code == "photo_rejected" { json!("cut_off") } else { Value::Null };
        assert_eq!(end["error"]["reason"], reason);
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_cannot_be_opened_is_refused() {
    let service = Service::start().await;
    let open = async |body: Value| {
        problem(service.http.post(service.url("/api/uploads")).json(&body).send().await.unwrap())
            .await
    };
    assert_eq!(
        open(json!({"content_type": "image/heic", "size_bytes": 1000})).await,
        refusal(415, "unsupported_media_type")
    );
    assert_eq!(
        open(json!({"content_type": "text/html", "size_bytes": 1000})).await,
        refusal(415, "unsupported_media_type")
    );
    assert_eq!(
        open(json!({"content_type": "image/jpeg", "size_bytes": 15 * 1024 * 1024 + 1})).await,
        refusal(413, "photo_too_large")
    );
    let undeclared = service.http.post(service.url("/api/uploads"));
    let undeclared = undeclared.body(r#"{"content_type": "image/jpeg", "size_bytes": 1000}"#);
    assert_eq!(
        problem(undeclared.send().await.unwrap()).await,
        refusal(415, "unsupported_media_type"),
        "a page of another site can send text without asking"
    );
    assert_eq!(
        open(json!({"content_type": "image/jpeg", "size_bytes": 0})).await,
        refusal(400, "bad_request")
    );
    assert_eq!(
        open(json!({"content_type": "image/jpeg", "size_bytes": -1})).await,
        refusal(400, "bad_request")
    );
    assert_eq!(open(json!({"content_type": "image/jpeg"})).await, refusal(400, "bad_request"));
    assert_eq!(open(json!([])).await, refusal(400, "bad_request"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_lead_nowhere_say_so() {
    let service = Service::start().await;
    let get =
        async |path: &str| problem(service.http.get(service.url(path)).send().await.unwrap()).await;
    assert_eq!(get("/results/AAAAAAAAAAAAAAAAAAAAAAAA.json").await, refusal(404, "not_found"));
    assert_eq!(get("/results/..%2F..%2Fetc%2Fpasswd.json").await, refusal(404, "not_found"));
    assert_eq!(get("/api/nothing").await, refusal(404, "not_found"));
    assert_eq!(get("/api/judge").await.0, 405);
    let bucket = service.http.get(service.url("/friends-uploads/uploads/x")).send().await.unwrap();
    assert_eq!(bucket.status(), 403, "the buckets are private");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn judging_at_once_keeps_nothing_and_takes_a_box_in_upright_pixels() {
    let service = Service::start().await;
    let judge = async |query: &str, body: Vec<u8>| {
        service
            .http
            .post(service.url(&format!("/api/judge{query}")))
            .body(body)
            .send()
            .await
            .unwrap()
    };
    // Stored lying on its side: 300 x 200 pixels on disk, 200 x 300 upright.
    let photo = with_orientation(&jpeg(&quarters(300, 200)), 6);

    let document: Value = judge("", photo.clone()).await.json().await.unwrap();
    assert_eq!(
        (&document["status"], &document["photo"]),
        (&json!("done"), &json!({"width": 200, "height": 300}))
    );
    assert!(document.get("id").is_none() && document.get("expires_at").is_none());
    assert_eq!(document["faces"][0]["region"], "photo");
    assert_eq!(document["faces"][0]["box"], json!({"x": 0, "y": 0, "width": 200, "height": 300}));

    let document: Value = judge("?box=150,250,400,400", photo.clone()).await.json().await.unwrap();
    assert_eq!(
        (&document["detector"], &document["faces"][0]["region"]),
        (&json!("none"), &json!("drawn"))
    );
    assert_eq!(
        document["faces"][0]["box"],
        json!({"x": 150, "y": 250, "width": 50, "height": 50}),
        "clamped to the photo"
    );

    for query in [
        "?box=1,2,3",
        "?box=a,b,c,d",
        "?box=0,0,0,10",
        "?box=900,900,10,10",
        "?box=NaN,0,1,1",
        "?box=",
    ] {
        assert_eq!(
            problem(judge(query, photo.clone()).await).await,
            refusal(400, "bad_request"),
            "{query}"
        );
    }
    assert_eq!(
        problem(judge("", b"nothing like a photo".to_vec()).await).await,
        refusal(415, "unsupported_media_type")
    );
    assert_eq!(
        problem(judge("", jpeg(&serval(300))[..2000].to_vec()).await).await,
        refusal(422, "photo_rejected")
    );
    assert_eq!(problem(judge("", vec![0; 4_500_001]).await).await, refusal(413, "photo_too_large"));
    assert!(service.storage.uploaded().await.unwrap().is_empty());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_comes_wrapped_is_refused_with_advice() {
    let service = Service::start().await;
    let photo = jpeg(&serval(100));
    let base64 = STANDARD.encode(&photo);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&photo).unwrap();
    let form = [
        b"--cut\r\nContent-Disposition: form-data; name=\"photo\"\r\n\r\n",
        &photo[..],
        b"\r\n--cut--\r\n",
    ]
    .concat();
    for (kind, body) in [
        ("multipart/form-data; boundary=cut", form),
        ("text/plain", base64.clone().into_bytes()),
        ("application/json", format!("\"{base64}\"").into_bytes()),
        ("text/plain", format!("data:image/jpeg;base64,{base64}").into_bytes()),
        ("image/jpeg", gzip.finish().unwrap()),
    ] {
        let request =
            service.http.post(service.url("/api/judge")).header("content-type", kind).body(body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&answer["code"], &answer["reason"]),
            (&json!("unsupported_media_type"), &json!("wrapped")),
            "{kind}"
        );
        assert!(answer["detail"].as_str().unwrap().contains("curl"), "{answer}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_names_of_media_types_are_taken_for_what_they_mean() {
    let service = Service::start().await;
    let photo = jpeg(&serval(100));
    for (declared, meant) in
        [("image/jpg", "image/jpeg"), ("image/pjpeg", "image/jpeg"), ("Image/X-PNG", "image/png")]
    {
        let wanted = json!({"content_type": declared, "size_bytes": photo.len()});
        let answer =
            service.http.post(service.url("/api/uploads")).json(&wanted).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{declared}");
        let ticket: Value = answer.json().await.unwrap();
        assert_eq!(ticket["upload"]["headers"]["content-type"], meant);
        service.upload(&ticket, photo.clone()).await;
        assert_eq!(service.end_of(&ticket).await["status"], "done", "{declared}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_taken_for_faces_that_were_judged() {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let ticket = service.ticket(photo.len()).await;
    let say = async |body: Value| {
        service.http.post(service.url("/api/feedback")).json(&body).send().await.unwrap()
    };
    let (id, token) = (ticket["id"].clone(), ticket["delete_token"].clone());
    assert_eq!(
        problem(say(json!({"id": id, "delete_token": token, "face": 0, "friend": null})).await)
            .await,
        refusal(400, "bad_request"),
        "not judged yet"
    );
    service.upload(&ticket, photo.clone()).await;
    service.end_of(&ticket).await;

    assert_eq!(
        say(json!({"id": id, "delete_token": token, "face": 0, "friend": "serval"})).await.status(),
        202
    );
    assert_eq!(
        say(json!({"id": id, "delete_token": token, "face": 0, "friend": null, "crop": STANDARD.encode(&photo)}))
            .await
            .status(),
        202
    );
    for (body, expected) in [
        (json!({"id": id, "delete_token": token, "face": 0}), refusal(400, "bad_request")),
        (
            json!({"id": id, "delete_token": token, "face": 1, "friend": "serval"}),
            refusal(400, "bad_request"),
        ),
        (
            json!({"id": id, "delete_token": token, "face": 0, "friend": "jaguar"}),
            refusal(400, "bad_request"),
        ),
        (
            json!({"id": id, "delete_token": token, "face": 0, "friend": null, "crop": "%%%"}),
            refusal(400, "bad_request"),
        ),
        (
            json!({"id": id, "delete_token": token, "face": 0, "friend": null, "crop": STANDARD.encode(b"GIF89a")}),
            refusal(415, "unsupported_media_type"),
        ),
        (
            json!({"id": id, "delete_token": id, "face": 0, "friend": null}),
            refusal(403, "forbidden"),
        ),
        (json!({"id": id, "face": 0, "friend": null}), refusal(400, "bad_request")),
        (
            json!({"id": "AAAAAAAAAAAAAAAAAAAAAAAA", "delete_token": token, "face": 0, "friend": null}),
            refusal(404, "not_found"),
        ),
    ] {
        assert_eq!(problem(say(body.clone()).await).await, expected, "{body}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crop_is_kept_without_what_came_with_it_until_it_is_withdrawn() {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let ticket = service.ticket(photo.len()).await;
    service.upload(&ticket, photo.clone()).await;
    service.end_of(&ticket).await;
    let crops = || {
        let listed =
            std::fs::read_dir(service.folder().join("friends-uploads/feedback")).unwrap().flatten();
        listed
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "jpg"))
            .collect::<Vec<_>>()
    };
    let say = async |body: Value| {
        service.http.post(service.url("/api/feedback")).json(&body).send().await.unwrap().status()
    };
    let with_place = with_orientation(&photo, 6);
    let opinion = json!({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": null, "crop": STANDARD.encode(&with_place)});
    for _ in 0..2 {
        assert_eq!(say(opinion.clone()).await, 202);
        let [crop] = &crops()[..] else { panic!("one crop a face: {:?}", crops()) };
        let crop = std::fs::read(crop).unwrap();
        assert!(
            with_place.windows(4).any(|bytes| bytes == b"Exif")
                && !crop.windows(4).any(|bytes| bytes == b"Exif")
        );
        assert_eq!(image::load_from_memory(&crop).unwrap().width(), 300);
    }
    assert_eq!(say(json!({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": "serval"})).await, 202);
    assert!(crops().is_empty(), "the second opinion came without it");
    let huge = jpeg(&quarters(1200, 1000));
    assert_eq!(
        say(json!({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": null, "crop": STANDARD.encode(huge)}))
            .await,
        413
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_fetches_crops_as_candidates_from_the_store_and_from_the_running_server_s_folder()
 {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let ticket = service.ticket(photo.len()).await;
    service.upload(&ticket, photo.clone()).await;
    service.end_of(&ticket).await;
    let opinion = json!({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": "otter", "crop": STANDARD.encode(&photo)});
    assert_eq!(
        service
            .http
            .post(service.url("/api/feedback"))
            .json(&opinion)
            .send()
            .await
            .unwrap()
            .status(),
        202
    );

    let [opinion] = &service.storage.opinions().await.unwrap()[..] else { panic!("one opinion") };
    assert_eq!(opinion.friend.as_deref(), Some("otter"));
    assert!(opinion.crop.as_ref().is_some_and(|crop| crop.starts_with(&[0xFF, 0xD8])));

    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("candidates"));
    std::fs::create_dir_all(&data).unwrap();
    std::os::unix::fs::symlink(service.folder(), data.join("objects")).unwrap();
    let pull = || {
        friends(&[
            "feedback",
            "pull",
            "--out",
            out.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ])
    };
    for new in [1, 0] {
        let pulled = pull();
        assert!(pulled.status.success(), "{pulled:?}");
        assert!(
            String::from_utf8_lossy(&pulled.stdout).contains(&format!("{new} new crops")),
            "{pulled:?}"
        );
    }
    let files: Vec<String> = std::fs::read_dir(out.join("otter"))
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let [file] = &files[..] else { panic!("one crop: {files:?}") };
    assert!(
        file.starts_with("visitor-")
            && file.ends_with("__0.jpg")
            && !file.contains(ticket["id"].as_str().unwrap())
    );
    service.stop().await;
    let nowhere =
        friends(&["feedback", "pull", "--out", out.to_str().unwrap(), "--data", "/nowhere"]);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--data"), "{nowhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opened_a_ticket_takes_its_result_back() {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let ticket = service.ticket(photo.len()).await;
    service.upload(&ticket, photo.clone()).await;
    let document = service.end_of(&ticket).await;
    assert!(
        !document.to_string().contains(ticket["delete_token"].as_str().unwrap()),
        "the token is the opener's alone"
    );
    let opinion = json!({"id": ticket["id"], "delete_token": ticket["delete_token"], "face": 0, "friend": null, "crop": STANDARD.encode(&photo)});
    assert_eq!(
        service
            .http
            .post(service.url("/api/feedback"))
            .json(&opinion)
            .send()
            .await
            .unwrap()
            .status(),
        202
    );

    let share = async |token: &Value| {
        let body =
            json!({"id": ticket["id"], "delete_token": token, "site": "https://friends.example"});
        service.http.post(service.url("/api/share")).json(&body).send().await.unwrap()
    };
    assert_eq!(problem(share(&ticket["id"]).await).await, refusal(403, "forbidden"));
    let shared = share(&ticket["delete_token"]).await;
    assert_eq!(shared.status(), 201);
    let page = service.url(shared.json::<Value>().await.unwrap()["url"].as_str().unwrap());
    let read = service.http.get(&page).send().await.unwrap();
    assert!(
        read.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let html = read.text().await.unwrap();
    assert!(html.contains(r#"<meta property="og:image" content="https://friends.example/friends/serval-wide.jpg">"#), "{html}");
    let scripts: Vec<&str> = html.split("<script").skip(1).collect();
    assert!(html.contains("サーバル"));
    assert!(
        matches!(scripts[..], [script] if script.starts_with(" src=\"/language.js\"></script>"))
    );
    for secret in ["id", "delete_token"] {
        assert!(
            !html.contains(ticket[secret].as_str().unwrap())
                && !page.contains(ticket[secret].as_str().unwrap())
        );
    }

    let url = service.url(&format!("/results/{}", ticket["id"].as_str().unwrap()));
    let delete_result =
        async |body: Value| service.http.delete(&url).json(&body).send().await.unwrap();
    for refused in [json!({"delete_token": ticket["id"]}), json!({})] {
        assert_eq!(problem(delete_result(refused).await).await, refusal(403, "forbidden"));
    }
    assert_eq!(service.end_of(&ticket).await, document, "nothing is lost");
    assert_eq!(delete_result(json!({"delete_token": ticket["delete_token"]})).await.status(), 204);
    let read = service.http.get(format!("{url}.json")).send().await.unwrap();
    assert_eq!(problem(read).await, refusal(404, "not_found"));
    assert_eq!(service.http.get(&page).send().await.unwrap().status(), 404);
    let left = std::fs::read_dir(service.folder().join("friends-uploads/feedback")).unwrap();
    assert_eq!(left.count(), 0);
    service.stop().await;
}

/// A crop and a share page that come while the ticket is being deleted: nothing of them stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_while_a_ticket_is_deleted_goes_with_it() {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let crop = STANDARD.encode(jpeg(&quarters(200, 200)));
    for _ in 0..20 {
        let ticket = service.ticket(photo.len()).await;
        service.upload(&ticket, photo.clone()).await;
        service.end_of(&ticket).await;
        let (id, token) = (&ticket["id"], &ticket["delete_token"]);
        let post =
            |path: &str, body: Value| service.http.post(service.url(path)).json(&body).send();
        let opinion =
            json!({"id": id, "delete_token": token, "face": 0, "friend": null, "crop": crop});
        let page = json!({"id": id, "delete_token": token, "site": "https://friends.example"});
        let url = service.url(&format!("/results/{}", id.as_str().unwrap()));
        let deletion = service.http.delete(&url).json(&json!({"delete_token": token})).send();
        let (deleted, said, shared) =
            tokio::join!(deletion, post("/api/feedback", opinion), post("/api/share", page));
        assert_eq!(deleted.unwrap().status(), 204);
        assert!([202, 404].contains(&said.unwrap().status().as_u16()));
        assert!([201, 404].contains(&shared.unwrap().status().as_u16()));
    }
    for (bucket, folder) in [("friends-uploads", "feedback"), ("friends-site", "r")] {
        let left = std::fs::read_dir(service.folder().join(bucket).join(folder));
        let left: Vec<_> = left.into_iter().flatten().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_taken_back_while_it_waits_leaves_nothing() {
    let service = Service::start().await;
    let photo = jpeg(&serval(300));
    let ticket = service.ticket(photo.len()).await;
    let url = service.url(&format!("/api/results/{}", ticket["id"].as_str().unwrap()));
    let taken = service
        .http
        .delete(&url)
        .bearer_auth(ticket["delete_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(taken.status(), 204);
    // The photo comes all the same: it is not judged, and not kept.
    assert_eq!(service.upload(&ticket, photo).await, 200);
    let photos =
        || std::fs::read_dir(service.folder().join("friends-uploads/uploads")).unwrap().count();
    let gone = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while photos() > 0 {
            pause.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone).await.expect("the photo is deleted");
    let read = service
        .http
        .get(service.url(&format!("/results/{}.json", ticket["id"].as_str().unwrap())))
        .send()
        .await
        .unwrap();
    assert_eq!(read.status(), 404);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_version_bundle_and_detector() {
    let service = Service::start().await;
    let health: Value =
        service.http.get(service.url("/api/health")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&health["status"], &health["detector"]), (&json!("ok"), &json!("embedded")));
    assert_eq!(health["model"]["name"], "friends");
    assert_eq!(health["model"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(health["model"]["friends"].as_array().unwrap().len(), 7);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_elsewhere_may_upload() {
    let service = Service::start().await;
    let ticket = service.ticket(10).await;
    let preflight = service
        .http
        .request(reqwest::Method::OPTIONS, ticket["upload"]["url"].as_str().unwrap())
        .header("origin", "https://friends.example")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-type,if-none-match")
        .send()
        .await
        .unwrap();
    assert!(preflight.status().is_success());
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_comes_with_a_strict_policy_and_asks_nobody_else() {
    let service = Service::start().await;
    let page = service.http.get(service.url("/")).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
    assert!(page.headers()["permissions-policy"].to_str().unwrap().contains("geolocation=()"));
    let html = page.text().await.unwrap();
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http"), "no third party");
    for script in html.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        if !script.is_empty() && !script.starts_with("data:") {
            let path = format!("/{}", script.trim_start_matches("./"));
            assert_eq!(
                service.http.get(service.url(&path)).send().await.unwrap().status(),
                200,
                "{script}"
            );
        }
    }
    service.stop().await;
}

/// All files below a folder.
fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_what_its_folder_holds_byte_for_byte() {
    let service = Service::start().await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    for file in files_below(&folder) {
        let path = file.strip_prefix(&folder).unwrap().to_str().unwrap();
        let path = path.strip_suffix("index.html").unwrap_or(path);
        let answer = service.http.get(service.url(&format!("/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.bytes().await.unwrap(), std::fs::read(&file).unwrap(), "{path}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_travels_compressed_and_only_once() {
    let service = Service::start().await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let (mut first, mut second, mut whole) = (0, 0, 0);
    for file in files_below(&folder) {
        let path = file.strip_prefix(&folder).unwrap().to_str().unwrap();
        let path = path.strip_suffix("index.html").unwrap_or(path);
        let url = service.url(&format!("/{path}"));
        let is_for_programmers =
            ["api/", "docs/", "openapi.json"].iter().any(|&of| path.starts_with(of));
        // With a body that nobody unpacks, and what a browser has.
        let ask = async |known: Option<&str>| {
            let mut request = service.http.get(&url).header("accept-encoding", "gzip, br");
            if let Some(tag) = known {
                request = request.header("if-none-match", tag);
            }
            request.send().await.unwrap()
        };
        let answer = ask(None).await;
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let is_text = !file.extension().is_some_and(|kind| kind == "jpg" || kind == "png");
        assert_eq!(
            answer.headers().get("content-encoding").is_some_and(|how| how == "br"),
            is_text,
            "{path}"
        );
        let bytes = answer.bytes().await.unwrap().len();
        if is_text && !is_for_programmers {
            first += bytes;
            whole += std::fs::metadata(&file).unwrap().len();
        }
        let again = ask(Some(&tag)).await;
        assert_eq!(again.status(), 304, "{path}");
        // A line a header, and the status line.
        second += again
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum::<usize>()
            + 27;
        assert_eq!(again.bytes().await.unwrap().len(), 0);
        assert_eq!(
            ask(Some("W/\"0123456789abcdef\"")).await.status(),
            200,
            "another version is sent"
        );
    }
    println!(
        "text of the page: {first} bytes of {whole}; a second visit with all pictures: {second}"
    );
    assert!(first < 60_000, "{first}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_any_shape_are_judged() {
    let service = Service::start().await;
    for (width, height) in [(16, 16), (16, 3000), (3000, 16), (23, 25)] {
        let body = jpeg(&quarters(width, height));
        let answer = service.http.post(service.url("/api/judge")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{width} by {height}");
    }
    service.stop().await;
}
