//! Address of a source: its URL, taken apart.
//!
//! Nothing here shows a part of a URL that may be a credential, not even of a malformed one: until the end of the
//! credentials is known, any part may be one.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use stream_kernel_config::{Problem, excerpt, nearest};

use crate::secret::Secret;

/// The default wait for a source.
pub(crate) const DEFAULT_TIMEOUT_MS: u64 = 5_000;
/// The longest wait for a source.
pub(crate) const MAX_TIMEOUT_MS: u64 = 60_000;

/// Parameters of every source.
const COMMON_PARAMETERS: [&str; 2] = ["optional", "timeout_ms"];

/// The URL format of one kind of source.
#[derive(Debug)]
pub(crate) struct Form {
    /// The name of the server in messages.
    pub(crate) server: &'static str,
    /// The schemes, and whether each is over TLS.
    pub(crate) schemes: &'static [(&'static str, bool)],
    /// The port, unless the URL names one.
    pub(crate) port: u16,
    /// An example URL.
    pub(crate) example: &'static str,
    /// Parameters beyond those of every source.
    pub(crate) parameters: &'static [&'static str],
}

/// A URL, taken apart and checked.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) form: &'static Form,
    pub(crate) scheme: &'static str,
    pub(crate) is_tls: bool,
    pub(crate) user: Option<Secret>,
    pub(crate) password: Option<Secret>,
    /// As in a URL: an IPv6 address is in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The part after the slash behind the host.
    pub(crate) path: String,
    #[cfg_attr(
        not(any(test, feature = "postgres", feature = "redis")),
        expect(dead_code, reason = "etcd and consul have no parameters of their own")
    )]
    parameters: BTreeMap<&'static str, String>,
    pub(crate) is_optional: bool,
    pub(crate) timeout: Duration,
}

impl Address {
    /// Takes a URL apart.
    pub(crate) fn parse(url: &str, form: &'static Form) -> Result<Self, Problem> {
        let known = |(scheme, rest)| {
            form.schemes.iter().find(|(name, _)| *name == scheme).map(|(name, tls)| (*name, *tls, rest))
        };
        let Some((scheme, is_tls, rest)) = url.split_once("://").and_then(known) else {
            return Err(form.wrong(
                "the URL does not begin with the scheme of such a source",
                "write it as in the example",
            ));
        };
        let (authority, path, query) = split(rest, form)?;
        let (credentials, place) =
            authority.rsplit_once('@').map_or((None, authority), |(c, p)| (Some(c), p));
        let (user, password) = match credentials.map(|text| text.split_once(':').unwrap_or((text, ""))) {
            Some((user, password)) => {
                (secret(form.decoded(user, "user name")?), secret(form.decoded(password, "password")?))
            }
            None => (None, None),
        };
        let (host, port) = host_and_port(place, form)?;
        let mut parameters = parameters(query, form)?;
        Ok(Self {
            form,
            scheme,
            is_tls,
            user,
            password,
            host,
            port,
            path: form.decoded(path, "path")?,
            is_optional: optional(&mut parameters, form)?,
            timeout: timeout(&mut parameters, form)?,
            parameters,
        })
    }

    /// Returns the value of a parameter of this kind of source.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Returns the URL up to the path, without credentials.
    pub(crate) fn name(&self) -> String {
        format!("{}://{}:{}/{}", self.scheme, self.host, self.port, self.path)
    }

    /// Returns the name of the server in messages: ``etcd at `127.0.0.1:2379` ``.
    pub(crate) fn server(&self) -> String {
        format!("{} at `{}:{}`", self.form.server, self.host, self.port)
    }

    /// Returns the host's name or address, for look-ups and for the check of the server's certificate.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl Form {
    /// Returns the problem of a URL of another format.
    pub(crate) fn wrong(&self, what: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem::new(what).expected(format!("a URL such as `{}`", self.example)).hint(hint)
    }

    /// Returns a part of the URL, decoded.
    fn decoded(&self, text: &str, what: &str) -> Result<String, Problem> {
        let is_escape =
            |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        if !text.split('%').skip(1).all(is_escape) {
            let what = format!("the {what} in the URL has a `%` without two digits behind it");
            return Err(self.wrong(what, "write `%` itself as `%25`"));
        }
        let decoded = percent_decode_str(text).decode_utf8();
        let Some(decoded) = decoded.ok().filter(|decoded| !decoded.chars().any(char::is_control)) else {
            let what = format!("the {what} in the URL stands for what is not text");
            return Err(self.wrong(what, "write it in UTF-8, without control characters"));
        };
        Ok(decoded.into_owned())
    }
}

