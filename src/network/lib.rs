//! Small convolutional networks at the price of their arithmetic: one fused operator inside tract.
//!
//! [`Network::read`] says whether a file holds a network of depthwise separable blocks, and packs
//! its weights for the instruction set of this machine; [`model`] makes a tract model of it, with
//! the whole network as its only operator. `README.md` beside this file says how weights and
//! pictures lie in memory, how the loops are cut, and how a block is added.
//!
//! Pictures go in as `[1, height, width, 3]`; outputs come as the file has them, `[1, channels,
//! height, width]`.

// A kernel that is not inlined into a function with the right instruction set is compiled without
// it.
#![allow(clippy::inline_always)]

mod aligned;
mod file;
mod graph;
mod kernels;
mod machine;
mod network;
mod onnx;
mod operator;
mod panels;
mod rows;
mod run;
mod shape;
#[cfg(test)]
mod tests;

pub use machine::Machine;
pub use network::Network;
pub use operator::model;
pub use shape::ShapeError;
