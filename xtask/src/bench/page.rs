//! Pages with figures, such as `docs/performance.md`: the text between their markers is generated, the rest is written
//! by hand.

use std::fs;

use crate::cargo::root;
use crate::failure::Failure;

/// A page, and the command that renews it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// Its name in the folder `docs`.
    pub(crate) name: &'static str,
    pub(crate) command: &'static str,
}

pub(crate) const PERFORMANCE: Page = Page { name: "performance.md", command: "bench" };
pub(crate) const SCALING: Page = Page { name: "scaling.md", command: "scale" };

const END: &str = "<!-- measured: end -->";

impl Page {
    /// Puts `measured` between the page's markers.
    pub(crate) fn renew(self, measured: &str) -> Result<(), Failure> {
        let path = root().join("docs").join(self.name);
        let page = fs::read_to_string(&path).map_err(|source| Failure::file("read", &path, source))?;
        let renewed =
            self.replaced(&page, measured).ok_or_else(|| Failure::Unmarked { path: path.clone() })?;
        fs::write(&path, renewed).map_err(|source| Failure::file("write", &path, source))
    }

    fn begin(self) -> String {
        format!("<!-- measured: begin (`cargo xtask {}` renews it) -->\n", self.command)
    }

    /// Returns the page with `measured` between its markers; `None` unless each is there once, in order.
    fn replaced(self, page: &str, measured: &str) -> Option<String> {
        let begin = self.begin();
        let (before, rest) = page.split_once(&begin)?;
        let (_, after) = rest.split_once(END)?;
        (!after.contains(&begin)).then(|| format!("{before}{begin}\n{}\n\n{END}{after}", measured.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::{END, PERFORMANCE, SCALING};

    #[test]
    fn only_the_text_between_the_markers_is_replaced() {
        let begin = PERFORMANCE.begin();
        let page = |measured: &str| format!("# Speed\n\n{begin}\n{measured}\n\n{END}\n\nand why\n");
        assert_eq!(PERFORMANCE.replaced(&page("old"), "new\n"), Some(page("new")));
        assert_eq!(PERFORMANCE.replaced(&page("new"), "new"), Some(page("new")), "again changes nothing");
        assert_eq!(SCALING.replaced(&page("old"), "new"), None, "the markers of another page");
    }

    #[test]
    fn a_page_without_its_markers_is_left_alone() {
        let begin = PERFORMANCE.begin();
        for page in ["", &begin, END, &format!("{END}{begin}"), &format!("{begin}{END}{begin}")] {
            assert_eq!(PERFORMANCE.replaced(page, "new"), None, "{page:?}");
        }
    }

    #[test]
    fn the_pages_of_the_repository_have_their_markers() {
        for page in [PERFORMANCE, SCALING] {
            let text = std::fs::read_to_string(crate::cargo::root().join("docs").join(page.name)).unwrap();
            assert!(page.replaced(&text, "").is_some(), "{}", page.name);
        }
    }
}
