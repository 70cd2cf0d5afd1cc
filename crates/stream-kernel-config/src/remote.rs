//! Sources that are read over the network: etcd, consul, PostgreSQL, Redis.
//!
//! Each is behind a feature of its own name; [`open`] is always there. A source is named by a URL:
//!
//! | URL | feature |
//! | --- | --- |
//! | `etcd://[user:password@]host[:2379]/prefix`, `etcds://` over TLS | `etcd` |
//! | `consul://[:token@]host[:8500]/prefix`, `consuls://` over TLS | `consul` |
//! | `postgres://user:password@host[:5432]/database?table=schema.table` | `postgres` |
//! | `redis://[user:password@]host[:6379]/[db]?hash=NAME`, `rediss://` over TLS | `redis` |
//!
//! Each also takes the parameters `optional=true|false` (false without it) and `timeout_ms=N`: so many milliseconds,
//! 1 to 60,000, 5,000 without it, for everything from finding the host to the last byte of the answer. What stands
//! for something else in a URL is written as `%` and two digits there: `@` as `%40`, `/` as `%2F`, `:` as `%3A`.
//!
//! A source that is not available is left out with a warning if it is optional: one that cannot be reached, is not
//! ready, or does not answer in time. So is one without rows, such as a prefix without keys or a hash that does not
//! exist. Otherwise both are mistakes, as are, always, wrong credentials, a certificate that is not to be trusted, a
//! table that does not exist, and rows that are none.
//!
//! Over TLS, the certificates that the machine trusts are trusted, or those in the file that the environment variable
//! `SSL_CERT_FILE` names and in the directory that `SSL_CERT_DIR` names, if one of these is set; the name in the
//! server's certificate is checked. There are no client certificates, proxies or redirects.
//!
//! Bounds: 10,000 rows, [`MAX_SOURCE_BYTES`](crate::MAX_SOURCE_BYTES) of keys and values together, 256 bytes of a key
//! path. Reading stops at the first thing beyond.
//!
//! User names, passwords and tokens appear in no message, no name and no `Debug` output.

use std::sync::Arc;

pub use crate::masking::without_credentials;
use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::source::Source;

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

/// The schemes of URLs, and the features that they need.
const SCHEMES: [(&str, &str); 8] = [
    ("etcd", "etcd"),
    ("etcds", "etcd"),
    ("consul", "consul"),
    ("consuls", "consul"),
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
    ("redis", "redis"),
    ("rediss", "redis"),
];

/// Returns the schemes of the stores that this program was built with, one for each.
pub fn built_in() -> impl Iterator<Item = &'static str> {
    [
        (cfg!(feature = "etcd"), "etcd"),
        (cfg!(feature = "consul"), "consul"),
        (cfg!(feature = "postgres"), "postgres"),
        (cfg!(feature = "redis"), "redis"),
    ]
    .into_iter()
    .filter_map(|(is_built_in, scheme)| is_built_in.then_some(scheme))
}

/// Returns the source that a URL names, not read yet; none if its scheme is not one of a remote source.
///
/// The problem of one that cannot be opened says what is wrong with the URL, without the credentials in it, or that
/// this program was built without the source.
pub fn open(url: &str) -> Option<Result<Arc<dyn Source>, Problem>> {
    let (scheme, _) = url.split_once("://")?;
    let (scheme, feature) = *SCHEMES.iter().find(|(known, _)| *known == scheme)?;
    Some(match feature {
        #[cfg(feature = "consul")]
        "consul" => Consul::parse(url).map(shared),
        #[cfg(feature = "etcd")]
        "etcd" => Etcd::parse(url).map(shared),
        #[cfg(feature = "postgres")]
        "postgres" => Postgres::parse(url).map(shared),
        #[cfg(feature = "redis")]
        "redis" => Redis::parse(url).map(shared),
        _ => Err(built_without(scheme, feature)),
    })
}

/// Says that such a text names nothing.
pub(crate) fn no_url() -> Problem {
    Problem::new("it is neither a file that is there nor a URL")
        .expected("a file, a directory, `-`, or a URL that begins with its scheme and `://`")
        .hint("look for blanks and quotes before the scheme, and for a slash or colon that is missing behind it")
}

/// Says which schemes there are.
pub(crate) fn unknown_scheme(scheme: &str) -> Problem {
    let stores = built_in().fold(String::new(), |stores, scheme| stores + &format!(", `{scheme}://`"));
    let near = nearest(scheme, SCHEMES.map(|(scheme, _)| scheme)).map(|scheme| format!("{scheme}://"));
    Problem::new(format!("unknown kind of source `{scheme}://`"))
        .expected(format!("one of: a file, a directory, `-`{stores}"))
        .hint("write `./` before the name of a file that looks like a URL")
        .did_you_mean(near.as_deref())
}

#[cfg(any(feature = "consul", feature = "etcd", feature = "postgres", feature = "redis"))]
fn shared<S: Source + 'static>(source: S) -> Arc<dyn Source> {
    Arc::new(source)
}

fn built_without(scheme: &str, feature: &str) -> Problem {
    Problem::new(format!("this program was built without sources of `{scheme}://`"))
        .expected("a program that was built with them, or another source")
        .hint(format!("build it with the feature `{feature}` of stream-kernel-config"))
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
    fn a_url_of_ours_opens_or_says_what_the_program_lacks() {
        let built_in: Vec<_> = built_in().collect();
        for (scheme, feature) in SCHEMES {
            let rest = match feature {
                "postgres" => "u:pw@127.0.0.1/db?table=t",
                "redis" => "127.0.0.1/0?hash=h",
                _ => "127.0.0.1/x",
            };
            let is_built_in = built_in.contains(&feature);
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
