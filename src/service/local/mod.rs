//! The whole service on one machine: the object store in this process, its events, the page, the workers.

mod connections;
pub mod object_store;
mod page;
pub mod server;
mod visitors;
