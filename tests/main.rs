//! Behaviour at the boundaries, with real parts. Run everything with `.ci/run`, a module with
//! `cargo test --all-features --test boundaries photo::`.

mod common;

mod bombs;
mod browser;
mod browser_cards;
mod cli;
mod events;
mod face_detector;
mod geometry;
mod hostile;
mod http;
mod jpeg;
mod lambda;
mod lambda_faults;
mod openapi;
mod photo;
mod serve;
mod shown;
mod storage;
mod training;
mod vision;
