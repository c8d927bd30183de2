//! The contents of the Secret, and the steps that they go through: a function of the time and of what is trusted. It
//! knows no clock and no cluster, so a property test can move it over years.

use std::collections::BTreeMap;

use super::issue::Authority;
use super::pair::Pair;
use super::x509::{has_begun, is_for, not_after};

/// The data of a Secret.
type Data = BTreeMap<String, Vec<u8>>;

/// The names of a certificate and of its key in the Secret.
type Names = (&'static str, &'static str);

/// The pair that is served, under the names that every tool knows.
const SERVED: Names = ("tls.crt", "tls.key");
/// The authority that signed it.
const SIGNING: Names = ("ca.crt", "ca.key");
/// The authority that signs next, and is trusted already.
const NEXT: Names = ("next-ca.crt", "next-ca.key");
/// The authority that signed before, and is still trusted. Its key is gone.
const FORMER: &str = "former-ca.crt";

/// The names and the lifetime of the certificates to make.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The names of the server; IP addresses may be among them.
    pub names: Vec<String>,
    /// The lifetime of a served certificate, in seconds. It is renewed when a third is left. An authority lives four
    /// times as long, and gets a successor when half of that is left: more than any certificate that it signed has.
    pub lifetime: i64,
}

impl Terms {
    fn authority(&self, now: i64) -> Result<Authority, rcgen::Error> {
        Authority::new(now, self.lifetime.saturating_mul(4))
    }
}

/// An entry of a Secret that berth cannot have written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its {entry}: {problem}")]
pub struct KeyringError {
    /// The entry's name.
    pub entry: &'static str,
    /// The problem with it.
    pub problem: &'static str,
}

/// The pair that is served, and the authorities that make it trusted. It has no `Debug`, because it holds keys.
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

    /// Returns the keyring to store next, or `None` if the current one is still good. `now` is in seconds since 1970;
    /// `settled` is true if the API server has trusted the whole [bundle](Self::bundle) for a while.
    ///
    /// # Errors
    /// When the keyring's authority cannot sign, or the system gives no random numbers.
    pub fn advance(
        current: Option<&Self>,
        terms: &Terms,
        now: i64,
        settled: bool,
    ) -> Result<Option<Self>, rcgen::Error> {
        // Nobody accepts what an expired authority has signed, so nothing of it needs to stay.
        let Some(current) = current.filter(|current| current.signing.not_after > now) else {
            return Self::new(terms, now).map(Some);
        };
        if !has_begun(&current.signing.pair.certificate, now) {
            // A replica whose clock is fast has made it. Replicas that serve it already stay trusted.
            let mut ring = Self::new(terms, now)?;
            ring.former = Some(current.signing.pair.certificate.clone());
            return Ok(Some(ring));
        }
        let mut ring = current.clone();
        ring.former = ring.former.filter(|former| not_after(former) > Some(now));
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

    /// True if the served certificate is to be renewed: less than a third of its lifetime is left, or it is not valid
    /// yet, or it is for other names.
    fn is_due(&self, terms: &Terms, now: i64) -> bool {
        let Some(not_after) = not_after(&self.pair.certificate) else {
            return true;
        };
        // Renewing is of no use if the new certificate would not last longer.
        let lasts = now
            .saturating_add(terms.lifetime)
            .min(self.signing.not_after);
        (left(not_after, now) < terms.lifetime / 3 && lasts > not_after)
            || !has_begun(&self.pair.certificate, now)
            || !is_for(&self.pair.certificate, &terms.names)
    }

    /// Returns the pair that is served.
    #[must_use]
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// Returns the end of the signing authority's validity, in seconds since 1970.
    #[must_use]
    pub fn authority_not_after(&self) -> i64 {
        self.signing.not_after
    }

    /// Returns the authorities to trust, in PEM: the one that signed what is served, the one that signs next, and the
    /// one that signed before, since some replica may still serve a certificate of it.
    #[must_use]
    pub fn bundle(&self) -> String {
        let next = self.next.iter().map(|next| &next.pair.certificate);
        std::iter::once(&self.signing.pair.certificate)
            .chain(next)
            .chain(&self.former)
            .map(String::as_str)
            .collect()
    }

    /// Reads a keyring from the data of a Secret, or returns `None` if there are none.
    ///
    /// # Errors
    /// When there are data that are no keyring.
    pub fn read(data: &Data) -> Result<Option<Self>, KeyringError> {
        if data.is_empty() {
            return Ok(None);
        }
        let required = |(certificate, key): Names| Ok((text(data, certificate)?, text(data, key)?));
        let (certificate, key) = required(SERVED)?;
        let authority = |names: Names| {
            let (certificate, key) = required(names)?;
            let problem = "is no certificate in PEM";
            let entry = names.0;
            let not_after = not_after(&certificate).ok_or(KeyringError { entry, problem })?;
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

    /// Returns the data of the Secret that holds the keyring.
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

fn text(data: &Data, entry: &'static str) -> Result<String, KeyringError> {
    let problem = |problem| KeyringError { entry, problem };
    let bytes = data.get(entry).ok_or(problem("is not there"))?;
    String::from_utf8(bytes.clone()).map_err(|_| problem("is no text"))
}

/// Returns the seconds from `now` until `then`.
fn left(then: i64, now: i64) -> i64 {
    then.saturating_sub(now)
}
