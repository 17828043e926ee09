//! フレンズ判定器 (Friends Judge): a photo goes in, a Kemono Friends character comes out, or honestly nobody.
//!
//! # The journey of a photo
//!
//! ```text
//! event / request ─► photo ─► faces ─► regions ─► scores ─► verdict ─► result document
//!  event   http      photo    face     crop       model     verdict    result
//!  storage                             geometry
//!              └──────────────── pipeline reads in this order ────────────────┘
//! ```
//!
//! [`pipeline`] is the one file to read first: a ticket whose photo has arrived goes through it from top to bottom. Two doors
//! lead in: the Lambda function (`src/bin/lambda.rs`, feature `lambda`) and the operator's command line (`src/bin/friends`,
//! feature `cli`), whose `friends serve` is the whole service on one port. Both hold an [`app::App`] and answer through the
//! same [`http::router`] and the same [`event::handle`].
//!
//! # Invariants
//!
//! 1. Only [`storage`], [`transport`], [`model::bundle`], [`face`]'s Cloud Vision, [`telemetry`], [`config`] and the doors touch
//!    the world. [`photo`], [`geometry`], [`crop`], [`model`] and [`verdict`] are synchronous: bytes in, values out.
//! 2. There is one preprocessing ([`model::preprocess`]) and one coordinate system ([`geometry`]).
//! 3. Nobody writes a key except through [`storage::StorageKey`]; results never live where uploads trigger us.
//! 4. Every ticket ends. The photo's fault is a `rejected` result; a passing fault is an `Err` at the door, so that the event
//!    is delivered again; after the last try the ticket is `failed`; a ticket that nobody ended is `expired`.
//! 5. The first terminal document wins, and the photo is deleted after it: the same event twice changes nothing.
//! 6. At most as many photos as the judge has turns are in memory at once.
//!
//! # Where the shape differs from the obvious one
//!
//! - The ticket's half of the journey ([`pipeline::judge_upload`]) stands beside the photo's half ([`pipeline::Judge`]), so that
//!   the whole of it reads in one file. The modules that a browser could run do not depend on it.
//! - The embedded object store is part of the library (`local`, with feature `cli`), not of the binary: tests put the
//!   same store under the same client and own its listener and its shutdown.
//! - S3 and Cloud Vision share one HTTP client ([`transport`]): one TLS configuration, one set of roots, one place for timeouts.

pub mod app;
pub mod config;
pub mod crop;
pub mod error;
pub mod event;
pub mod face;
pub mod geometry;
pub mod http;
#[cfg(feature = "cli")]
pub mod local;
pub mod model;
pub mod photo;
pub mod pipeline;
pub mod result;
pub mod storage;
#[cfg(feature = "cli")]
pub mod studio;
pub mod telemetry;
pub mod ticket;
#[cfg(feature = "cli")]
pub mod training;
pub mod transport;
pub mod verdict;
