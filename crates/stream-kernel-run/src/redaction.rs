//! Redaction: reads the key, and builds the redaction that the configuration asks for.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use stream_kernel_config::{Config, Loaded, Problem, Redact, RedactIdentity};
use stream_kernel_trace::{IdentityRedaction, MAX_ENTRIES, MAX_KEY_BYTES, Redaction, RedactionKey};

pub(crate) const KEY_FILE_KEY: &str = "runtime.tracing.redact.key_file";
pub(crate) const IDENTITY_KEY: &str = "runtime.tracing.redact.identity";
pub(crate) const TAGS_KEY: &str = "runtime.tracing.redact.tags";

/// Reports mistakes in the redaction, including an unusable key file, and returns the redaction.
///
/// Without tracing there is nothing to hide, and the key is not read.
pub(crate) fn check<N, A>(loaded: &mut Loaded<Config<N, A>>) -> Redaction {
    let tracing = &loaded.config().runtime.tracing;
    let is_traced = tracing.enabled;
    let Redact { identity, tags, key_file, .. } = tracing.redact.clone();
    // No more can be set.
    if tags.len() > MAX_ENTRIES {
        let problem = Problem::new(format!("{} tags are listed", tags.len()))
            .expected(format!("at most {MAX_ENTRIES}: a context holds no more"))
            .hint("list those only that the steps set");
        loaded.report(TAGS_KEY, problem);
    }
    let is_certain = ![IDENTITY_KEY, KEY_FILE_KEY].iter().any(|key| loaded.is_mistaken(key));
    if identity == RedactIdentity::Hash && key_file.is_none() && is_certain {
        let problem = Problem::new("`hash` needs a key, and there is no key file")
            .expected(format!("`{KEY_FILE_KEY}`, the path of a file that holds a secret"))
            .hint(
                "make one with `head -c 32 /dev/urandom > FILE`, or set `mask`: without a key, ids could be tried out",
            );
        loaded.report(IDENTITY_KEY, problem);
    }
    let key = key_file.filter(|_| is_traced && !loaded.is_mistaken(KEY_FILE_KEY)).and_then(|path| {
        let read = read_key(&path);
        read.map_err(|error| loaded.report(KEY_FILE_KEY, unusable(&path, &error))).ok()
    });
    let identity = match identity {
        RedactIdentity::None => IdentityRedaction::None,
        RedactIdentity::Mask => IdentityRedaction::Mask,
        RedactIdentity::Hash => IdentityRedaction::Hash,
    };
    Redaction::new(identity, tags, key)
}

/// Reads the key, or reports a fault of its file.
fn read_key(path: &Path) -> Result<RedactionKey, String> {
    let mut bytes = Vec::new();
    // One byte above the bound shows that there is too much; the rest is not read.
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    RedactionKey::new(&bytes).map_err(|error| format!("holds no key: {error}"))
}

fn unusable(path: &Path, error: &str) -> Problem {
    Problem::new(format!("the key file `{}` {error}", path.display()))
        .expected(format!("a readable file of 1 to {MAX_KEY_BYTES} bytes"))
        .hint("make one with `head -c 32 /dev/urandom > FILE`, and keep it: hashes can be compared only under the same key")
}
