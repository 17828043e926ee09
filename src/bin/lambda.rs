//! The function's entry point: one function for both triggers.
//!
//! API Gateway's requests go to the router. Anything else that Lambda delivers (S3 notifications,
//! schedules) passes through to the event handler; its errors are returned as errors, so that
//! Lambda delivers the event again and, in the end, to the failure queue. Which is which is decided
//! by the request's context: a visitor can forge a path, but not that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use friends_core::error::chain;
use friends_service::app::{App, Assembly, Buckets};
use friends_service::observe::{EmbeddedMetrics, Invocation, Observer, in_invocation, telemetry};
use friends_service::settings::{Settings, VISION_KEY, secret};
use friends_service::{error, event, http};
use lambda_http::lambda_runtime::Runtime;
use lambda_http::lambda_runtime::layers::TracingLayer;
use lambda_http::request::RequestContext;
use lambda_http::tower::ServiceExt as _;
use lambda_http::tower::util::MapResponseLayer;
use lambda_http::{Adapter, Context, Error, Request, RequestExt as _, Response, service_fn};
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start(telemetry::Format::Json, LevelFilter::INFO);
    let assembly = Assembly {
        model: None,
        detector: None,
        permits: 1,
        buckets: Buckets::Environment,
        observer: Observer::new(EmbeddedMetrics),
    };
    let mut settings = Settings::from_environment();
    if let Some(key) = secret::vision_key(&settings).await.map_err(|fault| chain(&fault))? {
        settings = settings.with(&VISION_KEY, key);
    }
    let app = Arc::new(App::assemble(assembly, &settings).map_err(|error| chain(&error))?);
    let router = http::router(Arc::clone(&app));
    let first = Arc::new(AtomicBool::new(true));
    let out_of_time = Arc::new(AtomicBool::new(false));
    let ran_out = Arc::clone(&out_of_time);

    let handler = service_fn(move |request: Request| {
        let (app, router, first, ran_out) =
            (Arc::clone(&app), router.clone(), Arc::clone(&first), Arc::clone(&ran_out));
        async move {
            let context = request.lambda_context_ref();
            let time_left = time_left(context);
            let request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
            let invocation = Invocation { request_id, cold: first.swap(false, Ordering::Relaxed) };
            if matches!(request.request_context_ref(), Some(RequestContext::PassThrough)) {
                let event = serde_json::from_slice(request.body())?;
                let handling = Box::pin(in_invocation(invocation, event::handle(&app, &event)));
                let handled = tokio::time::timeout(time_left, handling).await;
                let handled = handled.unwrap_or_else(|_| {
                    ran_out.store(true, Ordering::Relaxed);
                    Err(error::Error::transient("handling an event", "the time for it is over"))
                });
                handled.inspect_err(|error| {
                    tracing::error!(
                        error = error.chain(),
                        "an event is left to be delivered again"
                    );
                })?;
                return Ok::<_, Error>(Response::new(axum::body::Body::from("null")));
            }
            let request = request.map(axum::body::Body::new);
            let answering = in_invocation(invocation, router.oneshot(request));
            let answered = tokio::time::timeout(time_left, answering).await;
            Ok(answered.unwrap_or_else(|_| {
                ran_out.store(true, Ordering::Relaxed);
                Ok(http::timed_out())
            })?)
        }
    });
    // Runs after Lambda has the answer. What took too long may go on in a thread of this process
    // and hold what the next photo needs, so the next photo gets a new process.
    let end_if_out_of_time = MapResponseLayer::new(move |()| {
        if out_of_time.load(Ordering::Relaxed) {
            tracing::error!(
                "the time for an invocation was over: this process ends, and Lambda starts another"
            );
            std::process::exit(1);
        }
    });
    Runtime::new(Adapter::from(handler))
        .layer(TracingLayer::new())
        .layer(end_if_out_of_time)
        .run()
        .await
}

/// How long an invocation may take, so that it can still say that it failed: Lambda would end it
/// without a word, and with it the process.
fn time_left(context: Option<&Context>) -> Duration {
    /// What saying so takes, with room for a slow machine.
    const MARGIN: Duration = Duration::from_millis(1500);
    /// For runtimes that give no time: `cargo lambda watch` does not count from the epoch.
    const UNKNOWN: Duration = Duration::from_secs(25);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline =
        context.map_or(Duration::ZERO, |context| Duration::from_millis(context.deadline));
    let left = deadline.checked_sub(now);
    left.map_or(UNKNOWN, |left| left.saturating_sub(MARGIN))
}
