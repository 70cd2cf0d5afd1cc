//! Trust in TLS: the accepted certificates.

use rustls::pki_types::CertificateDer;

use stream_kernel_config::Problem;

use crate::address::Address;

/// Returns the machine's trusted certificates, or those in the file that `SSL_CERT_FILE` names.
pub(crate) fn roots(address: &Address) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(Problem::new(format!(
            "{} cannot be trusted: this machine trusts no certificates{why}",
            address.server()
        ))
        .expected("certificates of authorities in the system's store")
        .hint(
            "install them (Debian: the package ca-certificates), \
            or name a file of them in the environment variable `SSL_CERT_FILE`",
        ));
    }
    Ok(found.certs)
}

/// Returns the cryptography provider of TLS.
pub(crate) fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    std::sync::Arc::new(rustls::crypto::ring::default_provider())
}

/// Returns the TLS configuration: these certificates, and the client library's defaults.
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) fn client(address: &Address) -> Result<rustls::ClientConfig, Problem> {
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(roots(address)?);
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| address.untrusted(error))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}
