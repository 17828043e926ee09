//! Everything around the core: events and requests, buckets, detectors over the network, the page.
//!
//! | room | holds |
//! |---|---|
//! | [`http`] | the API's router, one file a route, problems, bodies |
//! | [`event`] | what reaches us without a visitor waiting: notifications, the schedule, the failure queue |
//! | [`pipeline`] | a ticket from its photo to its end, a photo from its bytes to a judgement |
//! | [`tickets`] | ids, documents, what a ticket's owner does with it: share, say, delete |
//! | [`detector`] | who finds faces: embedded, Cloud Vision, both; its breaker and quota |
//! | [`storage`] | objects in two buckets, and where each lies |
//! | [`settings`] | every variable of the environment, the bundle's folder, secrets, the HTTP client |
//! | [`observe`] | log lines with metrics, counts of use |

pub mod app;
pub mod detector;
pub mod error;
pub mod event;
pub mod http;
mod judge_regions;
pub mod judgement;
pub mod limits;
pub mod observe;
pub mod pipeline;
pub mod preloaded;
pub mod run_blocking;
pub mod settings;
mod site_page;
pub mod storage;
pub mod tickets;
