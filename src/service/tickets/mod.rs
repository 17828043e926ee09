//! A ticket: one upload, from the request for it to the end of its result, and what its owner does
//! with it.

pub mod deletion;
mod document;
pub mod feedback;
mod id;
pub mod share_page;
mod store;

pub use document::{Outcome, ResultDocument, SCHEMA, State};
pub use id::{DeleteToken, ShareId, TicketId};
pub use store::StoredResult;
