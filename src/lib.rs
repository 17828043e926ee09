//! フレンズ判定器 (Friends Judge): a photo goes in, a Kemono Friends character comes out, or honestly
//! none.
//!
//! # The journey of a photo
//!
//! ```text
//! event / request ─► ticket ─► photo ─► faces ─────────► regions ─► scores ─► verdict ─► result document
//!  service::event   service::  core::   core::           core::     core::    core::     service::tickets
//!  service::http    storage    photo    face_detector    crop       model     verdict
//!                      └────────── service::pipeline reads in this order ──────────┘
//! ```
//!
//! `src/service/pipeline.rs` is the one file to read first.
//!
//! # The map
//!
//! | folder | crate | holds |
//! |---|---|---|
//! | `src/core` | `friends-core` | bytes in, values out: decoding, faces, crops, the network, verdicts, what a photo may cost |
//! | `src/network` | `friends-network` | our networks as one operator of the runtime, at the price of their arithmetic |
//! | `src/service` | `friends-service` | pipeline, tickets, buckets, events, HTTP API, detectors over the network, every other limit |
//! | `src/local` | `friends-local` | the object store, the page and the workers of `friends serve` |
//! | `src/training` | `friends-training` | folders of photos become a bundle, a bundle becomes figures |
//! | `src/studio` | `friends-studio` | draws training pictures from `models/characters/*.toml` |
//! | `src/cli` | `friends-cli` | the operator's program, one module a subcommand |
//! | `src/web` | – | the static page |
//! | `src/bin` | this one | the two entry points: `lambda.rs` (feature `lambda`) and `friends.rs` (feature `cli`) |
//!
//! Imports point downwards only: the entry points, then `cli`, then `local`, then `service` and
//! `training` (which do not know each other), then `studio`, then `core`, then `network`.
//!
//! # Invariants
//!
//! 1. `friends-core` opens no file or connection, reads no environment and no clock but the one
//!    that ends work on a photo (`photo/clock.rs`), and starts no thread. CI asserts from
//!    `cargo tree` that no async runtime, HTTP client, clock or thread pool is among its
//!    dependencies.
//! 2. There is one preprocessing (`friends_core::model::Input`), one coordinate system
//!    (`friends_core::geometry`) and one copy of each kind of head (`friends_core::model::Head`).
//! 3. Keys are written through `friends_service::storage::StorageKey` alone; results never live where
//!    uploads trigger us.
//! 4. Every ticket ends. The photo's fault is a `rejected` result; a passing fault is an `Err` at
//!    the entry point, so that the event is delivered again; after the last try the ticket is
//!    `failed`; a ticket that nothing ended in time is `expired`.
//! 5. The first terminal document wins, and the photo is deleted after it: the same event twice
//!    changes nothing.
//! 6. At most as many photos as the judge has permits are decoded at once, each within
//!    `friends_core::limits`.
//! 7. The function's dependencies hold no command-line, training, studio or embedded-S3 crate; CI
//!    asserts that too.
//!
//! # Words, one meaning each
//!
//! | word | means |
//! |---|---|
//! | Friend | a character that the bundle can name; in code a *label*, in files a *slug* |
//! | unknown | a person or character whom the bundle cannot name; `none` in the public JSON |
//! | bundle | a folder with `manifest.json`, a backbone and a head: everything that judging takes |
//! | backbone | the network that turns a picture into features |
//! | head | from features to scores: linear (one logistic unit a label), discriminant, or prototype (resemblance less background) |
//! | face / head of a person | what a detector frames (brow to chin) / the square around it with ears and hat, which is judged |
//! | region | the part of a photo that is judged: a head, the whole photo, or a box that the caller drew |
//! | ticket | one upload, from the request for it to the end of its result; named by an unguessable id |
//! | result document | the JSON at `/results/<id>.json`; terminal once it is not `waiting` |
//! | permit | the right to have one photo in memory |
//! | rejection, failure, problem | why a photo is not judged, as `core` says it / why there is no judgement or answer, in the words of the public API / a failure as an HTTP answer |
//! | fault | what is our fault: another try would end the same way |
//! | code, reason | why, in the words of the public API: the kind of refusal, and what of the photo it is about |
//! | cost | what decoding a photo takes in memory and scans, read off its header |
//! | quota | how many calls of Cloud Vision a month still has |
//! | observer | takes what happens in a service: a line for the log, and counts of use |
