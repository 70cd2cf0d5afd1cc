//! The sources that decide, retain or compare: the areas for `mutants` and `coverage`.

use std::path::Path;

/// An area that is measured on its own.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) name: &'static str,
    /// Files and folders, from the workspace's root.
    pub(crate) paths: &'static [&'static str],
}

/// The most important first.
pub(crate) const AREAS: &[Area] = &[
    Area {
        name: "steps",
        paths: &[
            "crates/fund-load/src/steps",
            "crates/fund-load/src/memory.rs",
            "crates/fund-load/src/memory",
            "crates/stream-kernel-exec/src/memory.rs",
            "crates/stream-kernel-exec/src/memory",
            "crates/fund-load/src/domain",
            "crates/fund-load/src/line",
        ],
    },
    Area {
        name: "recovery",
        paths: &[
            "crates/stream-kernel-checkpoint/src",
            "crates/stream-kernel-run/src/checkpointed.rs",
            "crates/stream-kernel-run/src/checkpointed",
            "crates/stream-kernel-run/src/session.rs",
            "crates/stream-kernel-run/src/feed.rs",
        ],
    },
    Area {
        name: "recorder",
        paths: &[
            "crates/stream-kernel-exec/src/runner.rs",
            "crates/stream-kernel-exec/src/emitter.rs",
            "crates/stream-kernel-trace/src/recorder.rs",
            "crates/stream-kernel-trace/src/record.rs",
            "crates/stream-kernel-trace/src/record_serializer.rs",
            "crates/stream-kernel-trace/src/signature.rs",
            "crates/stream-kernel-trace/src/content.rs",
            "crates/stream-kernel-trace/src/snapshot.rs",
            "crates/stream-kernel-trace/src/context.rs",
            "crates/stream-kernel-trace/src/context",
            "crates/stream-kernel-trace/src/timestamp.rs",
            "crates/stream-kernel-trace/src/redaction.rs",
            "crates/stream-kernel-sinks/src",
        ],
    },
    Area {
        name: "diff",
        paths: &[
            "crates/stream-kernel-trace-reader/src/comparison.rs",
            "crates/stream-kernel-trace-reader/src/comparison",
        ],
    },
];

impl Area {
    /// Returns whether the file at `path`, from the workspace's root, belongs to this area.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.paths.iter().any(|own| path.starts_with(own))
    }
}

/// Returns the area with that name.
pub(crate) fn named(name: &str) -> Option<&'static Area> {
    AREAS.iter().find(|area| area.name == name)
}

/// Returns the names of all areas, for a message.
pub(crate) fn names() -> String {
    AREAS.iter().map(|area| area.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{AREAS, named};
    use crate::cargo::root;
    use std::path::Path;

    /// A path that no longer exists would have no lines, and so no defects.
    #[test]
    fn the_paths_exist_and_belong_to_one_area_each() {
        for path in AREAS.iter().flat_map(|area| area.paths) {
            assert!(root().join(path).exists(), "{path}");
            assert_eq!(AREAS.iter().filter(|area| area.holds(Path::new(path))).count(), 1, "{path}");
        }
    }

    #[test]
    fn an_area_holds_what_lies_in_its_folders() {
        let diff = named("diff").unwrap();
        assert!(diff.holds(Path::new("crates/stream-kernel-trace-reader/src/comparison/fields.rs")));
        assert!(!diff.holds(Path::new("crates/stream-kernel-trace-reader/src/comparisons.rs")));
        assert!(named("nothing").is_none());
    }
}
