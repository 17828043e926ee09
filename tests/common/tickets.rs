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

/// Polls a result until it is terminal and its photo is deleted; the test fails when that does not come
/// in a minute. A ticket that nobody has ended yet reads as expired.
pub async fn end_of(http: &Client, url: &str) -> Value {
    let polling = async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            pause.tick().await;
            let document: Value = http.get(url).send().await.unwrap().json().await.unwrap();
            let is_closed = document["photo_deleted_at"].is_string();
            match document["status"].as_str().unwrap() {
                "waiting" => {}
                "expired" => return document,
                _ if is_closed => return document,
                _ => {}
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), polling)
        .await
        .expect("every ticket ends")
}
