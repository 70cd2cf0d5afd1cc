//! The stores that a program is composed with: how their URLs become sources.

use std::sync::Arc;

use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::source::Source;

/// What a [`Loader`](crate::Loader) makes of a location that is a URL. The [crate's documentation](crate) has an
/// example.
#[derive(Debug, Clone, Copy)]
pub struct Stores {
    /// Returns the source that a URL names, not read yet; `None` if its scheme is not one of a store. A problem never
    /// repeats credentials.
    #[expect(clippy::type_complexity, reason = "a name for it would hide what is to be written")]
    pub open: fn(&str) -> Option<Result<Arc<dyn Source>, Problem>>,
    /// Every scheme that `open` knows, also of stores that the program was built without.
    pub schemes: &'static [&'static str],
    /// The schemes that help and messages offer, one for each store that the program was built with.
    pub built_in: &'static [&'static str],
}

impl Stores {
    /// No stores at all.
    pub(crate) const NONE: Self = Self { open: |_| None, schemes: &[], built_in: &[] };

    /// Returns the source that a URL of this scheme names, or says which schemes there are.
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
