//! The function's entry point: one function for both triggers.
//!
//! API Gateway's requests go to the router. Anything else that Lambda delivers (S3 notifications, schedules) passes through to
//! the event handler; its errors are returned as errors, so that Lambda delivers the event again and, in the end, to the
//! failure queue. Which is which is decided by the request's context: a visitor can forge a path, but not that.

use std::sync::Arc;

use friends_core::error::chain;
use friends_judge::service::app::{App, Assembly, Buckets};
use friends_judge::service::{api, config, event, telemetry};
use lambda_http::request::RequestContext;
use lambda_http::tower::ServiceExt as _;
use lambda_http::{Error, Request, RequestExt as _, Response, run, service_fn};
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(telemetry::Format::Json, LevelFilter::INFO);
    let assembly = Assembly { model: None, detector: None, permits: 1, buckets: Buckets::Environment };
    let app = Arc::new(App::assemble(assembly, &config::environment).map_err(|error| chain(&*error))?);
    let router = api::router(Arc::clone(&app));

    run(service_fn(move |request: Request| {
        let (app, router) = (Arc::clone(&app), router.clone());
        async move {
            if matches!(request.request_context_ref(), Some(RequestContext::PassThrough)) {
                event::handle(&app, &serde_json::from_slice(request.body())?).await.inspect_err(|error| {
                    tracing::error!(error = error.chain(), "an event is left to be delivered again");
                })?;
                return Ok::<_, Error>(Response::new(axum::body::Body::from("null")));
            }
            let request = request.map(axum::body::Body::new);
            Ok(router.oneshot(request).await?)
        }
    }))
    .await
}
