//! A directory as layers, as Kubernetes mounts configuration or secrets: YAML files, or a file for each key.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::document::{self, in_file};
use super::rows::Row;
use crate::excerpt::excerpt;
use crate::mistake::Problem;
use crate::place::Place;

/// The most files in a directory.
const MAX_FILES: usize = 1_000;

/// The most bytes of its files together.
const MAX_DIRECTORY_BYTES: usize = 16 << 20;

/// How often reading begins again because the directory was replaced meanwhile.
const MAX_ATTEMPTS: usize = 10;

/// The link to the current content of a mounted volume: a directory that is replaced as a whole.
const PRESENT_CONTENT: &str = "..data";

/// A file's text, or the fault of the whole file.
type Text = Result<String, (Place, Problem)>;

/// The content of a directory.
pub(super) struct Found {
    /// Whether the files are in YAML; otherwise each holds the value of the key path that is its name.
    pub(super) holds_documents: bool,
    /// In the order of their names.
    pub(super) files: Vec<(PathBuf, Text)>,
    /// Other entries, and why they are not used.
    pub(super) unused: Vec<(PathBuf, Problem)>,
}

/// Reads a directory at one moment: if it is replaced while it is read, everything comes from the old content or
/// everything from the new one.
///
/// Names that begin with a point are hidden files, or the volume's own, and skipped. `is_key` says whether a name may
/// be intended as a key path. Mistakes name the file by the given path.
pub(super) fn read(directory: &Path, is_key: impl Fn(&str) -> bool) -> Result<Found, Problem> {
    let unreadable = |why: &str| {
        let problem = Problem::new(format!("cannot read the directory: {why}"));
        let hint = "check the path and its permissions, and whether something replaces it";
        problem.expected("a readable directory").hint(hint)
    };
    for _ in 0..MAX_ATTEMPTS {
        // Wherever links lead later, the files are read where the links lead now.
        let link = directory.join(PRESENT_CONTENT);
        let begins_at = if link.exists() { link } else { directory.to_owned() };
        let read = fs::canonicalize(&begins_at).and_then(|content| {
            let found = read_all(directory, &content, &is_key)?;
            Ok((found, fs::canonicalize(&begins_at)? == content))
        });
        match read {
            Ok((found, true)) => return found,
            // The old content is removed once there is a new one: some of it may already have been missing.
            Ok((_, false)) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&error.to_string())),
        }
    }
    Err(unreadable(&format!("it was replaced {MAX_ATTEMPTS} times while it was read")))
}

/// Reads the files in `content`; messages name them in `directory`. The outer error is about the directory.
fn read_all(
    directory: &Path,
    content: &Path,
    is_key: &dyn Fn(&str) -> bool,
) -> io::Result<Result<Found, Problem>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(content)? {
        let name = entry?.file_name();
        if is_hidden(&name) {
            continue;
        }
        if names.len() == MAX_FILES {
            return Ok(Err(refused(&format!("more than {MAX_FILES} files"), "name a directory of its own")));
        }
        names.push(name);
    }
    names.sort();
    let (documents, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| {
        Path::new(name).extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
    });
    let may_be_key = |name: &OsString| is_key(&name.to_string_lossy());
    let holds_documents = !documents.is_empty();
    let (names, unused) = if holds_documents {
        if let Some(key) = others.iter().find(|name| may_be_key(name)) {
            let key = excerpt(&key.to_string_lossy());
            let what = format!("holds YAML files and `{key}`: it is not clear whether that is a key");
            return Ok(Err(refused(&what, "put files for keys into a directory of their own")));
        }
        (documents, others)
    } else {
        others.into_iter().partition(|name| may_be_key(name) || !is_other_than_file(&content.join(name)))
    };
    let unused = unused.into_iter().map(|name| {
        let is_file = !is_other_than_file(&content.join(&name));
        let why = if is_file { not_yaml() } else { not_a_file("it is not used: it is not a regular file") };
        (directory.join(name), why)
    });
    let unused = unused.collect();
    if let Some(beside) = file_beside(directory, content)? {
        let what = format!(
            "`{beside}` stands beside the content of the mounted volume, which `{PRESENT_CONTENT}` leads to"
        );
        return Ok(Err(refused(&what, "remove it, or put it into the volume")));
    }
    let mut bytes = 0;
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        let text = read_regular(&content.join(&name));
        bytes += text.as_ref().map_or(0, String::len);
        if bytes > MAX_DIRECTORY_BYTES {
            let what = format!("more than {MAX_DIRECTORY_BYTES} bytes in all its files");
            return Ok(Err(refused(&what, "name a directory of its own")));
        }
        files.push((directory.join(name), text));
    }
    Ok(Ok(Found { holds_documents, files, unused }))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Returns whether there is something other than a file, such as a directory. A broken link does not count.
fn is_other_than_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// Returns the name of an entry that is not a link, beside the link to a volume's content: nobody would read it.
fn file_beside(directory: &Path, content: &Path) -> io::Result<Option<String>> {
    if !directory.join(PRESENT_CONTENT).exists() || fs::canonicalize(directory)? == content {
        return Ok(None);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_hidden(&name) && !entry.file_type()?.is_symlink() {
            return Ok(Some(excerpt(&name.to_string_lossy())));
        }
    }
    Ok(None)
}

/// Returns the text of a file; reading anything else could block without end.
fn read_regular(path: &Path) -> Text {
    let is_regular = fs::metadata(path).map_err(|error| document::unreadable(&error))?.is_file();
    if !is_regular {
        return Err((Place::START, not_a_file("it is not a regular file")));
    }
    File::open(path).map_err(|error| document::unreadable(&error)).and_then(document::read)
}

/// Takes a file for a key: its name is the key path, its text the value, without the line end that an editor appends.
pub(super) fn row(path: &Path, text: Text) -> Result<Row, (Place, Problem)> {
    let Some(key) = path.file_name().and_then(OsStr::to_str).map(str::to_owned) else {
        let problem = Problem::new("a name that is not UTF-8").expected("a key path");
        return Err((Place::START, problem.hint("name the file as the key: `runtime.strict`")));
    };
    let mut value = text?;
    let kept = value.strip_suffix('\n').map(|rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    value.truncate(kept.unwrap_or(value.len()));
    Ok(Row { key, value, origin: in_file(path, Place::START) })
}

fn not_a_file(what: &str) -> Problem {
    Problem::new(what)
        .expected("files only")
        .hint("remove it, or put the configuration into a directory of its own")
}

/// Says why a file beside YAML files is not used.
fn not_yaml() -> Problem {
    Problem::new("it is not used: beside YAML files, files with other names are not read")
        .expected("a name that ends in `.yml` or `.yaml`")
        .hint("rename it if it is configuration; else remove it, or hide it by a point before its name")
}

fn refused(what: &str, hint: &str) -> Problem {
    Problem::new(what).expected("YAML files, or a file for each key, named as its key path").hint(hint)
}

/// Reports that a directory adds nothing. That is not a mistake: a volume that may be missing is mounted like this.
pub(super) fn holds_nothing() -> Problem {
    refused(
        "the directory holds nothing",
        "look whether its name is right, and whether what it is to hold is mounted",
    )
}
