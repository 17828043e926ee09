//! Errors as answers: RFC 9457 with our stable `code`.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use friends_core::error::Reason;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::error::{Code, Error, Failure};

/// The body of an answer that is an error, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemDetails {
    /// Always `about:blank`.
    r#type: &'static str,
    /// The same for every occurrence of the code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what to do, in English.
    detail: String,
    code: Code,
    /// Why a photo was refused, more closely.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// An error on its way to the caller.
pub(super) struct Problem {
    status: StatusCode,
    failure: Failure,
    /// With [`Code::TooManyRequests`]: when to come back.
    retry_after: Duration,
}

impl Problem {
    /// The answer to a method that an address does not take.
    pub(super) fn method_not_allowed() -> Self {
        let failure = Failure::bad_request("This address does not take that method.");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..failure.into() }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { status: status(failure.code), failure, retry_after: Duration::from_secs(2) }
    }
}

/// The HTTP status that goes with the code.
fn status(code: Code) -> StatusCode {
    match code {
        Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::PhotoTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::PhotoRejected | Code::PhotoTooCostly => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A short English title, the same for every occurrence of the code.
fn title(code: Code) -> &'static str {
    match code {
        Code::BadRequest => "Bad request",
        Code::Forbidden => "Forbidden",
        Code::NotFound => "Not found",
        Code::PhotoTooLarge => "Photo too large",
        Code::UnsupportedMediaType => "Unsupported media type",
        Code::PhotoRejected => "Photo rejected",
        Code::PhotoTooCostly => "Photo too costly",
        Code::TooManyRequests => "Too many requests",
        Code::Internal => "Internal error",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if !matches!(error, Error::Rejected(_)) {
            log_failure(&error);
        }
        error.public().into()
    }
}

/// Writes a failure of ours into the log.
pub(super) fn log_failure(error: &Error) {
    tracing::error!(error = error.chain(), "a request failed");
}

/// The answer to a request that could not be answered in time.
#[must_use]
pub fn timed_out() -> Response {
    Problem::from(Error::transient("answering a request", "the time for it is over"))
        .into_response()
}

/// The answer to an address that asks too often, and may again after `wait`.
#[must_use]
pub fn rate_limited(wait: Duration) -> Response {
    let failure = Failure::new(
        Code::TooManyRequests,
        "Too many requests came from this address. Please try again in a moment.",
    );
    Problem { retry_after: wait, ..failure.into() }.into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, failure, retry_after } = self;
        let Failure { code, message: detail, reason } = failure;
        let body = ProblemDetails {
            r#type: "about:blank",
            title: title(code),
            status: status.as_u16(),
            detail,
            code,
            reason,
        };
        let mut response = answer(status, &body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if code == Code::TooManyRequests {
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}
