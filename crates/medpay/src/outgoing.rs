//! The one HTTP client: what it believes, and which way it takes.

use crate::config::Outgoing;
use anyhow::{Context as _, bail};
use medpay_client::HttpTransport;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Lets TLS use aws-lc-rs throughout this process. Doing it twice does nothing.
pub fn install_tls() {
    // An error says that one is installed already, and nobody installs another.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The client: certificates always verified, no redirect followed, the environment's proxies
/// ignored.
pub fn client(settings: &Outgoing) -> anyhow::Result<reqwest::Client> {
    install_tls();
    let mut builder = reqwest::Client::builder()
        .use_rustls_tls()
        .min_tls_version(reqwest::tls::Version::TLS_1_2)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
        .pool_max_idle_per_host(64)
        .tcp_nodelay(true);
    if let Some(file) = &settings.ca_file {
        let pem = read(file)?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .with_context(|| format!("{} is no PEM file of certificates", file.display()))?;
        if certificates.is_empty() {
            bail!("{} holds no certificate", file.display());
        }
        for certificate in certificates {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some(url) = &settings.proxy {
        let mut proxy = reqwest::Proxy::all(url).context("`outgoing.proxy` is of no use")?;
        if let Some(credentials) = &settings.proxy_credentials {
            let (user, password) = credentials
                .split_once(':')
                .context("`outgoing.proxy_credentials` must be user:password")?;
            proxy = proxy.basic_auth(user, password);
        }
        builder = builder.proxy(proxy);
    }
    builder.build().context("the outgoing HTTP client cannot be built")
}

/// The straight way out, for a command: no proxy, no further authority.
pub fn direct() -> anyhow::Result<HttpTransport> {
    Ok(HttpTransport::new(client(&Outgoing::direct())?))
}

/// Roots for TLS to PostgreSQL: the system's and those in `ca_file`.
pub fn database_tls(ca_file: Option<&Path>) -> anyhow::Result<Arc<rustls::ClientConfig>> {
    install_tls();
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let pem = read(file)?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let unusable = || format!("{} is no PEM file of certificates", file.display());
            roots.add(certificate.with_context(unusable)?).with_context(unusable)?;
        }
    }
    Ok(Arc::new(
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth(),
    ))
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}
