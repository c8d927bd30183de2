//! The connections below HTTP: the clients that get one, and its kind.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;

use rustls::ClientConfig;

use crate::harness::client::{Client, Connection, roots};
use crate::harness::program::berth;
use crate::harness::requests::{patch, pod_review};
use crate::harness::server::Server;

#[test]
fn tls_is_1_2_or_1_3_with_http_1_1_and_no_tickets() {
    let server = Server::start(&[]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut client = server.client();
        let config = ClientConfig::builder_with_protocol_versions(&[version]);
        let config = config.with_root_certificates(roots(&[&server.authority]));
        client.config = config.with_no_client_auth();
        client.config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut connection = client.connect().unwrap();
        assert_eq!(
            connection.post("/mutate", &pod_review()).unwrap().status,
            200
        );
        let tls = &connection.stream.conn;
        assert_eq!(tls.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(tls.protocol_version(), Some(version.version));
        assert_eq!(tls.tls13_tickets_received(), 0);
        client.config.alpn_protocols = vec![b"h2".to_vec()];
        assert!(client.connect().is_err());
    }
    let mut plain = Connection::plain(TcpStream::connect(server.webhook).unwrap());
    plain.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(plain.receive().is_err());
}

/// `berth serve` prints a command to try if it is given no certificate.
#[test]
fn the_command_that_it_prints_works() {
    let mut child = berth(&["serve", "--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"])
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let command = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("curl "));
    let command = command.unwrap();
    let (_, rest) = command.split_once("https://").unwrap();
    let (address, rest) = rest.split_once('/').unwrap();
    let (target, rest) = rest.split_once(" -H '").unwrap();
    let (header, rest) = rest.split_once("' -d '").unwrap();
    let body = rest.strip_suffix('\'').unwrap();

    let client = Client::trusting(address.parse().unwrap());
    let mut connection = client.connect().unwrap();
    let headers = format!("{header}\r\n");
    let reply = connection.request("POST", &format!("/{target}"), &headers, body.as_bytes());
    assert!(!patch(&reply.unwrap().response()).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
}
