//! From the configuration of what a trace hides to what hides it; the key is read here.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use stream_kernel_config::{Loaded, Problem, Redact, RedactIdentity};
use stream_kernel_trace::{IdentityRedaction, MAX_ENTRIES, MAX_KEY_BYTES, Redaction, RedactionKey};

pub(crate) const KEY_FILE_KEY: &str = "runtime.tracing.redact.key_file";
const IDENTITY_KEY: &str = "runtime.tracing.redact.identity";
const TAGS_KEY: &str = "runtime.tracing.redact.tags";

/// Reports what is wrong with the redaction, an unusable key file included, and returns what it hides.
///
/// Without tracing there is nothing to hide, and the key is left alone.
pub(crate) fn check<N, A>(loaded: &mut Loaded<N, A>) -> Redaction {
    let tracing = &loaded.config().runtime.tracing;
    let is_traced = tracing.enabled;
    let Redact { identity, tags, key_file } = tracing.redact.clone();
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

/// Reads the key, or says what is wrong with its file.
fn read_key(path: &Path) -> Result<RedactionKey, String> {
    let mut bytes = Vec::new();
    // One byte more than a key may have tells that there is too much; the rest is not looked at.
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    RedactionKey::new(&bytes).map_err(|error| format!("holds no key: {error}"))
}

fn unusable(path: &Path, error: &str) -> Problem {
    Problem::new(format!("the key file `{}` {error}", path.display()))
        .expected(format!("a readable file of 1 to {MAX_KEY_BYTES} bytes"))
        .hint("make one with `head -c 32 /dev/urandom > FILE`, and keep it: hashes can be compared only under the same key")
}
