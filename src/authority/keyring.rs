//! What the Secret holds, and what becomes of it as time passes.

use std::fmt;
use std::net::IpAddr;

use x509_parser::extensions::GeneralName;

use super::Data;
use super::issue::{Authority, Pair, read};

/// The names of a certificate and of its key in the Secret.
type Names = (&'static str, &'static str);

/// The pair that is served, under the names that every tool knows.
const SERVED: Names = ("tls.crt", "tls.key");
/// The authority that signs it.
const SIGNING: Names = ("ca.crt", "ca.key");
/// The authority that will, and is trusted already.
const NEXT: Names = ("next-ca.crt", "next-ca.key");
/// The authority that did, and is trusted still. Its key is gone.
const FORMER: &str = "former-ca.crt";

/// What certificates are made for, and for how long.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The names of the server; the addresses among them are taken for such.
    pub names: Vec<String>,
    /// How long a served certificate is valid, in seconds. It is renewed when a third is left. An authority is valid four
    /// times as long, and gets a successor when half of that is left: more than any certificate that it signed has.
    pub lifetime: i64,
}

impl Terms {
    fn authority(&self, now: i64) -> Result<Authority, rcgen::Error> {
        Authority::new(now, self.lifetime.saturating_mul(4))
    }
}

/// A Secret that berth cannot have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKeyring {
    /// The entry.
    pub entry: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl fmt::Display for BadKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its {}: {}", self.entry, self.problem)
    }
}

impl std::error::Error for BadKeyring {}

/// The pair that is served, and those who vouch for it. No `Debug`: it holds keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    pair: Pair,
    signing: Authority,
    next: Option<Authority>,
    former: Option<String>,
}

impl Keyring {
    fn new(terms: &Terms, now: i64) -> Result<Self, rcgen::Error> {
        let signing = terms.authority(now)?;
        Ok(Self {
            pair: signing.sign(&terms.names, now, terms.lifetime)?,
            signing,
            next: None,
            former: None,
        })
    }

    /// What is to take the place of the keyring now, in seconds since 1970; nothing where it is good as it is. `settled`
    /// says whether the API server has trusted its whole [bundle](Self::bundle) for a while.
    ///
    /// # Errors
    /// When the keyring's own authority cannot sign, or the system gives no random numbers.
    pub fn advance(
        current: Option<&Self>,
        terms: &Terms,
        now: i64,
        settled: bool,
    ) -> Result<Option<Self>, rcgen::Error> {
        // What an authority that has expired signed is worth nothing, and nor is who trusts it.
        let Some(current) = current.filter(|current| current.signing.not_after > now) else {
            return Self::new(terms, now).map(Some);
        };
        if !has_begun(&current.signing.pair.certificate, now) {
            // Of whoever's clock is fast. Who serves it already stays trusted.
            let mut ring = Self::new(terms, now)?;
            ring.former = Some(current.signing.pair.certificate.clone());
            return Ok(Some(ring));
        }
        let mut ring = current.clone();
        ring.former = ring.former.filter(|former| expiry(former) > Some(now));
        match ring.next.take() {
            Some(next) if settled && has_begun(&next.pair.certificate, now) => {
                ring.pair = next.sign(&terms.names, now, terms.lifetime)?;
                ring.former = Some(ring.signing.pair.certificate);
                ring.signing = next;
            }
            None if left(ring.signing.not_after, now) < terms.lifetime.saturating_mul(2) => {
                ring.next = Some(terms.authority(now)?);
            }
            next => ring.next = next,
        }
        if ring.is_due(terms, now) {
            ring.pair = ring.signing.sign(&terms.names, now, terms.lifetime)?;
        }
        Ok((ring != *current).then_some(ring))
    }

    /// Whether the served certificate is to be renewed: a third of its time is left, or it is not valid yet, or it is for
    /// other names.
    fn is_due(&self, terms: &Terms, now: i64) -> bool {
        let Some(not_after) = expiry(&self.pair.certificate) else {
            return true;
        };
        // One that would not last longer is no better.
        let lasts = now
            .saturating_add(terms.lifetime)
            .min(self.signing.not_after);
        (left(not_after, now) < terms.lifetime / 3 && lasts > not_after)
            || !has_begun(&self.pair.certificate, now)
            || !is_for(&self.pair.certificate, &terms.names)
    }

