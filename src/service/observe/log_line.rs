//! One line for each judged photo and each request, with the same names everywhere; numbers for
//! graphs and alarms ride in it.
//!
//! | field | means | unit |
//! |---|---|---|
//! | `line` | `job`: a ticket ended, or a photo was judged at once; `request`: an HTTP request was answered | |
//! | `request.id` | the invocation, as Lambda names it | |
//! | `cold_start` | 1 in the first invocation of a process | |
//! | `ticket` | a one-way hash of the ticket's id | |
//! | `status` | `done`, `rejected`, `failed`, `expired` | |
//! | `error.code` | why it is not `done` | |
//! | `verdict` | the best of the photo's faces: `match`, `either`, `none` | |
//! | `faces` | heads that were judged | |
//! | `detector`, `detector.fallback_from` | who found the faces, and who should have | |
//! | `photo.megapixels` | size of the upright photo | 10⁶ pixels |
//! | `time.queue`, `.fetch`, `.decode`, `.detect`, `.classify`, `.total` | stages of a job; a request has `time.total` | ms |
//! | `http.route`, `http.status` | of a request | |
//! | `device` | of a request: `mobile`, `tablet`, `desktop`, from the CDN's headers or the browser's name; else `unknown` | |
//!
//! On Lambda the line is JSON in AWS's embedded metric format: `time.*`, `cold_start` and one
//! counter for each value of `status` and `verdict`, in the namespace `FriendsJudge`. No line holds
//! a photo, a face, an id or a signed URL.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use friends_core::judgement::{DetectorName, Judgement};
use friends_core::verdict::Verdict;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::usage;
use crate::service::tickets::{ResultDocument, TicketId};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "FriendsJudge";
/// Lines go to standard output as JSON with metrics once this is set; otherwise they are log lines.
static METRICS: OnceLock<()> = OnceLock::new();

tokio::task_local! {
    static INVOCATION: Invocation;
}

/// What all lines of one invocation say of it.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// As Lambda names it.
    pub request_id: String,
    /// Whether the process has handled none before.
    pub cold: bool,
}

/// From now on lines carry metrics.
pub fn with_metrics() {
    let _ = METRICS.set(());
}

/// Runs `work`, whose lines name this invocation.
pub async fn in_invocation<F: Future>(invocation: Invocation, work: F) -> F::Output {
    INVOCATION.scope(invocation, work).await
}

/// A photo was judged: as a ticket that ended so, or at once.
pub fn job(ticket: Option<&TicketId>, document: &ResultDocument) {
    let mut line = LogLine::new("job");
    if let Some(ticket) = ticket {
        line.put("ticket", ticket.log_name());
    }
    line.count("status", document.state.name());
    if let Some(error) = document.error() {
        line.put("error.code", json!(error.code));
    }
    if let Some(judgement) = document.judgement() {
        line.judgement(judgement);
    }
    line.write();
}

/// A request was answered.
pub fn request(route: &'static str, device: &'static str, status: StatusCode, took: Duration) {
    if (route, status) == (OPEN_TICKET, StatusCode::CREATED) {
        usage::count("device", device);
    }
    let mut line = LogLine::new("request");
    line.put("http.route", route);
    line.put("http.status", status.as_u16());
    line.put("device", device);
    line.put("time.total", u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    line.write();
}

const OPEN_TICKET: &str = "/api/uploads";

/// The name of a route, without what is particular to the request.
#[must_use]
pub fn route(path: &str) -> &'static str {
    const ROUTES: [&str; 6] =
        [OPEN_TICKET, "/stats.json", "/api/judge", "/api/feedback", "/api/share", "/api/health"];
    const PREFIXES: [(&str, &str); 3] =
        [("/results/", "/results/"), ("/api/results/", "/results/"), ("/r/", "/r/")];
    let fixed = ROUTES.into_iter().find(|route| *route == path);
    let named =
        || PREFIXES.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, name)| name);
    fixed.or_else(named).unwrap_or("other")
}

/// The class of the visitor's device, as the CDN tells it, or else the browser itself.
#[must_use]
pub fn device(headers: &HeaderMap) -> &'static str {
    const CLASSES: [(&str, &str); 3] = [
        // A tablet is also mobile.
        ("cloudfront-is-tablet-viewer", "tablet"),
        ("cloudfront-is-mobile-viewer", "mobile"),
        ("cloudfront-is-desktop-viewer", "desktop"),
    ];
    let told = |name: &str| headers.get(name).is_some_and(|value| value == "true");
    if let Some((_, class)) = CLASSES.into_iter().find(|(name, _)| told(name)) {
        return class;
    }
    let browser =
        headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
    let says = |word: &str| browser.contains(word);
    match () {
        () if says("iPad") || says("Tablet") || (says("Android") && !says("Mobile")) => "tablet",
        () if says("Mobi") => "mobile",
        () if says("Mozilla/") => "desktop",
        () => "unknown",
    }
}