/// Returns the parts before the first slash, between it and the question mark, and after that.
fn split<'a>(rest: &'a str, form: &Form) -> Result<(&'a str, &'a str, &'a str), Problem> {
    if rest.contains('#') {
        return Err(form.wrong("the URL has a `#`", "write it as `%23`"));
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    // Probably a password with a slash in it, a part of which the path would show.
    if behind.contains('@') {
        let hint = "in a user name, a password or a token write `/` as `%2F` and `?` as `%3F`; \
                    behind the host write `@` as `%40`";
        return Err(form.wrong("the URL has an `@` behind the host", hint));
    }
    let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
    Ok((authority, path.strip_prefix('/').unwrap_or(path), query))
}

fn secret(text: String) -> Option<Secret> {
    (!text.is_empty()).then(|| Secret::new(text))
}

fn host_and_port(place: &str, form: &Form) -> Result<(String, u16), Problem> {
    let hint = "name the host and, if it is another one, the port; \
                in a user name, a password or a token write `:` as `%3A`, `@` as `%40` and `/` as `%2F`";
    let end_of_host =
        if place.starts_with('[') { place.find(']').map_or(place.len(), |end| end + 1) } else { 0 };
    let colon = place[end_of_host..].find(':').map(|at| at + end_of_host);
    let (host, port) = match colon {
        Some(colon) => (&place[..colon], Some(&place[colon + 1..])),
        None => (place, None),
    };
    if !is_host(host) {
        return Err(form.wrong("the URL names no host, or one that is none", hint));
    }
    let port = match port {
        None => form.port,
        Some(text) => match whole_number(text) {
            Some(port) if port != 0 => port,
            _ => return Err(form.wrong("the port in the URL is not a number from 1 to 65535", hint)),
        },
    };
    Ok((host.to_owned(), port))
}

/// Returns the number written in digits alone.
pub(crate) fn whole_number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    }
}

fn parameters(query: &str, form: &'static Form) -> Result<BTreeMap<&'static str, String>, Problem> {
    let known = || form.parameters.iter().copied().chain(COMMON_PARAMETERS);
    let mut parameters = BTreeMap::new();
    for text in query.split('&').filter(|text| !text.is_empty()) {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let name = form.decoded(name, "name of a parameter")?;
        let Some(known_name) = known().find(|known| *known == name) else {
            let names: Vec<_> = known().map(|name| format!("`{name}`")).collect();
            let what = format!("unknown parameter `{}` in the URL", excerpt(&name));
            let problem = Problem::new(what).expected(names.join(", "));
            return Err(match nearest(&name, known()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("take it away; credentials stand before the host"),
            });
        };
        let value = form.decoded(value, &format!("value of the parameter `{known_name}`"))?;
        if parameters.insert(known_name, value).is_some() {
            return Err(form.wrong(
                format!("the URL gives the parameter `{known_name}` twice"),
                "take one of them away",
            ));
        }
    }
    Ok(parameters)
}

fn optional(parameters: &mut BTreeMap<&'static str, String>, form: &Form) -> Result<bool, Problem> {
    match parameters.remove("optional").as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(form.wrong(
            "the parameter `optional` in the URL is neither `true` nor `false`",
            "write `optional=true`, or leave it out",
        )),
    }
}

fn timeout(parameters: &mut BTreeMap<&'static str, String>, form: &Form) -> Result<Duration, Problem> {
    let milliseconds = match parameters.remove("timeout_ms") {
        None => Some(DEFAULT_TIMEOUT_MS),
        Some(text) => whole_number(&text),
    };
    let in_bounds = |milliseconds: &u64| (1..=MAX_TIMEOUT_MS).contains(milliseconds);
    let Some(milliseconds) = milliseconds.filter(in_bounds) else {
        let what =
            format!("the parameter `timeout_ms` in the URL is not a whole number from 1 to {MAX_TIMEOUT_MS}");
        let hint = format!("it counts milliseconds; without it there are {DEFAULT_TIMEOUT_MS}");
        return Err(form.wrong(what, hint));
    };
    Ok(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests;
