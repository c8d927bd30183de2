//! A client of TLS 1.2 that asks for another handshake on its connection: it is told no, and cut off if it goes on.
//!
//! No library starts one, so the test takes the keys of a connection and writes its records itself.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, ContentType, ProtocolVersion,
    SupportedCipherSuite,
};

use crate::harness::client::{TlsConnection, roots};
use crate::harness::requests::pod_review;
use crate::harness::server::Server;

/// `no_renegotiation`, as a warning (RFC 5246, 7.2.2).
const NO: [u8; 2] = [1, 100];

/// A connection of TLS 1.2 behind its handshake, of which the test writes and reads the records.
struct Records {
    stream: TcpStream,
    sent: (u64, Box<dyn MessageEncrypter>),
    received: (u64, Box<dyn MessageDecrypter>),
}

impl Records {
    fn of(connection: TlsConnection) -> Self {
        let (tls, stream) = connection.stream.into_parts();
        let Some(SupportedCipherSuite::Tls12(suite)) = tls.negotiated_cipher_suite() else {
            panic!("the connection is not of TLS 1.2");
        };
        let keys = tls.dangerous_extract_secrets().unwrap();
        let key_of = |secrets: ConnectionTrafficSecrets| -> (AeadKey, Iv) {
            match secrets {
                ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
                _ => panic!("the connection has another cipher"),
            }
        };
        let ((sent, tx), (received, rx)) = (keys.tx, keys.rx);
        let (tx, rx) = (key_of(tx), key_of(rx));
        Self {
            stream,
            sent: (sent, suite.aead_alg.encrypter(tx.0, tx.1.as_ref(), &[])),
            received: (received, suite.aead_alg.decrypter(rx.0, rx.1.as_ref())),
        }
    }

    fn send(&mut self, typ: ContentType, payload: &[u8]) {
        let (number, encrypter) = &mut self.sent;
        let plain = OutboundPlainMessage {
            typ,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(payload),
        };
        let record = encrypter.encrypt(plain, *number).unwrap().encode();
        *number += 1;
        self.stream.write_all(&record).unwrap();
    }

    /// Reads a record. `None` stands for the end of the connection.
    fn receive(&mut self) -> Option<(ContentType, Vec<u8>)> {
        let mut head = [0; 5];
        if let Err(error) = self.stream.read_exact(&mut head) {
            let is_end = matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
            );
            assert!(is_end, "{error}");
            return None;
        }
        let mut payload = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        self.stream.read_exact(&mut payload).unwrap();
        let (number, decrypter) = &mut self.received;
        let record = InboundOpaqueMessage::new(
            ContentType::from(head[0]),
            ProtocolVersion::TLSv1_2,
            &mut payload,
        );
        let plain = decrypter.decrypt(record, *number).unwrap();
        *number += 1;
        Some((plain.typ, plain.payload.to_vec()))
    }
}

/// Returns the first message of a handshake.
fn client_hello(config: &ClientConfig) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = ClientConnection::new(Arc::new(config.clone()), name).unwrap();
    let mut record = Vec::new();
    tls.write_tls(&mut record).unwrap();
    record.split_off(5)
}

#[test]
fn a_client_that_renegotiates_is_told_no_and_then_cut_off() {
    let server = Server::start(&[]);
    let provider = CryptoProvider {
        cipher_suites: vec![
            TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        ..aws_lc_rs::default_provider()
    };
    let config = ClientConfig::builder_with_provider(Arc::new(provider));
    let config = config.with_protocol_versions(&[&rustls::version::TLS12]);
    let config = config
        .unwrap()
        .with_root_certificates(roots(&[&server.authority]));
    let mut client = server.client();
    client.config = config.with_no_client_auth();
    client.config.enable_secret_extraction = true;

    let hello = client_hello(&client.config);
    let mut connection = client.connect().unwrap();
    let reply = connection.post("/mutate", &pod_review()).unwrap();
    assert_eq!(reply.status, 200);
    let mut records = Records::of(connection);
    records.send(ContentType::Handshake, &hello);
    records.send(ContentType::Handshake, &hello);
    let told: Vec<_> = std::iter::from_fn(|| records.receive()).collect();
    assert_eq!(told, [(ContentType::Alert, NO.to_vec())]);
    // Nobody else notices.
    let mut connection = server.client().connect().unwrap();
    let reply = connection.post("/mutate", &pod_review()).unwrap();
    assert_eq!(reply.status, 200);
}
