//! What a visitor's page does with a ticket.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// Opens a ticket for a JPEG of this many bytes at the service that `base` names
/// (`http://host:port`).
pub async fn open(http: &Client, base: &str, size_bytes: usize) -> Value {
    let request = json!({"content_type": "image/jpeg", "size_bytes": size_bytes});
    let answer = http.post(format!("{base}/api/uploads")).json(&request).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

/// The address of a ticket's result.
pub fn result_url(base: &str, ticket: &Value) -> String {
    format!("{base}{}", ticket["result_url"].as_str().unwrap())
}

/// The header of the upload that a ticket asks for, of `length` bytes.
pub fn upload_header(ticket: &Value, length: usize) -> String {
    let upload = &ticket["upload"];
    let url = upload["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (host, path) = url.split_once('/').unwrap();
    let headers = upload["headers"].as_object().unwrap().iter();
    let headers: String =
        headers.map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap())).collect();
    format!("PUT /{path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n")
}

/// Uploads `body` exactly as the ticket says.
pub async fn upload(http: &Client, ticket: &Value, body: Vec<u8>) -> StatusCode {
    try_upload(http, ticket, body).await.unwrap()
}

/// As [`upload`], where the server may close the connection before it has read everything.
pub async fn try_upload(
    http: &Client,
    ticket: &Value,
    body: Vec<u8>,
) -> reqwest::Result<StatusCode> {
    let upload = &ticket["upload"];
    let mut request = http.put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(body).send().await.map(|answer| answer.status())
}

/// Polls a result until it is terminal; the test fails when the ticket does not end in five minutes. Its
/// photo is deleted a moment later, which is waited for, but not for long: who was killed in between
/// leaves that to a sweep.
pub async fn end_of(http: &Client, url: &str) -> Value {
    let polling = async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(50));
        let mut looks_at_end = 0;
        loop {
            pause.tick().await;
            let document: Value = http.get(url).send().await.unwrap().json().await.unwrap();
            if document["status"] == "waiting" {
                continue;
            }
            looks_at_end += 1;
            if document["photo_deleted_at"].is_string() || looks_at_end == 40 {
                return document;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(5), polling)
        .await
        .expect("every ticket ends")
}
