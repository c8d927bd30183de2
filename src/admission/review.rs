//! The envelope: reads the bytes of an `AdmissionReview` and writes its answer (R5.1, R5.2).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::encoding::field::FieldError;
use crate::encoding::json::{Malformed, Reader, Writer, fields};
use crate::names::KIND;
use crate::pod::{Kind, Template};

/// A version of `AdmissionReview`. An answer has the version of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// The version of every API server since 1.16.
    #[serde(rename = "admission.k8s.io/v1")]
    V1,
    /// The version before `V1`.
    #[serde(rename = "admission.k8s.io/v1beta1")]
    V1Beta1,
}

impl Version {
    fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "admission.k8s.io/v1",
            Self::V1Beta1 => "admission.k8s.io/v1beta1",
        }
    }
}

/// A request, borrowed from the body.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// The identity of the request, which the answer repeats.
    pub uid: Cow<'a, str>,
    /// The API group of the object's kind, in the version that berth registers for (R5.12); empty for the core group.
    pub group: Cow<'a, str>,
    /// The object's kind, such as `Pod`.
    pub kind: Cow<'a, str>,
    /// The subresource, such as `binding`; empty for the object itself.
    pub sub_resource: Cow<'a, str>,
    /// The object's name; empty if it has none yet.
    pub name: Cow<'a, str>,
    /// The object's namespace, which counts even if the object's metadata names none or another (R1.10).
    pub namespace: Cow<'a, str>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: Cow<'a, str>,
    /// True if the API server will not store the object.
    pub dry_run: bool,
    /// The user who makes the request.
    pub username: Cow<'a, str>,
    /// The object as the request would store it. A DELETE has none, and neither has a request with `excess`.
    pub object: Option<Template<'a>>,
    /// The place at which the object has more than berth reads.
    pub excess: Option<Malformed>,
    /// The same object, as unread JSON, for kinds that are no workload.
    pub object_text: Option<&'a str>,
    /// The object that an UPDATE replaces, as unread JSON, since few requests need it.
    pub old_object: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Returns the object's kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::new(&self.group, &self.kind)
    }

    /// True if the object is being deleted, so that its finalizers have to go through.
    ///
    /// The stored object says so. The API server passes on a `deletionTimestamp` that somebody writes into a new one, and
    /// drops it later.
    #[must_use]
    pub fn is_of_deletion(&self) -> bool {
        let is_deleted = |object: &Template<'_>| {
            let metadata = object.metadata.as_ref();
            metadata.is_some_and(|metadata| metadata.being_deleted)
        };
        let says_so = self.object.as_ref().is_some_and(is_deleted);
        // Few requests say so, so berth reads the stored object only then.
        says_so
            && self.old_object.is_some_and(|old| {
                let old = Template::read(&mut Reader::new(old));
                old.is_ok_and(|old| is_deleted(&old))
            })
    }

    fn read(json: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut request = Self::default();
        fields!(json, |value| {
            "uid" => request.uid = value.text()?,
            "kind" => fields!(value, |name| {
                "group" => request.group = name.text()?,
                "kind" => request.kind = name.text()?,
            })?,
            "subResource" => request.sub_resource = value.text()?,
            "name" => request.name = value.text()?,
            "namespace" => request.namespace = value.text()?,
            "operation" => request.operation = value.text()?,
            "dryRun" => request.dry_run = value.parse::<Option<bool>>()?.unwrap_or_default(),
            "userInfo" => fields!(value, |name| { "username" => request.username = name.text()?, })?,
            "object" => request.object_text = Some(request.read_object(value)?),
            "oldObject" => request.old_object = Some(value.span()?),
        })?;
        Ok(request)
    }

    /// Reads the object, and returns its text.
    fn read_object(&mut self, json: &mut Reader<'a>) -> Result<&'a str, Malformed> {
        let mut again = json.clone();
        let read = json.with_span(|object| {
            self.object = Some(Template::read(object)?);
            Ok(())
        });
        match read {
            Err(excess) if excess.is_excess => {
                self.excess = Some(excess);
                let text = again.span()?;
                *json = again;
                Ok(text)
            }
            read => read,
        }
    }
}

