//! Stores of a program: they turn URLs into sources.

use std::sync::Arc;

use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::source::Source;

/// A [`Loader`](crate::Loader)'s handling of locations that are URLs. The [crate's documentation](crate) has an
/// example.
#[derive(Debug, Clone, Copy)]
pub struct Stores {
    /// Returns the source of a URL, not read yet; `None` if its scheme is unknown. A problem never repeats credentials.
    #[expect(clippy::type_complexity, reason = "a name for it would hide what is to be written")]
    pub open: fn(&str) -> Option<Result<Arc<dyn Source>, Problem>>,
    /// Every scheme that `open` knows, including those of stores that this program was built without.
    pub schemes: &'static [&'static str],
    /// The schemes for help and messages, one for each store that the program was built with.
    pub built_in: &'static [&'static str],
}

impl Stores {
    /// No stores at all.
    pub(crate) const NONE: Self = Self { open: |_| None, schemes: &[], built_in: &[] };

    /// Returns the source of a URL with this scheme, or a message with the known schemes.
    pub(crate) fn open(&self, scheme: &str, url: &str) -> Result<Arc<dyn Source>, Problem> {
        if let Some(opened) = (self.open)(url) {
            return opened;
        }
        let offer = |offered: String, scheme: &&str| offered + &format!(", `{scheme}://`");
        let stores = self.built_in.iter().fold(String::new(), offer);
        let near = nearest(scheme, self.schemes.iter().copied()).map(|scheme| format!("{scheme}://"));
        Err(Problem::new(format!("unknown kind of source `{scheme}://`"))
            .expected(format!("one of: a file, a directory, `-`{stores}"))
            .hint("write `./` before the name of a file that looks like a URL")
            .did_you_mean(near.as_deref()))
    }
}
