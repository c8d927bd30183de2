//! The certificate that berth makes itself, over years of a clock that the test moves.

mod held_up;

use std::sync::Arc;
use std::time::Duration;

use berth::tls::{Keyring, Terms};
use proptest::prelude::*;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

const DAY: i64 = 24 * 3600;
const NAME: &str = "berth.berth-system.svc";
/// The day on which it all begins, so that the tests pass on any other.
const START: i64 = 20_000 * DAY;

fn terms() -> Terms {
    Terms {
        names: [
            NAME,
            "berth.berth-system.svc.cluster.local",
            "localhost",
            "127.0.0.1",
        ]
        .map(str::to_owned)
        .to_vec(),
        lifetime: 90 * DAY,
    }
}

fn advanced(current: Option<&Keyring>, now: i64, settled: bool) -> Option<Keyring> {
    Keyring::advance(current, &terms(), now, settled).unwrap()
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    certificates.collect::<Result<_, _>>().unwrap()
}

/// Whether a client that trusts this bundle accepts a server with this certificate, as the API server does.
fn trusts(bundle: &str, certificate: &str, name: &str, now: i64) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(bundle) {
        roots.add(certificate)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.unsigned_abs()));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let presented = &certificates(certificate)[0];
    verifier.verify_server_cert(presented, &[], &name, &[], now)?;
    Ok(())
}

/// When a certificate expires, in seconds since 1970.
fn not_after(pem: &str) -> i64 {
    let certificate = &certificates(pem)[0];
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
    parsed.validity().not_after.timestamp()
}

#[test]
fn the_first_is_for_the_service_and_for_this_machine() {
    let keyring = advanced(None, START, false).unwrap();
    for name in [NAME, "berth.berth-system.svc.cluster.local", "127.0.0.1"] {
        // An hour before, too: clocks differ.
        for now in [START - 3600, START, START + 90 * DAY - 1] {
            trusts(&keyring.bundle(), &keyring.pair().certificate, name, now).unwrap();
        }
    }
    assert!(
        trusts(
            &keyring.bundle(),
            &keyring.pair().certificate,
            "example.com",
            START
        )
        .is_err()
    );
    assert_eq!(not_after(&keyring.pair().certificate), START + 90 * DAY);
    assert_eq!(keyring.authority_not_after(), START + 360 * DAY);
}

/// Each step once, and only when it is due: renewed when a third is left, followed when half is left of the authority.
#[test]
fn the_steps_of_a_rotation() {
    let first = advanced(None, START, false).unwrap();
    let is_same = |a: &str, b: &str| a == b;
    assert!(
        advanced(Some(&first), START + 60 * DAY, true).is_none(),
        "a third is left"
    );

    let renewed = advanced(Some(&first), START + 60 * DAY + 1, true).unwrap();
    assert!(
        is_same(&renewed.bundle(), &first.bundle()),
        "of the same authority"
    );
    assert!(!is_same(
        &renewed.pair().certificate,
        &first.pair().certificate
    ));

    // The next authority is trusted, and signs nothing until it has been for a while.
    let now = START + 180 * DAY;
    let last = advanced(Some(&renewed), now, true).unwrap();
    assert!(advanced(Some(&last), now, true).is_none(), "half is left");
    let introduced = advanced(Some(&last), now + 1, true).unwrap();
    assert!(is_same(
        &introduced.pair().certificate,
        &last.pair().certificate
    ));
    assert_eq!(certificates(&introduced.bundle()).len(), 2);
    assert!(introduced.bundle().starts_with(&last.bundle()));
    assert!(
        advanced(Some(&introduced), now + 2, false).is_none(),
        "not yet"
    );

    let promoted = advanced(Some(&introduced), now + 2, true).unwrap();
    assert!(!is_same(
        &promoted.pair().certificate,
        &last.pair().certificate
    ));
    let mut before = certificates(&introduced.bundle());
    let mut after = certificates(&promoted.bundle());
    before.sort_by_key(|certificate| certificate.to_vec());
    after.sort_by_key(|certificate| certificate.to_vec());
    assert_eq!(before, after, "who is trusted stays the same");
    let kept = promoted.write();
    let keys = kept.keys().filter(|name| name.ends_with("key"));
    assert_eq!(
        keys.collect::<Vec<_>>(),
        ["ca.key", "tls.key"],
        "the former's key is gone"
    );

    // The former goes when nothing that it signed can be valid any more.
    let end = first.authority_not_after();
    let alone = advanced(Some(&promoted), end, true).unwrap();
    assert_eq!(certificates(&alone.bundle()).len(), 1);
    assert!(promoted.bundle().starts_with(&alone.bundle()));
}

#[test]
fn what_has_expired_is_made_anew() {
    let first = advanced(None, START, false).unwrap();
    let now = first.authority_not_after();
    let anew = advanced(Some(&first), now, false).unwrap();
    assert!(trusts(&first.bundle(), &anew.pair().certificate, NAME, now).is_err());
    trusts(&anew.bundle(), &anew.pair().certificate, NAME, now).unwrap();
}

