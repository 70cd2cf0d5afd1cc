#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

use std::sync::Arc;

use stream_kernel_config::{Problem, Source, Stores};

#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
mod address;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod connection;
#[cfg(feature = "consul")]
mod consul;
#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
mod deadline;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
mod failure;
#[cfg(any(feature = "consul", feature = "etcd"))]
mod http;
#[cfg(any(feature = "consul", feature = "etcd"))]
mod json;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod resp;
#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
mod rows;
#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
mod secret;
#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
mod tls;

#[cfg(feature = "consul")]
pub use consul::Consul;
#[cfg(feature = "etcd")]
pub use etcd::Etcd;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
#[cfg(feature = "redis")]
pub use redis::Redis;

/// The features, and with them the first scheme of each store.
const FEATURES: [&str; 4] = ["etcd", "consul", "postgres", "redis"];

/// The schemes of URLs. Each begins with the feature that it needs.
const SCHEMES: [&str; 8] =
    ["etcd", "etcds", "consul", "consuls", "postgres", "postgresql", "redis", "rediss"];

/// The stores, for [`Loader::stores`](stream_kernel_config::Loader::stores). Stores that this crate was built without
/// are refused by name.
pub const STORES: Stores = Stores {
    open,
    schemes: &SCHEMES,
    built_in: &[
        #[cfg(feature = "etcd")]
        "etcd",
        #[cfg(feature = "consul")]
        "consul",
        #[cfg(feature = "postgres")]
        "postgres",
        #[cfg(feature = "redis")]
        "redis",
    ],
};

/// Returns the source of a URL, not read yet; none if its scheme is unknown.
///
/// The problem says what is wrong with the URL, without its credentials, or that this program was built without the
/// source.
pub fn open(url: &str) -> Option<Result<Arc<dyn Source>, Problem>> {
    let (scheme, _) = url.split_once("://")?;
    let scheme = SCHEMES.into_iter().find(|known| *known == scheme)?;
    Some(match FEATURES.into_iter().find(|feature| scheme.starts_with(feature))? {
        #[cfg(feature = "consul")]
        "consul" => Consul::parse(url).map(|source| Arc::new(source) as _),
        #[cfg(feature = "etcd")]
        "etcd" => Etcd::parse(url).map(|source| Arc::new(source) as _),
        #[cfg(feature = "postgres")]
        "postgres" => Postgres::parse(url).map(|source| Arc::new(source) as _),
        #[cfg(feature = "redis")]
        "redis" => Redis::parse(url).map(|source| Arc::new(source) as _),
        feature => Err(built_without(scheme, feature)),
    })
}

fn built_without(scheme: &str, feature: &str) -> Problem {
    Problem::new(format!("this program was built without sources of `{scheme}://`"))
        .expected("a program that was built with them, or another source")
        .hint(format!("build it with the feature `{feature}` of stream-kernel-config-remote"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_another_scheme_is_left_to_others() {
        for url in ["config.yaml", "file:///etc/x.yaml", "http://127.0.0.1/x", "etcdx://a/b", ""] {
            assert!(open(url).is_none(), "{url}");
        }
    }

    #[test]
    fn our_urls_open_or_name_the_missing_feature() {
        for (scheme, feature) in [
            ("etcd", "etcd"),
            ("etcds", "etcd"),
            ("consul", "consul"),
            ("consuls", "consul"),
            ("postgres", "postgres"),
            ("postgresql", "postgres"),
            ("redis", "redis"),
            ("rediss", "redis"),
        ] {
            let rest = match feature {
                "postgres" => "u:pw@127.0.0.1/db?table=t",
                "redis" => "127.0.0.1/0?hash=h",
                _ => "127.0.0.1/x",
            };
            let is_built_in = STORES.built_in.contains(&feature);
            match open(&format!("{scheme}://{rest}")) {
                Some(Ok(_)) => assert!(is_built_in, "{scheme}"),
                Some(Err(problem)) => {
                    assert!(!is_built_in, "{problem:?}");
                    assert_eq!(problem, built_without(scheme, feature));
                }
                None => panic!("{scheme} is ours"),
            }
        }
    }
}
