//! The whole service on one machine: the object store in this process, its events, the page, the
//! workers.

mod connections;
mod crash_counter;
mod housekeeping;
pub mod object_store;
mod page;
mod queue;
mod rate_limit;
pub mod server;