/// A replica whose clock is fast makes what nobody else can use yet; another, whose clock is right, makes it anew.
#[test]
fn what_is_not_valid_yet_is_made_anew() {
    let (now, fast) = (START, START + DAY);
    let early = advanced(None, fast, false).unwrap();
    let anew = advanced(Some(&early), now, false).unwrap();
    trusts(&anew.bundle(), &anew.pair().certificate, NAME, now).unwrap();
    assert!(advanced(Some(&anew), now, true).is_none(), "once is enough");
    // To the one that is fast it is valid as well, and what it serves is trusted still.
    assert!(advanced(Some(&anew), fast, true).is_none());
    trusts(&anew.bundle(), &early.pair().certificate, NAME, fast).unwrap();

    let renewed = advanced(Some(&anew), now + 61 * DAY, true).unwrap();
    let again = advanced(Some(&renewed), now + 60 * DAY, true).unwrap();
    assert_eq!(again.bundle(), renewed.bundle(), "of the same authority");
    let certificate = &again.pair().certificate;
    trusts(&again.bundle(), certificate, NAME, now + 60 * DAY).unwrap();

    let now = now + 180 * DAY;
    let last = advanced(Some(&again), now - DAY, true).unwrap();
    let introduced = advanced(Some(&last), now + DAY, true).unwrap();
    assert_eq!(certificates(&introduced.bundle()).len(), 3);
    assert!(
        advanced(Some(&introduced), now, true).is_none(),
        "the next authority is not valid yet"
    );
}

/// No replica leads, so each goes by its own clock. They do not undo each other's work for ever unless their clocks differ
/// by two thirds of a certificate's lifetime.
#[test]
fn replicas_whose_clocks_differ_come_to_rest() {
    for skew in [-59, -20, -1, 1, 20, 59] {
        let mut keyring = advanced(None, START, false).unwrap();
        for day in 1..400 {
            let now = START + day * DAY;
            let mut steps = 0;
            for settled in [false, true, false, true] {
                for clock in [now, now + skew * DAY] {
                    let next = advanced(Some(&keyring), clock, settled);
                    steps += u32::from(next.is_some());
                    keyring = next.unwrap_or(keyring);
                }
            }
            let clocks = [now, now + skew * DAY];
            let rest = clocks.map(|clock| advanced(Some(&keyring), clock, true).is_none());
            assert_eq!(rest, [true; 2], "{skew} days apart, on day {day}");
            assert!(steps <= 4, "{steps} steps, {skew} days apart, on day {day}");
            let certificate = &keyring.pair().certificate;
            trusts(&keyring.bundle(), certificate, NAME, now).unwrap();
        }
    }
}

#[test]
fn another_name_is_another_certificate() {
    let first = advanced(None, START, false).unwrap();
    let moved = Terms {
        names: vec!["berth.elsewhere.svc".to_owned()],
        ..terms()
    };
    let renewed = Keyring::advance(Some(&first), &moved, START, false).unwrap();
    let renewed = renewed.unwrap();
    let certificate = &renewed.pair().certificate;
    trusts(&first.bundle(), certificate, "berth.elsewhere.svc", START).unwrap();
}

#[test]
fn a_secret_that_holds_something_else_is_told_by_its_entry() {
    let keyring = advanced(None, START, false).unwrap();
    assert!(Keyring::read(&[].into()).is_ok_and(|found| found.is_none()));
    let cases = [
        ("tls.key", None, "tls.key"),
        ("ca.key", None, "ca.key"),
        ("ca.crt", Some("no PEM"), "ca.crt"),
        ("next-ca.crt", Some("no PEM"), "next-ca.key"),
    ];
    for (entry, text, named) in cases {
        let mut data = keyring.write();
        data.remove(entry);
        data.extend(text.map(|text| (entry.to_owned(), text.as_bytes().to_vec())));
        let error = Keyring::read(&data).err().unwrap();
        assert_eq!(error.entry, named, "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whoever serves any certificate that was ever stored and has not expired is trusted by whatever an API server goes
    /// by, however late either is: some replica has not looked for weeks, some API server not for seconds, and the
    /// configurations cannot be written for a while. Each step is that of another replica, whose clock is half an hour
    /// wrong.
    #[test]
    fn what_is_served_is_trusted(
        steps in proptest::collection::vec(
            (1..8 * DAY, -1800..=1800_i64, proptest::bool::weighted(0.7)),
            200..250,
        ),
    ) {
        let mut now = START;
        let mut keyring = advanced(None, now, false).unwrap();
        let mut served = vec![keyring.pair().certificate.clone()];
        // What an API server may go by: the bundle that has settled, and newer ones.
        let mut trusted = vec![keyring.bundle()];
        for (pause, skew, published) in steps {
            now += pause;
            let clock = now + skew;
            // Each pause is longer than the API server takes.
            trusted.drain(..trusted.len() - 1);
            let settled = trusted == [keyring.bundle()];
            if let Some(next) = advanced(Some(&keyring), clock, settled) {
                // Written and read again, as by another replica.
                let read = Keyring::read(&next.write()).unwrap();
                prop_assert!(read.is_some_and(|read| read == next));
                prop_assert!(advanced(Some(&next), clock, false).is_none(), "two steps at once");
                keyring = next;
                served.push(keyring.pair().certificate.clone());
            }
            if published && trusted.last() != Some(&keyring.bundle()) {
                trusted.push(keyring.bundle());
            }
            prop_assert!(not_after(&keyring.pair().certificate) > now + 20 * DAY);
            prop_assert!(certificates(&keyring.bundle()).len() <= 3);
            served.retain(|certificate| not_after(certificate) > now);
            for bundle in &trusted {
                for certificate in &served {
                    let verdict = trusts(bundle, certificate, NAME, now);
                    prop_assert!(verdict.is_ok(), "{:?} on day {}", verdict, (now - START) / DAY);
                }
            }
        }
    }
}
