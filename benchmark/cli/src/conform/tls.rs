//! TLS in front of a server, with a certificate that a throw-away authority has signed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What a server shows, and what is to be trusted for it.
pub(super) struct Certified {
    pub(super) acceptor: TlsAcceptor,
    /// The authority's certificate, in PEM.
    pub(super) authority: String,
}

impl Certified {
    /// A certificate for an address, and for `localhost`, that an authority has signed which nobody knows.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub(super) fn make(ip: IpAddr) -> Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let names = vec![ip.to_string(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority: authority_pem })
    }
}

/// Hands on what comes by TLS to a server that speaks none, until `shutdown` ends.
///
/// # Errors
/// When the listener fails.
pub(super) async fn terminate(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    behind: SocketAddr,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            () = &mut shutdown => return Ok(()),
            Some(_) = connections.join_next() => continue,
        };
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            // Who does not trust us goes, and has said why.
            let Ok(mut client) = acceptor.accept(stream).await else { return };
            if let Ok(mut server) = TcpStream::connect(behind).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
