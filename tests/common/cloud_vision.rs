//! A Cloud Vision on a free port: it checks the request against the REST reference and answers what
//! it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::GenericImageView as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One answer, used once; the last one is used again and again.
#[derive(Clone)]
pub enum Answer {
    Json(Value),
    Status(u16),
    After(Duration, Value),
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub query: String,
    pub width: u32,
    pub height: u32,
}

#[derive(Clone)]
pub struct FakeVision {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Shared = (Arc<Mutex<VecDeque<Answer>>>, Arc<Mutex<Vec<Asked>>>);

impl FakeVision {
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let state: Shared =
            (Arc::new(Mutex::new(answers.into_iter().collect())), Arc::clone(&asked));
        let router = Router::new().route("/v1/images:annotate", post(annotate)).with_state(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn annotate(State((answers, asked)): State<Shared>, uri: Uri, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).expect("the request is JSON");
    let request = &body["requests"][0];
    assert_eq!(request["features"][0]["type"], "FACE_DETECTION");
    let content = STANDARD
        .decode(request["image"]["content"].as_str().expect("the image is a string"))
        .expect("of base64");
    let (width, height) =
        image::load_from_memory(&content).expect("that is a picture").dimensions();
    asked.lock().unwrap().push(Asked {
        query: uri.query().unwrap_or_default().to_owned(),
        width,
        height,
    });
    let answer = {
        let mut answers = answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    };
    match answer.expect("an answer is given") {
        Answer::Json(body) => json_answer(&body),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::After(pause, body) => {
            tokio::time::sleep(pause).await;
            json_answer(&body)
        }
    }
}

fn json_answer(body: &Value) -> Response {
    ([("content-type", "application/json")], body.to_string()).into_response()
}

/// One face as Vision frames it: `skin` and, around it, a looser box.
pub fn face(skin: [Value; 4], confidence: f64) -> Value {
    json!({
        "boundingPoly": {"vertices": [{}, {"x": 9000}, {"x": 9000, "y": 9000}, {"y": 9000}]},
        "fdBoundingPoly": {"vertices": skin},
        "landmarks": [{"position": {"x": 1.0, "y": 2.0, "z": -0.5}}],
        "detectionConfidence": confidence,
    })
}

/// A whole answer with these faces.
pub fn faces(faces: &[Value]) -> Answer {
    Answer::Json(json!({"responses": [{"faceAnnotations": faces}]}))
}
