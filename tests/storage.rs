//! The real S3 client over the embedded store: what a presigned upload binds, and who wins.

use std::sync::Arc;
use std::time::SystemTime;

use friends_core::geometry::Size;
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use friends_local::object_store::ObjectStore;
use friends_service::error::Error;
use friends_service::observe::{Log, Observer};
use friends_service::pipeline::sweep;
use friends_service::storage::{Storage, StorageKey};
use friends_service::tickets::{Outcome, ResultDocument, StoredResult, TicketId};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::common::pictures::{jpeg, serval};
use crate::common::service::Service;
use crate::common::tickets::upload_header;

const SIZE: usize = 100;

/// Uploads with changes to the headers (`""` leaves one out) and to the URL.
async fn put(
    service: &Service,
    ticket: &Value,
    body: usize,
    headers: &[(&str, &str)],
    url: impl Fn(&str) -> String,
) -> u16 {
    let upload = &ticket["upload"];
    let mut request = service.http.put(url(upload["url"].as_str().unwrap()));
    for (name, value) in upload["headers"].as_object().unwrap() {
        let value = headers
            .iter()
            .find(|(n, _)| n == name)
            .map_or(value.as_str().unwrap(), |(_, value)| value);
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    request.body(vec![7; body]).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_taken_only_as_it_was_signed() {
    let service = Service::start().await;
    let same = |url: &str| url.to_owned();
    let ticket = service.ticket(SIZE).await;
    assert_eq!(ticket["upload"]["method"], "PUT");
    let second = service.ticket(SIZE).await;
    let other_id = second["id"].as_str().unwrap();

    assert_eq!(put(&service, &ticket, SIZE + 1, &[], same).await, 403, "a longer body");
    assert_eq!(put(&service, &ticket, SIZE - 1, &[], same).await, 403, "a shorter body");
    assert_eq!(
        put(&service, &ticket, SIZE, &[("content-type", "text/html")], same).await,
        403,
        "another type"
    );
    assert_eq!(
        put(&service, &ticket, SIZE, &[("if-none-match", "")], same).await,
        403,
        "without write-once"
    );
    let id = ticket["id"].as_str().unwrap();
    assert_eq!(
        put(&service, &ticket, SIZE, &[], |url| url.replace(id, other_id)).await,
        403,
        "another key"
    );
    assert_eq!(
        put(&service, &ticket, SIZE, &[], |url| url
            .replace("X-Amz-Expires=300", "X-Amz-Expires=9000"))
        .await,
        403,
        "a longer life"
    );
    let unsigned = |url: &str| url.split('?').next().unwrap().to_owned();
    assert_eq!(put(&service, &ticket, SIZE, &[], unsigned).await, 403, "no signature at all");

    assert_eq!(put(&service, &ticket, SIZE, &[], same).await, 200, "as signed");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_upload_gets_412_while_the_first_photo_is_there() {
    let (storage, store) = bare();
    let id = TicketId::random().unwrap();
    let now = OffsetDateTime::now_utc();
    let upload = storage
        .presign_upload(StorageKey::Upload(id.as_str()), "image/jpeg", 3, now, None)
        .await
        .unwrap();
    for expected in [200, 412] {
        let mut request = axum::http::Request::put(&upload.url).header("content-length", 3);
        for (name, value) in &upload.headers {
            request = request.header(name, value);
        }
        let host = upload.url.split('/').nth(2).unwrap();
        let request = request.header("host", host).body(s3s::Body::from(vec![1, 2, 3])).unwrap();
        assert_eq!(store.service.call(request).await.unwrap().status(), expected);
    }
    let late = storage
        .presign_upload(
            StorageKey::Upload(TicketId::random().unwrap().as_str()),
            "image/jpeg",
            3,
            now - Duration::hours(1),
            None,
        )
        .await
        .unwrap();
    let mut request = axum::http::Request::put(&late.url)
        .header("content-length", 3)
        .header("host", late.url.split('/').nth(2).unwrap());
    for (name, value) in &late.headers {
        request = request.header(name, value);
    }
    let answer =
        store.service.call(request.body(s3s::Body::from(vec![1, 2, 3])).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 403, "an expired URL");
}

/// Buckets without a service around them.
fn bare() -> (Storage, ObjectStore) {
    let dir = tempfile::tempdir().unwrap().keep();
    let store = ObjectStore::open(&dir).unwrap();
    (store.storage(), store)
}

fn waiting(id: &TicketId) -> ResultDocument {
    let now = OffsetDateTime::now_utc();
    ResultDocument::waiting(
        id.as_str().into(),
        now,
        now + Duration::minutes(15),
        now + Duration::days(7),
    )
}

/// A new ticket, and its document as it is stored.
async fn opened(storage: &Storage) -> (TicketId, StoredResult) {
    let id = TicketId::random().unwrap();
    storage.open(&id, &waiting(&id)).await.unwrap();
    let document = storage.result(&id).await.unwrap().unwrap();
    (id, document)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_terminal_documents_the_first_wins() {
    let (storage, _store) = bare();
    let storage = Arc::new(storage);
    let (id, before) = opened(&storage).await;
    let before = Arc::new(before);
    let racers: Vec<_> = (0..20)
        .map(|racer| {
            let (storage, before, id) = (Arc::clone(&storage), Arc::clone(&before), id.clone());
            tokio::spawn(async move {
                let mut document = before.document.clone().ended(Outcome::Expired);
                document.created_at += Duration::seconds(racer);
                (storage.replace(&id, &before, document.clone()).await.unwrap().is_some(), document)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        let (won, document) = racer.await.unwrap();
        if won {
            winners.push(document);
        }
    }
    assert_eq!(winners.len(), 1);
    let stored = storage.result(&id).await.unwrap().unwrap().document;
    assert_eq!(stored, winners[0]);
    assert_eq!(stored.state.name(), "expired");
}

/// What a process leaves that is killed between writing an object and the store's note on it.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_note_is_missing_is_read_and_replaced_as_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(dir.path()).unwrap();
    let storage = store.storage();
    let id = TicketId::random().unwrap();
    storage.open(&id, &waiting(&id)).await.unwrap();
    let with_note = storage.result(&id).await.unwrap().unwrap();
    let notes = std::fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.path());
    let notes: Vec<_> =
        notes.filter(|path| path.to_string_lossy().ends_with(".internal.json")).collect();
    assert_eq!(notes.len(), 2, "of the document and its marker: {notes:?}");
    for note in notes {
        std::fs::remove_file(note).unwrap();
    }

    let without = storage.result(&id).await.unwrap().unwrap();
    assert_eq!(without.document, with_note.document);
    let ended = without.document.clone().ended(Outcome::Expired);
    assert!(
        storage.replace(&id, &with_note, ended).await.unwrap().is_some(),
        "the entity tag is the same"
    );
    assert_eq!(storage.result(&id).await.unwrap().unwrap().document.state.name(), "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_cannot_be_opened_twice_and_an_unknown_one_reads_as_none() {
    let (storage, _store) = bare();
    let id = TicketId::random().unwrap();
    assert!(storage.result(&id).await.unwrap().is_none());
    storage.open(&id, &waiting(&id)).await.unwrap();
    assert!(storage.open(&id, &waiting(&id)).await.is_err(), "another opening of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_ticket_is_swept_and_a_waiting_one_is_not() {
    let (storage, _store) = bare();
    let (old, new) = (TicketId::random().unwrap(), TicketId::random().unwrap());
    storage.open(&old, &waiting(&old)).await.unwrap();
    storage.open(&new, &waiting(&new)).await.unwrap();
    let mut later = OffsetDateTime::now_utc() + Duration::minutes(14);
    assert_eq!(sweep(&storage, &Observer::new(Log), later).await.unwrap(), 0);
    later += Duration::minutes(2);
    assert_eq!(sweep(&storage, &Observer::new(Log), later).await.unwrap(), 2);
    assert_eq!(storage.result(&old).await.unwrap().unwrap().document.state.name(), "expired");
    assert_eq!(sweep(&storage, &Observer::new(Log), later).await.unwrap(), 0, "only once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_read_keeps_no_other_ticket_from_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let storage = ObjectStore::open(dir.path()).unwrap().storage();
    let ids: Vec<TicketId> = (0..3).map(|_| TicketId::random().unwrap()).collect();
    for id in &ids {
        storage.open(id, &waiting(id)).await.unwrap();
    }
    storage.keep(StorageKey::Result(ids[1].as_str()), b"{\"schema\": 2}".to_vec()).await.unwrap();
    let later = OffsetDateTime::now_utc() + Duration::minutes(16);
    assert_eq!(sweep(&storage, &Observer::new(Log), later).await.unwrap(), 2);
    for id in [&ids[0], &ids[2]] {
        assert_eq!(storage.result(id).await.unwrap().unwrap().document.state.name(), "expired");
    }
    assert!(
        storage.result(&ids[1]).await.is_err(),
        "a document of another schema is not read as one of ours"
    );
    assert_eq!(
        storage.open_since_before(later).await.unwrap(),
        [ids[1].clone()],
        "its marker stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_reads_open_tickets_alone() {
    let (storage, _store) = bare();
    let (finished, before) = opened(&storage).await;
    let ended = before.document.clone().ended(Outcome::Expired);
    assert!(storage.replace(&finished, &before, ended).await.unwrap().is_some());
    storage.close(&finished).await.unwrap();
    // A sweep that read it would be told that it cannot.
    storage.keep(StorageKey::Result(finished.as_str()), b"?".to_vec()).await.unwrap();
    let later = OffsetDateTime::now_utc() + Duration::minutes(16);
    assert!(storage.open_since_before(later).await.unwrap().is_empty());
    assert_eq!(sweep(&storage, &Observer::new(Log), later).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_got_lost_counts_as_written() {
    let (storage, _store) = bare();
    let (id, before) = opened(&storage).await;
    let ended = before.document.clone().ended(Outcome::Expired);
    for attempt in ["first", "again, without having heard"] {
        assert!(storage.replace(&id, &before, ended.clone()).await.unwrap().is_some(), "{attempt}");
    }
    let second = ResultDocument { created_at: ended.created_at + Duration::seconds(1), ..ended };
    assert!(storage.replace(&id, &before, second).await.unwrap().is_none(), "somebody else's");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_are_all_made() {
    let (storage, _store) = bare();
    let add = |before: Option<u64>| Some(before.unwrap_or(0) + 1);
    let once = || storage.change_json(StorageKey::Stats, "adding one", add);
    // One of those who write at the same time is always the quicker one, so that four need four
    // tries at most.
    tokio::try_join!(once(), once(), once(), once()).unwrap();
    storage.change_json(StorageKey::Stats, "leaving it", |_: Option<u64>| None).await.unwrap();
    assert_eq!(storage.json::<u64>(StorageKey::Stats, "reading").await.unwrap(), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_others_forestall_every_time_is_given_up() {
    let (storage, _store) = bare();
    let mut theirs = 0;
    let beaten = |_: Option<u64>| {
        theirs += 1;
        let quicker = storage.keep(StorageKey::Stats, theirs.to_string().into_bytes());
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(quicker))
            .unwrap();
        Some(1000)
    };
    let error = storage.change_json(StorageKey::Stats, "setting it", beaten).await.unwrap_err();
    assert!(matches!(error, Error::Transient { .. }), "{error:?}");
    assert_eq!(
        storage.json::<u64>(StorageKey::Stats, "reading").await.unwrap(),
        Some(5),
        "the last of theirs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_objects_are_deleted_as_lifecycle_rules_would() {
    let (storage, store) = bare();
    let id = TicketId::random().unwrap();
    storage.open(&id, &waiting(&id)).await.unwrap();
    storage.keep(StorageKey::Upload(id.as_str()), vec![1]).await.unwrap();
    storage.keep(StorageKey::Feedback(&id.log_name(), 0), vec![1]).await.unwrap();
    let day = std::time::Duration::from_hours(24);
    let in_days =
        async |days: u32| store.lifecycle().run(SystemTime::now() + days * day + day / 2).await;
    in_days(0).await;
    assert_eq!(storage.uploaded().await.unwrap(), std::slice::from_ref(&id));
    in_days(1).await;
    assert!(storage.uploaded().await.unwrap().is_empty());
    assert!(storage.result(&id).await.unwrap().is_some());
    in_days(7).await;
    assert!(storage.result(&id).await.unwrap().is_none());
    assert!(
        storage
            .open_since_before(OffsetDateTime::now_utc() + Duration::days(1))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_leaves_nothing() {
    use tokio::io::AsyncWriteExt as _;
    let service = Service::start().await;
    let photo = jpeg(&serval(256));
    assert_eq!(
        Photo::decode(photo.clone(), &Limits::default()).unwrap().size(),
        Size { width: 256, height: 256 }
    );
    let ticket = service.ticket(photo.len()).await;
    let mut line = tokio::net::TcpStream::connect(service.address).await.unwrap();
    line.write_all(upload_header(&ticket, photo.len()).as_bytes()).await.unwrap();
    line.write_all(&photo[..photo.len() / 2]).await.unwrap();
    line.shutdown().await.unwrap();
    drop(line);
    // The same ticket still takes the whole photo.
    assert_eq!(service.upload(&ticket, photo).await, 200);
    assert_eq!(service.end_of(&ticket).await["status"], "done");
    service.stop().await;
}
