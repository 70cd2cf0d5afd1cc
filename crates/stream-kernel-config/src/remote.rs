//! Which store a URL names.

use std::sync::Arc;

use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::source::Source;

/// Returns the store that a URL names, `None` if its scheme is that of none.
pub(crate) fn open(_url: &str) -> Option<Result<Arc<dyn Source>, Problem>> {
    None
}

/// Says which schemes there are.
pub(crate) fn unknown_scheme(scheme: &str) -> Problem {
    const SCHEMES: [&str; 4] = ["etcd://", "consul://", "postgres://", "redis://"];
    Problem::new(format!("unknown kind of source `{scheme}://`"))
        .expected("a file, a directory, `-`, or one of `etcd://`, `consul://`, `postgres://`, `redis://`")
        .hint("write `./` before the name of a file that looks like a URL")
        .did_you_mean(nearest(&format!("{scheme}://"), SCHEMES))
}
