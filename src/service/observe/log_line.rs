//! One line for each judged photo and each request, with the same names everywhere; it holds the
//! numbers for graphs and alarms.
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
//! | `http.route`, `http.status` | of a request; the route is a pattern, `/results/{document}`, without any id | |
//! | `device` | of a request: `mobile`, `tablet`, `desktop`, from the CDN's headers or the browser's name; else `unknown` | |
//!
//! On Lambda the line is JSON in AWS's embedded metric format: `time.*`, `cold_start` and one
//! counter for each value of `status` and `verdict`, in the namespace `FriendsJudge`. No line holds
//! a photo, a face, an id or a signed URL.

use std::time::Duration;

use axum::http::StatusCode;
use friends_core::verdict::Verdict;
use serde_json::{Map, Value, json};

use crate::judgement::{DetectorName, Judgement};
use crate::tickets::{ResultDocument, TicketId};

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

/// Runs `work`, whose lines name this invocation.
pub async fn in_invocation<F: Future>(invocation: Invocation, work: F) -> F::Output {
    INVOCATION.scope(invocation, work).await
}

/// A line as it is put together: what the sinks take.
pub struct LogLine {
    /// By name.
    pub fields: Map<String, Value>,
    /// Of the fields, those that are metrics, as the embedded metric format declares them.
    pub metrics: Vec<Value>,
    /// What is counted, by group and name.
    pub counts: Vec<(&'static str, String)>,
}

impl LogLine {
    /// A photo was judged: as a ticket that ended so, or at once.
    #[must_use]
    pub fn job(ticket: Option<&TicketId>, document: &ResultDocument) -> Self {
        let mut line = Self::new("job");
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
        line
    }

    /// A request was answered.
    #[must_use]
    pub fn request(route: &str, device: &'static str, status: StatusCode, took: Duration) -> Self {
        let mut line = Self::new("request");
        if (route, status) == ("/api/uploads", StatusCode::CREATED) {
            line.counts.push(("device", device.to_owned()));
        }
        line.put("http.route", route);
        line.put("http.status", status.as_u16());
        line.put("device", device);
        line.put("time.total", u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        line
    }

    fn new(kind: &'static str) -> Self {
        let mut line = Self { fields: Map::new(), metrics: Vec::new(), counts: Vec::new() };
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

    /// A value, and a counter of its own for it.
    fn count(&mut self, name: &'static str, value: &str) {
        self.counts.push((name, value.to_owned()));
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
}
