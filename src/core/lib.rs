//! The pure core of the judge: bytes in, values out.
//!
//! ```text
//! bytes ─► photo ─► faces ─────────► regions ─► scores ─► verdict
//!          photo    face_detector   crop       model     verdict
//! ```
//!
//! Nothing here opens a file or a connection, reads a clock or the environment, or starts a thread;
//! [`limits`] are numbers, and the caller measures how long a stage takes. CI asserts that no async
//! runtime, HTTP client, clock or thread pool is among the crate's dependencies. So it is the part
//! that can run anywhere, a browser included.
//!
//! [`geometry`] is the one coordinate system: pixels of the upright photo. [`model`] has the one
//! preprocessing and the heads, shared by serving, evaluation and training.

pub mod crop;
pub mod error;
pub mod face;
pub mod face_detector;
pub mod geometry;
pub mod hash;
pub mod judged_face;
pub mod limits;
pub mod model;
mod network;
pub mod photo;
pub mod verdict;
