//! The page `docs/performance.md`: what stands between its markers is as measured, the rest is written by hand.

use std::fs;

use crate::cargo::root;
use crate::failure::Failure;

const BEGIN: &str = "<!-- measured: begin (`cargo xtask bench` renews it) -->\n";
const END: &str = "<!-- measured: end -->";

/// Puts `measured` between the page's markers.
pub(crate) fn renew(measured: &str) -> Result<(), Failure> {
    let path = root().join("docs").join("performance.md");
    let page = fs::read_to_string(&path).map_err(|source| Failure::file("read", &path, source))?;
    let renewed = replaced(&page, measured).ok_or_else(|| Failure::Unmarked { path: path.clone() })?;
    fs::write(&path, renewed).map_err(|source| Failure::file("write", &path, source))
}

/// Returns the page with `measured` between its markers; `None` if they are not there, once each and in order.
fn replaced(page: &str, measured: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    (!after.contains(BEGIN)).then(|| format!("{before}{BEGIN}\n{}\n\n{END}{after}", measured.trim()))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replaced};

    #[test]
    fn what_is_between_the_markers_is_replaced_and_nothing_else() {
        let page = |measured: &str| format!("# Speed\n\n{BEGIN}\n{measured}\n\n{END}\n\nand why\n");
        assert_eq!(replaced(&page("old"), "new\n"), Some(page("new")));
        assert_eq!(replaced(&page("new"), "new"), Some(page("new")), "again changes nothing");
    }

    #[test]
    fn a_page_without_its_markers_is_left_alone() {
        for page in ["", BEGIN, END, &format!("{END}{BEGIN}"), &format!("{BEGIN}{END}{BEGIN}")] {
            assert_eq!(replaced(page, "new"), None, "{page:?}");
        }
    }

    #[test]
    fn the_page_of_the_repository_has_its_markers() {
        let page = std::fs::read_to_string(crate::cargo::root().join("docs/performance.md")).unwrap();
        assert!(replaced(&page, "").is_some());
    }
}
