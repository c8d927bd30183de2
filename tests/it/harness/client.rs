//! A plain client: it sends one HTTP/1.1 request after the other, and the test controls every byte.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::anyone::Anyone;
use super::pki::Authority;
use super::wait::PATIENCE;

/// A client that opens TLS connections to one address.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    pub(crate) config: ClientConfig,
}

impl Client {
    /// Makes a client that trusts these authorities.
    pub(crate) fn new(address: SocketAddr, authorities: &[&Authority]) -> Self {
        let config = ClientConfig::builder().with_root_certificates(roots(authorities));
        Self {
            address,
            config: config.with_no_client_auth(),
        }
    }

    /// Makes a client that trusts any server.
    pub(crate) fn trusting(address: SocketAddr) -> Self {
        let mut client = Self::new(address, &[]);
        let mut dangerous = client.config.dangerous();
        dangerous.set_certificate_verifier(Arc::new(Anyone));
        client
    }

    /// Returns the server's address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects, the handshake included.
    pub(crate) fn connect(&self) -> io::Result<TlsConnection> {
        self.shake_hands(TcpStream::connect(self.address)?)
    }

    /// Does the handshake on a connection that is open.
    pub(crate) fn shake_hands(&self, mut tcp: TcpStream) -> io::Result<TlsConnection> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls =
            ClientConnection::new(Arc::new(self.config.clone()), name).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        Ok(Connection {
            stream: StreamOwned::new(tls, tcp),
            unread: Vec::new(),
        })
    }
}

pub(crate) fn roots(authorities: &[&Authority]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.certificate()).unwrap();
    }
    roots
}

/// An open connection.
pub(crate) struct Connection<S> {
    pub(crate) stream: S,
    unread: Vec<u8>,
}

pub(crate) type TlsConnection = Connection<StreamOwned<ClientConnection, TcpStream>>;

impl Connection<TcpStream> {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Sends a review, and receives its answer.
    pub(crate) fn post(&mut self, target: &str, body: &[u8]) -> io::Result<Reply> {
        self.request("POST", target, "content-type: application/json\r\n", body)
    }

    /// Sends a request with these header lines, and receives its answer.
    pub(crate) fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<Reply> {
        let length = body.len();
        self.send(&head(method, target, headers, length))?;
        // A server that refuses half-way says so: the answer says more than the error does.
        let sent = self.send(body);
        self.receive().or_else(|error| sent.and(Err(error)))
    }

    /// Reads one answer.
    pub(crate) fn receive(&mut self) -> io::Result<Reply> {
        let head = loop {
            if let Some(end) = self.unread.windows(4).position(|it| it == b"\r\n\r\n") {
                break self.unread.drain(..end + 4).collect::<Vec<u8>>();
            }
            self.read()?;
        };
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let mut reply = Reply {
            status: status.and_then(|it| it.parse().ok()).unwrap_or_default(),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: Vec::new(),
        };
        let length = reply.header("content-length").unwrap_or("0").parse();
        let length: usize = length.map_err(io::Error::other)?;
        while self.unread.len() < length {
            self.read()?;
        }
        reply.body = self.unread.drain(..length).collect();
        Ok(reply)
    }

    fn read(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.unread.extend_from_slice(&chunk[..length]);
                Ok(())
            }
        }
    }

    /// Waits for the next bytes. True if the server closes the connection instead.
    pub(crate) fn is_closed_by_server(&mut self) -> bool {
        use io::ErrorKind::{ConnectionReset, UnexpectedEof};
        match self.read() {
            Ok(()) => false,
            Err(error) => matches!(error.kind(), ConnectionReset | UnexpectedEof),
        }
    }
}

/// Returns the head of a request.
pub(crate) fn head(method: &str, target: &str, headers: &str, length: usize) -> Vec<u8> {
    format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n"
    )
    .into_bytes()
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(it, _)| it == name);
        named.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Reads the body of an answer to a review.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Reads the `response` of an answer to a review.
    pub(crate) fn response(&self) -> serde_json::Value {
        self.json()["response"].take()
    }
}
