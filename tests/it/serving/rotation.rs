//! Certificates that change while berth serves.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::harness::client::Client;
use crate::harness::pki::{Authority, Files, Pair, VALID};
use crate::harness::program::run;
use crate::harness::requests::pod_review;
use crate::harness::server::Server;
use crate::harness::wait::until;

/// Returns the certificate that a new connection sees.
fn served(client: &Client) -> Vec<u8> {
    let connection = client.connect().unwrap();
    let chain = connection.stream.conn.peer_certificates().unwrap();
    chain[0].to_vec()
}

/// Waits until new connections see this certificate.
fn until_served(client: &Client, pair: &Pair) {
    until("the new certificate is served", || {
        (served(client) == pair.chain()[0].to_vec()).then_some(())
    });
}

#[test]
fn certificates_change_under_load_without_a_failed_handshake() {
    let server = Server::start(&[]);
    let (stop, handshakes) = (AtomicBool::new(false), AtomicU32::new(0));
    let client = server.client();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let mut connection = client.connect().unwrap();
                    let reply = connection.post("/mutate", &pod_review()).unwrap();
                    assert_eq!(reply.status, 200);
                    handshakes.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for hours in 2..5 {
            let before = handshakes.load(Ordering::Relaxed);
            let pair = server.authority.pair(-60..hours * 3600);
            server.files.write(&pair.certificate, &pair.key);
            until_served(&client, &pair);
            until("more handshakes", || {
                (handshakes.load(Ordering::Relaxed) > before + 5).then_some(())
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let not_after = server.metric("berth_tls_certificate_not_after_timestamp_seconds", &[]);
    assert!((not_after - now - 4.0 * 3600.0).abs() < 60.0);
}

#[test]
fn a_pair_that_cannot_be_used_leaves_the_old_one_in_use() {
    let server = Server::start(&[]);
    let client = server.client();
    let old = served(&client);
    let errors = || server.metric("berth_tls_reload_errors_total", &[]);
    let new = server.authority.pair(VALID);
    let current = std::fs::read_to_string(server.files.key()).unwrap();
    let expired = server.authority.pair(-20..-10);
    let early = server.authority.pair(3600..7200);
    for (certificate, key, message) in [
        (
            new.certificate.as_str(),
            current.as_str(),
            "the key is not that of the certificate",
        ),
        (&new.certificate, "", "holds no private key in PEM"),
        (
            &new.certificate[..200],
            &new.key,
            "holds no certificate in PEM",
        ),
        (
            &expired.certificate,
            &expired.key,
            "the certificate has expired",
        ),
        (
            &early.certificate,
            &early.key,
            "the certificate is not valid yet",
        ),
    ] {
        let before = errors();
        server.files.write(certificate, key);
        server.logs(message);
        until("it is counted", || (errors() > before).then_some(()));
        assert_eq!(served(&client), old, "{message}");
        assert_eq!(server.get("/readyz").status, 200, "{message}");
    }
    std::fs::remove_file(server.files.key()).unwrap();
    server.logs("No such file or directory");
    assert!(!server.log().contains("took a new certificate"));
    server.files.write(&new.certificate, &new.key);
    until_served(&client, &new);
    server.logs("took a new certificate");
}

/// The authority changes in three phases: clients trust both, the server serves the new one's certificate, clients
/// trust the new one alone (R6.7).
#[test]
fn a_change_of_authority_is_trusted_throughout() {
    let server = Server::start(&[]);
    let (old, new) = (&server.authority, Authority::new());
    let trusts = |authorities: &[&Authority]| Client::new(server.webhook, authorities);
    let (only_old, both, only_new) = (trusts(&[old]), trusts(&[old, &new]), trusts(&[&new]));
    assert!(only_old.connect().is_ok());
    assert!(both.connect().is_ok());
    assert!(only_new.connect().is_err());
    let mut lasting = only_old.connect().unwrap();
    let pair = new.pair(VALID);
    server.files.write(&pair.certificate, &pair.key);
    until_served(&both, &pair);
    assert!(only_new.connect().is_ok());
    assert!(only_old.connect().is_err());
    // An open connection stays open.
    assert_eq!(lasting.post("/mutate", &pod_review()).unwrap().status, 200);
}

#[test]
fn an_expired_certificate_is_alive_and_not_ready_until_there_is_another() {
    let authority = Authority::new();
    let files = Files::new(&authority.pair(-20..-10));
    let server = Server::with(authority, files, &[]);
    assert_eq!(server.get("/livez").status, 200);
    let reply = server.get("/readyz");
    assert_eq!(reply.status, 503);
    assert_eq!(reply.text(), "the certificate has expired\n");
    let pair = server.authority.pair(-60..2);
    server.files.write(&pair.certificate, &pair.key);
    until("it is ready", || {
        (server.get("/readyz").status == 200).then_some(())
    });
    until("it expires in use", || {
        (server.get("/readyz").status == 503).then_some(())
    });
}

#[test]
fn files_that_cannot_be_used_end_the_process_with_64() {
    let authority = Authority::new();
    let (pair, other) = (authority.pair(VALID), authority.pair(VALID));
    let unusable = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let large = pair.certificate.repeat(3000);
    for (certificate, key, flag, message) in [
        ("", pair.key.as_str(), "--tls-cert", "holds no certificate"),
        (&pair.key, &pair.key, "--tls-cert", "holds no certificate"),
        (
            unusable,
            &pair.key,
            "--tls-cert",
            "cannot be used as a certificate",
        ),
        (&large, &pair.key, "--tls-cert", "larger than"),
        (&pair.certificate, "", "--tls-key", "holds no private key"),
        (
            &pair.certificate,
            no_key,
            "--tls-key",
            "cannot be used as a key",
        ),
        (
            &pair.certificate,
            &other.key,
            "--tls-key",
            "is not that of the certificate",
        ),
    ] {
        let files = Files::new(&pair);
        files.write(certificate, key);
        let (path, key_path) = (files.certificate(), files.key());
        let output = run(&[
            "serve",
            "--listen=127.0.0.1:0",
            "--tls-cert",
            path.to_str().unwrap(),
            "--tls-key",
            key_path.to_str().unwrap(),
        ]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{message}: {said}");
        let file = if flag == "--tls-key" {
            &key_path
        } else {
            &path
        };
        let named = format!("{flag} {}: ", file.display());
        assert!(said.contains(&named) && said.contains(message), "{said}");
    }
}

/// A pipe that nobody writes to is no file, as berth starts and while it serves.
#[test]
fn a_pipe_is_no_certificate() {
    let server = Server::start(&[]);
    let path = server.files.certificate();
    let pipe = path.with_extension("pipe");
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    let key = server.files.key();
    let output = run(&[
        "serve",
        "--listen=127.0.0.1:0",
        "--tls-cert",
        pipe.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("not a regular file"), "{said}");

    std::fs::rename(&pipe, &path).unwrap();
    server.logs("not a regular file");
    let pair = server.authority.pair(VALID);
    std::fs::remove_file(&path).unwrap();
    server.files.write(&pair.certificate, &pair.key);
    until_served(&server.client(), &pair);
}