/// A line as it is put together.
struct LogLine {
    fields: Map<String, Value>,
    metrics: Vec<Value>,
}

impl LogLine {
    fn new(kind: &'static str) -> Self {
        let mut line = Self { fields: Map::new(), metrics: Vec::new() };
        line.put("line", kind);
        let _ = INVOCATION.try_with(|invocation| {
            line.put("request.id", invocation.request_id.clone());
            if kind == "job" {
                line.measure("cold_start", u64::from(invocation.cold), "Count");
            }
        });
        line
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// A number that is also a metric.
    fn measure(&mut self, name: &str, value: u64, unit: &str) {
        self.put(name, value);
        self.metrics.push(json!({"Name": name, "Unit": unit}));
    }

    /// A value, and a counter of its own for it, here and for the operator's page.
    fn count(&mut self, name: &str, value: &str) {
        usage::count(name, value);
        self.put(name, value);
        self.measure(&format!("{name}.{value}"), 1, "Count");
    }

    fn judgement(&mut self, judgement: &Judgement) {
        let verdicts = judgement.faces.iter().map(|face| match face.verdict {
            Verdict::Match { .. } => (2, "match"),
            Verdict::Either { .. } => (1, "either"),
            Verdict::None => (0, "none"),
        });
        self.count("verdict", verdicts.max().map_or("none", |(_, name)| name));
        self.put("faces", judgement.faces.len());
        self.put("detector", json!(judgement.detector));
        if let Some(fallback) = judgement.fallback_from {
            self.put("detector.fallback_from", json!(fallback));
        }
        if matches!(
            judgement.detector,
            DetectorName::CloudVision | DetectorName::CascadeCloudVision
        ) {
            self.measure("vision.answers", 1, "Count");
        }
        let pixels = f64::from(judgement.photo.width) * f64::from(judgement.photo.height);
        self.put("photo.megapixels", (pixels / 1e4).round() / 100.0);
        let times = judgement.timings_ms;
        for (stage, ms) in [
            ("queue", times.queue),
            ("fetch", times.fetch),
            ("decode", times.decode),
            ("detect", times.detect),
            ("classify", times.classify),
            ("total", times.total),
        ] {
            self.measure(&format!("time.{stage}"), ms, "Milliseconds");
        }
    }

    fn write(mut self) {
        if METRICS.get().is_none() {
            let text = Value::Object(self.fields.clone()).to_string();
            // Of requests only those who look for them want to read: the page polls.
            if self.fields["line"] == "job" {
                tracing::info!("{text}");
            } else {
                tracing::debug!("{text}");
            }
            return;
        }
        if !self.metrics.is_empty() {
            let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
            self.fields.insert(
                "_aws".to_owned(),
                json!({
                    "Timestamp": i64::try_from(milliseconds).unwrap_or_default(),
                    "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": self.metrics}],
                }),
            );
        }
        println!("{}", Value::Object(self.fields));
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn routes_carry_no_id() {
        assert_eq!(route("/results/AAAAAAAAAAAAAAAAAAAAAAAA.json"), "/results/");
        assert_eq!(route("/api/judge"), "/api/judge");
        assert_eq!(route("/wp-login.php"), "other");
    }

    #[test]
    fn a_tablet_is_not_counted_as_a_phone() {
        let mut headers = HeaderMap::new();
        assert_eq!(device(&headers), "unknown");
        for (browser, class) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile/15E148 Safari/604.1",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
                "tablet",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605 Mobile/15E148 Safari/604.1",
                "tablet",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "desktop"),
            ("curl/8.5.0", "unknown"),
        ] {
            headers.insert(header::USER_AGENT, HeaderValue::from_static(browser));
            assert_eq!(device(&headers), class, "{browser}");
        }
        headers.insert("cloudfront-is-mobile-viewer", HeaderValue::from_static("true"));
        assert_eq!(device(&headers), "mobile");
        headers.insert("cloudfront-is-tablet-viewer", HeaderValue::from_static("true"));
        assert_eq!(device(&headers), "tablet");
    }
}
