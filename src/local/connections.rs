//! Accepts connections, and closes those that do not say in time what they want.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use friends_service::limits::{CONNECTIONS, HEADER_TIMEOUT};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_service::Service as _;

/// The pause after the system refused a connection: it has no file descriptors left, say.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves on `listener` until `stop`, then finishes the requests that have begun. Handlers find the
/// visitor's address in `ConnectInfo`.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()> + Send) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let open = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let accepting = async {
        loop {
            let place =
                Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            let (stream, visitor) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let router = router.clone();
            let answer = service_fn(move |request: hyper::Request<Incoming>| {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(visitor));
                let answering = router.clone().call(request);
                async move {
                    Ok::<_, Infallible>(answering.await.unwrap_or_else(|never| match never {}))
                }
            });
            let connection = open.watch(http.serve_connection(TokioIo::new(stream), answer));
            tokio::spawn(async move {
                // A connection that breaks is the visitor's affair.
                let _ = connection.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    open.shutdown().await;
}
