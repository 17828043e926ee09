//! How often one address may ask.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use friends_service::limits::{REQUEST_BURST, REQUESTS_PER_SECOND};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use friends_service::http::{self, body};

/// Counts the requests of each address: a bucket of [`REQUEST_BURST`] that fills by
/// [`REQUESTS_PER_SECOND`].
pub struct RateLimit {
    asked: DefaultKeyedRateLimiter<IpAddr>,
    behind_proxy: bool,
}

impl RateLimit {
    /// Nobody has asked yet. `behind_proxy` says that the last entry of `X-Forwarded-For` is the
    /// visitor, as a proxy in front of this server wrote it; otherwise everyone could write it.
    pub fn new(behind_proxy: bool) -> Self {
        let [second, burst] = [REQUESTS_PER_SECOND, REQUEST_BURST]
            .map(|rate| NonZeroU32::new(rate).expect("more than none"));
        let asked = RateLimiter::keyed(Quota::per_second(second).allow_burst(burst));
        Self { asked, behind_proxy }
    }

    /// Forgets those who have not asked for long.
    pub fn forget(&self) {
        self.asked.retain_recent();
        self.asked.shrink_to_fit();
    }

    fn address(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let forwarded =
            headers.get_all("x-forwarded-for").iter().next_back().filter(|_| self.behind_proxy);
        let last =
            forwarded.and_then(|hops| hops.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        match last.unwrap_or_else(|| peer.ip()).to_canonical() {
            // One visitor has a whole /64.
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        }
    }
}

/// Answers a `POST` from an address that asks too often with 429; everything else goes on.
pub async fn limited(
    State(rate_limit): State<Arc<RateLimit>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match rate_limit.asked.check_key(&rate_limit.address(peer, request.headers())) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            body::discard(request).await;
            http::rate_limited(refusal.wait_time_from(DefaultClock::default().now()))
        }
    }
}
