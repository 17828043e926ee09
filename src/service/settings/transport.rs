//! One HTTP client for everything that is called: object storage and Cloud Vision share its
//! connections and its TLS.
//!
//! Roots come from `webpki-roots`: reading the system's certificates would cost tens of
//! milliseconds at every start.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::http::{Request, Response};
use friends_core::error::Fault;
use rustls::crypto::ring;

/// Time to reach a host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest silence in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds the client.
///
/// # Errors
/// Never in practice: the TLS configuration is fixed.
pub fn client() -> Result<reqwest::Client, Fault> {
    const ATTEMPT: &str = "setting up TLS";
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::new(ATTEMPT, error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Fault::new(ATTEMPT, error))
}

/// The same client in the form that the SDK takes.
#[must_use]
pub fn for_sdk(client: reqwest::Client) -> SharedHttpClient {
    sdk_client(move |request| {
        let client = client.clone();
        async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
            let request = request.map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.execute(request).await.map_err(|error| {
                // A presigned or signed URL never belongs in an error.
                let error = error.without_url();
                if error.is_timeout() {
                    ConnectorError::timeout(error.into())
                } else {
                    ConnectorError::io(error.into())
                }
            })?;
            let response: Response<reqwest::Body> = response.into();
            Ok(response.map(SdkBody::from_body_1_x))
        }
    })
}

/// Any way to answer an HTTP request, in the form that the SDK takes.
pub fn sdk_client<S, F>(send: S) -> SharedHttpClient
where
    S: Fn(Request<SdkBody>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<SdkBody>, ConnectorError>> + Send + 'static,
{
    SharedHttpClient::new(SdkClient(send))
}

#[derive(Clone)]
struct SdkClient<S>(S);

impl<S> fmt::Debug for SdkClient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdkClient")
    }
}

impl<S, F> HttpClient for SdkClient<S>
where
    S: Fn(Request<SdkBody>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<SdkBody>, ConnectorError>> + Send + 'static,
{
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<S, F> HttpConnector for SdkClient<S>
where
    S: Fn(Request<SdkBody>) -> F + Send + Sync,
    F: Future<Output = Result<Response<SdkBody>, ConnectorError>> + Send + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = request.try_into_http1x().map(&self.0);
        HttpConnectorFuture::new(async move {
            let answer = answer.map_err(|error| ConnectorError::user(error.into()))?.await?;
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}
