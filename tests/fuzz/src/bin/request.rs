//! Requests: the first line of the input is the path with its query, the rest the body. None is a
//! fault of ours.
#![no_main]

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::Request;
use friends_service::app::{App, Assembly, Buckets};
use friends_service::http;
use friends_service::settings::Settings;
use friends_service::observe::{Log, Observer};
use friends_service::tickets::feedback::Feedback;
use tower_service::Service as _;

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
}
static ROUTER: OnceLock<axum::Router> = OnceLock::new();

fn router() -> axum::Router {
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/friends");
    let assembly = Assembly {
        model: Some(bundle.as_ref()),
        detector: None,
        permits: 1,
        buckets: Buckets::None,
        observer: Observer::new(Log),
    };
    http::router(Arc::new(App::assemble(assembly, &Settings::default()).expect("the shipped bundle")))
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (path, body) =
        bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let _ = serde_json::from_slice::<Feedback>(body);
    // Only what is refused before the photo is looked at: pixels have a target of their own.
    let Ok(path) = std::str::from_utf8(path) else { return };
    let Ok(request) = Request::post(format!("/api/judge?{path}")).body(Body::from("no photo"))
    else {
        return;
    };
    let mut router = ROUTER.get_or_init(router).clone();
    let answer = RUNTIME
        .with(|runtime| runtime.block_on(router.call(request)))
        .expect("a router always answers");
    assert!(answer.status().is_client_error(), "{}", answer.status());
});
