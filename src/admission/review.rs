//! The envelope: the bytes of an `AdmissionReview` in, its answer out (R5.1, R5.2).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::placement::pod::Template;
use crate::placement::text::Text;

/// The versions of `AdmissionReview` that berth speaks; an answer has the version of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum Version {
    /// What every API server since 1.16 speaks.
    #[serde(rename = "admission.k8s.io/v1")]
    V1,
    /// Its predecessor.
    #[serde(rename = "admission.k8s.io/v1beta1")]
    V1Beta1,
}

#[derive(Deserialize)]
enum ReviewKind {
    AdmissionReview,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review<R> {
    api_version: Version,
    #[serde(rename = "kind")]
    _kind: ReviewKind,
    request: R,
}

/// A request, borrowed from the body: what is asked, and the object that it is about.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// Identifies the request; the answer repeats it.
    #[serde(borrow)]
    pub uid: Text<'a>,
    /// The kind of the object, converted to the version that berth registered for (R5.12).
    #[serde(borrow, default)]
    pub kind: GroupKind<'a>,
    /// The subresource; empty for the object itself.
    #[serde(borrow, default)]
    pub sub_resource: Text<'a>,
    /// The object's name, where it has one yet.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// The namespace: this one, whatever the object itself says (R1.10).
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow, default)]
    pub operation: Text<'a>,
    /// Who asks.
    #[serde(borrow, default)]
    pub user_info: UserInfo<'a>,
    /// The object as it is to be.
    #[serde(borrow, default)]
    pub object: Option<Template<'a>>,
    /// The object as it is, for an UPDATE.
    #[serde(borrow, default)]
    pub old_object: Option<Template<'a>>,
}

/// A group and a kind.
#[derive(Debug, Default, Deserialize)]
pub struct GroupKind<'a> {
    /// The API group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Text<'a>,
    /// The kind.
    #[serde(borrow, default)]
    pub kind: Text<'a>,
}

/// Who asks.
#[derive(Debug, Default, Deserialize)]
pub struct UserInfo<'a> {
    /// The user's name.
    #[serde(borrow, default)]
    pub username: Text<'a>,
}

/// The least that must be known to answer at all.
#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow)]
    uid: Text<'a>,
}

/// A review that can be answered.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// Its version, and so the answer's.
    pub version: Version,
    /// Its identity, which the answer repeats.
    pub uid: Text<'a>,
    /// The request, or where in the body it stopped making sense.
    pub request: Result<Request<'a>, Malformed>,
}

/// Where a body stops making sense: never what stands there, since a pod's environment holds secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    line: usize,
    column: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unreadable at line {}, column {}",
            self.line, self.column
        )
    }
}

impl From<&serde_json::Error> for Malformed {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
    }
}

/// A body that is no review, or one of an unknown version: nothing in it can be answered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAReview {
    /// The body is not UTF-8.
    Encoding,
    /// The body is no JSON, or JSON of another shape.
    Shape(Malformed),
    /// The request has an empty `uid`.
    NoUid,
}

impl fmt::Display for NotAReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("the body is not UTF-8"),
            Self::Shape(place) => {
                write!(
                    f,
                    "the body is not an AdmissionReview of admission.k8s.io/v1 or v1beta1 with a request: {place}"
                )
            }
            Self::NoUid => f.write_str("the request has no uid"),
        }
    }
}

impl std::error::Error for NotAReview {}

/// Reads a body in one pass; where that fails, reads just enough of it again to answer (style: the envelope first).
///
/// # Errors
/// When not even a version and a `uid` can be read.
pub fn read(body: &[u8]) -> Result<Envelope<'_>, NotAReview> {
    let text = std::str::from_utf8(body).map_err(|_| NotAReview::Encoding)?;
    let envelope = match serde_json::from_str::<Review<Request<'_>>>(text) {
        Ok(Review {
            api_version,
            mut request,
            ..
        }) => Envelope {
            version: api_version,
            uid: std::mem::take(&mut request.uid),
            request: Ok(request),
        },
        Err(error) => {
            let Review {
                api_version,
                request: Identity { uid },
                ..
            } = serde_json::from_str(text)
                .map_err(|error| NotAReview::Shape(Malformed::from(&error)))?;
            Envelope {
                version: api_version,
                uid,
                request: Err(Malformed::from(&error)),
            }
        }
    };
    if envelope.uid.is_empty() {
        Err(NotAReview::NoUid)
    } else {
        Ok(envelope)
    }
}

/// What to answer.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The patch, as the bytes of a JSON Patch; empty for none.
    pub patch: Vec<u8>,
    /// Why the object is refused; only `/validate` ever says so.
    pub denial: Option<String>,
    /// What the author is to be told.
    pub warnings: Vec<String>,
}

/// Writes an answer; `decision` is for the audit log. By hand, since the usual types write the patch as a list of
/// numbers.
#[must_use]
pub fn answer(version: Version, uid: &str, verdict: &Verdict, decision: Option<&str>) -> Vec<u8> {
    let Verdict {
        patch,
        denial,
        warnings,
    } = verdict;
    let response = Response {
        uid,
        allowed: denial.is_none(),
        status: denial.as_deref().map(|message| Status {
            code: 403,
            reason: "Forbidden",
            message,
        }),
        audit_annotations: decision.map(|decision| AuditAnnotations { decision }),
        warnings,
    };
    let mut body = Vec::with_capacity(512 + patch.len() * 3 / 2);
    let written = serde_json::to_writer(
        &mut body,
        &Answer {
            api_version: version,
            kind: "AdmissionReview",
            response,
        },
    );
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    if !patch.is_empty() {
        append_patch(&mut body, patch);
    }
    body
}

/// Puts the patch at the end of the response, as base64: most of an answer is patch, and none of it needs escaping.
fn append_patch(body: &mut Vec<u8>, patch: &[u8]) {
    const END: &[u8] = b"}}";
    body.truncate(body.len() - END.len());
    body.extend_from_slice(br#","patchType":"JSONPatch","patch":""#);
    let start = body.len();
    body.resize(start + patch.len().div_ceil(3) * 4, 0);
    let encoded = STANDARD.encode_slice(patch, &mut body[start..]);
    debug_assert_eq!(
        encoded,
        Ok(body.len() - start),
        "the space is what base64 needs"
    );
    body.push(b'"');
    body.extend_from_slice(END);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'r> {
    api_version: Version,
    kind: &'static str,
    response: Response<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'r> {
    uid: &'r str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_annotations: Option<AuditAnnotations<'r>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'r [String],
}

#[derive(Serialize)]
struct Status<'r> {
    code: u16,
    reason: &'static str,
    message: &'r str,
}

#[derive(Serialize)]
struct AuditAnnotations<'r> {
    decision: &'r str,
}
