//! The answers with an HTTP status of failure, to requests that get no review in return.
//!
//! The API server takes any of them for a failed call, and its failure policy decides. None has a `Retry-After`: it
//! would make the API server wait and call again, within the caller's own request (R5.20).

use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue};

use crate::admission::review::NotAReview;

/// A reason to answer a request with an HTTP status of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpError {
    /// berth serves nothing at this path.
    NotFound,
    /// The method is another than POST.
    Method,
    /// The content type says that the body is something else than JSON.
    ContentType,
    /// The body is longer than [`Limits::body`](super::Limits::body).
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The body broke off.
    BrokenOff,
    /// The bodies in memory leave no room for this one: see [`Limits::memory`](super::Limits::memory).
    Overloaded,
    /// There are more large reviews than berth can decide on.
    Busy,
    /// The cluster has not been listed yet, so berth has no snapshot to decide by.
    NotReady,
    /// The body is no review.
    NotAReview(NotAReview),
}

impl HttpError {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff | Self::NotAReview(_) => StatusCode::BAD_REQUEST,
            Self::Overloaded | Self::Busy | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// True if the body was not read to its end, so that the connection cannot carry another request.
    fn ends_connection(self) -> bool {
        !matches!(self, Self::Busy | Self::NotReady | Self::NotAReview(_))
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => {
                f.write_str("there is nothing here; berth serves /mutate and /validate")
            }
            Self::Method => f.write_str("only POST is served here"),
            Self::ContentType => f.write_str("the content type has to be application/json"),
            Self::TooLarge => f.write_str("the body is too large"),
            Self::TooSlow => f.write_str("the body did not arrive in time"),
            Self::BrokenOff => f.write_str("the body broke off"),
            Self::Overloaded | Self::Busy => f.write_str("overloaded"),
            Self::NotReady => f.write_str("the cluster has not been listed yet"),
            Self::NotAReview(error) => error.fmt(f),
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if self == Self::Method {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if self.ends_connection() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
