//! The least that a function in Rust can do, for comparison: what a start and a call cost by
//! themselves.
//!
//! Built and run by `tests/peers/function.py`.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| Ok::<_, Error>("hello"))).await
}