/// A review that berth can answer.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// The version of the review and of its answer.
    pub version: Version,
    /// The identity of the request, which the answer repeats.
    pub uid: Cow<'a, str>,
    /// The request, or the place in the body at which it cannot be read.
    pub request: Result<Request<'a>, Malformed>,
}

/// The error for a body that berth cannot answer: it is no review, or one of an unknown version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAReview {
    /// The body is not UTF-8.
    #[error("the body is not UTF-8")]
    Encoding,
    /// The body is no JSON, or no review of a known version.
    #[error(
        "the body is not an AdmissionReview of admission.k8s.io/v1 or v1beta1 with a request: {0}"
    )]
    Shape(Malformed),
    /// The `uid` is empty or absent, so an answer could not name its request.
    #[error("the request has no uid")]
    NoUid,
}

/// Reads a body in one pass. If that fails, a second pass reads only the version and the `uid`, which suffice for an
/// answer.
///
/// # Errors
/// If the second pass fails too.
pub fn read(body: &[u8]) -> Result<Envelope<'_>, NotAReview> {
    let text = simdutf8::basic::from_utf8(body).map_err(|_| NotAReview::Encoding)?;
    let (version, uid, request) = match read_review(text, Request::read) {
        Ok((version, mut request)) => (version, std::mem::take(&mut request.uid), Ok(request)),
        Err(error) => {
            let (version, uid) = read_review(text, identity).map_err(NotAReview::Shape)?;
            (version, uid, Err(error))
        }
    };
    if uid.is_empty() {
        Err(NotAReview::NoUid)
    } else {
        Ok(Envelope {
            version,
            uid,
            request,
        })
    }
}

/// Reads the version of a review, and its request by `read`.
fn read_review<'a, T>(
    text: &'a str,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<(Version, T), Malformed> {
    let (mut version, mut kind, mut request) = (None, Cow::default(), None);
    let mut reader = Reader::new(text);
    fields!(reader, |value| {
        "apiVersion" => version = Some(value.parse()?),
        "kind" => kind = value.text()?,
        "request" => request = Some(read(value)?),
    })?;
    reader.end()?;
    match (version, kind.as_ref(), request) {
        (Some(version), "AdmissionReview", Some(request)) => Ok((version, request)),
        _ => Err(Malformed {
            at: 0,
            is_excess: false,
        }),
    }
}

/// Reads the `uid` of a request and skips everything else.
fn identity<'a>(request: &mut Reader<'a>) -> Result<Cow<'a, str>, Malformed> {
    let mut uid = Cow::default();
    fields!(request, |value| { "uid" => uid = value.text()?, })?;
    Ok(uid)
}

/// The content of an answer.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The JSON Patch, as bytes; empty for no patch.
    pub patch: Vec<u8>,
    /// The denial. `None` allows the object, and `/mutate` always does.
    pub denial: Option<Denial>,
    /// The warnings for the author of the object.
    pub warnings: Vec<String>,
}

/// The reason why an object is not admitted, for its author.
#[derive(Debug)]
pub enum Denial {
    /// The policy forbids it, as this message says.
    Forbidden(String),
    /// The `PlacementPolicy` of this name is wrong in these fields. `kubectl apply` prints one line for each, where for
    /// any other answer it prints the whole patch.
    Invalid(String, Vec<FieldError>),
}

