//! The whole service on one machine: the object store in this process, its events, the page, the workers.

mod connections;
mod housekeeping;
pub mod object_store;
mod page;
mod queue;
pub mod server;
mod tries;
mod visitors;
