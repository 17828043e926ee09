//! The Lambda runtime API (2018-06-01): four routes, one function process.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use super::logs::Captured;

/// What the function said of an invocation; errors are for reading in a failed test.
#[derive(Debug)]
pub enum Said {
    Response(Value),
    Error(#[expect(dead_code, reason = "printed by Debug")] Value),
    InitError(#[expect(dead_code, reason = "printed by Debug")] Value),
    /// Lambda would have ended the process before this.
    TooLate,
}

struct Api {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    said: mpsc::UnboundedSender<Said>,
    /// How long an invocation may take, and when the running one ends.
    time: Arc<std::sync::Mutex<(Duration, SystemTime)>>,
}

impl Api {
    fn say(&self, said: Said) {
        let late = SystemTime::now() > self.time.lock().unwrap().1;
        let _ = self.said.send(if late { Said::TooLate } else { said });
    }
}

/// A function under the runtime API; the process ends when this is dropped.
pub struct Function {
    events: mpsc::UnboundedSender<Value>,
    said: mpsc::UnboundedReceiver<Said>,
    time: Arc<std::sync::Mutex<(Duration, SystemTime)>>,
    child: Child,
    captured: Captured,
}

impl Function {
    /// Starts the real binary with these variables and nothing else in its environment.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        let (events, queue) = mpsc::unbounded_channel();
        let (sender, said) = mpsc::unbounded_channel();
        let time = Arc::new(std::sync::Mutex::new((Duration::from_secs(30), UNIX_EPOCH)));
        let api =
            Arc::new(Api { events: Mutex::new(queue), said: sender, time: Arc::clone(&time) });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(api);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut child = Command::new(env!("CARGO_BIN_EXE_friends-lambda"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "friends-judge")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "group")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the function starts");
        let mut captured = Captured::default();
        captured.read(child.stdout.take().unwrap());
        captured.read(child.stderr.take().unwrap());
        Self { events, said, time, child, captured }
    }

    /// How long each invocation may take from now on.
    pub fn time_limit(&self, limit: Duration) {
        self.time.lock().unwrap().0 = limit;
    }

    /// Invokes the function and waits for what it says.
    pub async fn invoke(&mut self, event: Value) -> Said {
        self.send(event);
        self.said().await
    }

    /// Invokes the function.
    pub fn send(&mut self, event: Value) {
        self.events.send(event).unwrap();
    }

    /// The next thing that the function says.
    pub async fn said(&mut self) -> Said {
        let said = tokio::time::timeout(Duration::from_mins(1), self.said.recv()).await;
        said.expect("the function answers in a minute").expect("the API is there")
    }

    /// Waits for a function that ends by itself and returns all that it wrote.
    pub fn ended(mut self) -> String {
        assert!(!self.child.wait().unwrap().success());
        self.captured.whole()
    }

    /// Ends the function and returns all that it wrote.
    pub fn logs(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.captured.whole()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.captured.check();
    }
}

async fn next(State(api): State<Arc<Api>>) -> (HeaderMap, String) {
    let event = api.events.lock().await.recv().await.unwrap_or_default();
    let deadline = {
        let mut time = api.time.lock().unwrap();
        time.1 = SystemTime::now() + time.0;
        time.1
    };
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap().as_millis().to_string();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", deadline.as_str()),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:friends-judge",
        ),
        ("content-type", "application/json"),
    ] {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    (headers, event.to_string())
}

fn json(body: &Bytes) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

async fn response(State(api): State<Arc<Api>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    api.say(Said::Response(json(&body)));
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    api.say(Said::Error(json(&body)));
    StatusCode::ACCEPTED
}

async fn init_error(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.said.send(Said::InitError(json(&body)));
    StatusCode::ACCEPTED
}