/// Writes an answer. `decision` goes to the audit log.
///
/// kube's types are not used, since they write the patch as a list of numbers.
#[must_use]
pub fn answer(version: Version, uid: &str, verdict: &Verdict, decision: Option<&str>) -> Vec<u8> {
    let Verdict {
        patch,
        denial,
        warnings,
    } = verdict;
    let mut json = Writer::with_capacity(512 + patch.len() * 3 / 2);
    json.raw(r#"{"apiVersion":"#);
    json.text(version.as_str());
    json.raw(r#","kind":"AdmissionReview","response":{"uid":"#);
    json.text(uid);
    json.raw(match denial {
        None => r#","allowed":true"#,
        Some(_) => r#","allowed":false"#,
    });
    if let Some(denial) = denial {
        json.raw(r#","status":"#);
        json.value(&Status::new(denial));
    }
    if let Some(decision) = decision {
        json.raw(r#","auditAnnotations":{"decision":"#);
        json.text(decision);
        json.raw("}");
    }
    if !warnings.is_empty() {
        json.raw(r#","warnings":"#);
        json.list(warnings, |json, warning| json.text(warning));
    }
    if !patch.is_empty() {
        json.raw(r#","patchType":"JSONPatch","patch":"#);
        json.base64(patch);
    }
    json.raw("}}");
    json.into_bytes()
}

#[derive(Serialize)]
struct Status<'r> {
    code: u16,
    reason: &'static str,
    message: Cow<'r, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'r>>,
}

#[derive(Serialize)]
struct Details<'r> {
    name: &'r str,
    kind: &'static str,
    causes: Vec<Cause<'r>>,
}

#[derive(Serialize)]
struct Cause<'r> {
    reason: &'static str,
    field: String,
    message: &'r str,
}

impl<'r> Status<'r> {
    fn new(denial: &'r Denial) -> Self {
        match denial {
            Denial::Forbidden(message) => Self {
                code: 403,
                reason: "Forbidden",
                message: message.into(),
                details: None,
            },
            Denial::Invalid(name, errors) => Self {
                code: 422,
                reason: "Invalid",
                message: texts(errors).join("; ").into(),
                details: Some(Details {
                    name,
                    kind: KIND,
                    causes: errors.iter().map(Cause::new).collect(),
                }),
            },
        }
    }
}

impl<'r> Cause<'r> {
    fn new(FieldError { path, message }: &'r FieldError) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: path.to_string(),
            message,
        }
    }
}

fn texts(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Denial, NotAReview, Verdict, Version, answer, read};

    #[test]
    fn an_answer_has_the_version_of_its_request() {
        for version in ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"] {
            let review =
                json!({"apiVersion": version, "kind": "AdmissionReview", "request": {"uid": "a"}});
            let body = review.to_string();
            let review = read(body.as_bytes()).unwrap();
            let answer = answer(review.version, &review.uid, &Verdict::default(), None);
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["apiVersion"], version);
        }
    }

    #[test]
    fn an_answer_says_no_more_than_it_must() {
        let answer = answer(Version::V1, "a", &Verdict::default(), None);
        let expected = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"a","allowed":true}}"#;
        assert_eq!(String::from_utf8(answer).unwrap(), expected);
    }

    #[test]
    fn an_answer_has_all_that_there_is_to_say() {
        let verdict = Verdict {
            patch: b"[]".to_vec(),
            denial: Some(Denial::Forbidden("no".to_owned())),
            warnings: vec!["a".to_owned(), "b".to_owned()],
        };
        let answer = answer(Version::V1, "a", &verdict, Some("placed"));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let expected = json!({
            "uid": "a",
            "allowed": false,
            "status": {"code": 403, "reason": "Forbidden", "message": "no"},
            "auditAnnotations": {"decision": "placed"},
            "warnings": ["a", "b"],
            "patchType": "JSONPatch",
            "patch": "W10=",
        });
        assert_eq!(answer["response"], expected);
    }

    #[test]
    fn a_body_that_is_no_text_is_no_review() {
        let body = b"{\"apiVersion\": \"admission.k8s.io/v1\", \"request\": {\"uid\": \"\xff\"}}";
        assert_eq!(read(body).err(), Some(NotAReview::Encoding));
    }
}