    /// The pair that is served.
    #[must_use]
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// When the authority that signs expires, in seconds since 1970.
    #[must_use]
    pub fn authority_not_after(&self) -> i64 {
        self.signing.not_after
    }

    /// Whom to trust, in PEM: the authority that signed what is served, the one that will next, and the one that did
    /// before, whose last certificates somebody may still serve.
    #[must_use]
    pub fn bundle(&self) -> String {
        let next = self.next.iter().map(|next| &next.pair.certificate);
        std::iter::once(&self.signing.pair.certificate)
            .chain(next)
            .chain(&self.former)
            .map(String::as_str)
            .collect()
    }

    /// Reads what a Secret holds; nothing, where it holds nothing.
    ///
    /// # Errors
    /// When it holds something, and no keyring.
    pub fn read(data: &Data) -> Result<Option<Self>, BadKeyring> {
        if data.is_empty() {
            return Ok(None);
        }
        let required = |(certificate, key): Names| Ok((text(data, certificate)?, text(data, key)?));
        let (certificate, key) = required(SERVED)?;
        let authority = |names: Names| {
            let (certificate, key) = required(names)?;
            let problem = "is no certificate in PEM";
            let entry = names.0;
            let not_after = expiry(&certificate).ok_or(BadKeyring { entry, problem })?;
            let pair = Pair { certificate, key };
            Ok(Authority { pair, not_after })
        };
        let has = |name: &str| data.contains_key(name);
        Ok(Some(Self {
            pair: Pair { certificate, key },
            signing: authority(SIGNING)?,
            next: has(NEXT.0).then(|| authority(NEXT)).transpose()?,
            former: has(FORMER).then(|| text(data, FORMER)).transpose()?,
        }))
    }

    /// The Secret that holds it.
    #[must_use]
    pub fn write(&self) -> Data {
        let Self {
            pair,
            signing,
            next,
            former,
        } = self;
        let pairs = [(SERVED, pair), (SIGNING, &signing.pair)];
        let next = next.iter().map(|next| (NEXT, &next.pair));
        let pairs = pairs.into_iter().chain(next);
        let entries = pairs.flat_map(|((certificate, key), pair)| {
            [(certificate, &pair.certificate), (key, &pair.key)]
        });
        let former = former.iter().map(|former| (FORMER, former));
        entries
            .chain(former)
            .map(|(name, text)| (name.to_owned(), text.clone().into_bytes()))
            .collect()
    }
}

fn text(data: &Data, entry: &'static str) -> Result<String, BadKeyring> {
    let problem = |problem| BadKeyring { entry, problem };
    let bytes = data.get(entry).ok_or(problem("is not there"))?;
    String::from_utf8(bytes.clone()).map_err(|_| problem("is no text"))
}

/// Seconds from now until then.
fn left(then: i64, now: i64) -> i64 {
    then.saturating_sub(now)
}

/// When a certificate expires, in seconds since 1970.
fn expiry(pem: &str) -> Option<i64> {
    read(pem, |certificate| {
        Some(certificate.validity().not_after.timestamp())
    })
}

/// Whether a certificate is valid already.
fn has_begun(pem: &str, now: i64) -> bool {
    let begins = read(pem, |certificate| {
        Some(certificate.validity().not_before.timestamp())
    });
    begins.is_some_and(|begins| begins <= now)
}

/// Whether a certificate is for all these names.
fn is_for(pem: &str, names: &[String]) -> bool {
    // Addresses come with the names, always the same.
    let mut services = names.iter().filter(|name| name.parse::<IpAddr>().is_err());
    let answer = read(pem, |certificate| {
        let alternative = certificate.subject_alternative_name().ok()??;
        let of = &alternative.value.general_names;
        Some(services.all(|name| of.contains(&GeneralName::DNSName(name))))
    });
    answer == Some(true)
}
