//! The description of the API: `src/web/openapi.json` is what the program's types and routes say.
//!
//! `UPDATE_FIXTURES=1 cargo test --all-features --test boundaries openapi` writes the file anew.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::common::service::Service;

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/openapi.json")
}

#[test]
fn the_file_is_what_the_program_says() {
    let described = friends_service::http::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(file(), &described).unwrap();
    }
    let written = std::fs::read_to_string(file()).expect("the description of the API");
    assert_eq!(written, described, "UPDATE_FIXTURES=1 writes it anew");
}

#[test]
fn every_call_and_every_field_is_explained() {
    let described: Value =
        serde_json::to_value(friends_service::http::openapi()).expect("it is JSON");
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            assert!(call["summary"].is_string(), "{method} {path} has no summary");
        }
    }
    let mut unexplained = Vec::new();
    for (name, shape) in described["components"]["schemas"].as_object().unwrap() {
        explained(name, shape, &mut unexplained);
    }
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

/// A path that was misspelled in a handler's description would send developers to a 404.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_is_described_is_answered() {
    let service = Service::start().await;
    let described: Value =
        serde_json::to_value(friends_service::http::openapi()).expect("it is JSON");
    for (path, calls) in described["paths"].as_object().unwrap() {
        // No route takes this method, so that each answers which ones it takes.
        let answer =
            service.http.request(Method::PATCH, service.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 405, "{path}");
        let allowed: BTreeSet<_> = answer.headers()["allow"]
            .to_str()
            .unwrap()
            .split(',')
            .map(|method| method.trim().to_lowercase())
            .filter(|method| method != "head")
            .collect();
        let methods: BTreeSet<_> = calls.as_object().unwrap().keys().cloned().collect();
        assert_eq!(allowed, methods, "{path}");
    }
    service.stop().await;
}

/// Names properties that are described neither here nor where they refer to.
fn explained(name: &str, shape: &Value, unexplained: &mut Vec<String>) {
    for (property, value) in shape["properties"].as_object().into_iter().flatten() {
        let refers = value["$ref"].is_string() || value["oneOf"].is_array();
        // What tells variants apart is explained by the variants.
        let is_tag = value["enum"].as_array().is_some_and(|values| values.len() == 1);
        if value["description"].is_null() && !refers && !is_tag {
            unexplained.push(format!("{name}.{property}"));
        }
    }
    for part in ["allOf", "oneOf"].into_iter().filter_map(|key| shape[key].as_array()).flatten() {
        explained(name, part, unexplained);
    }
}
