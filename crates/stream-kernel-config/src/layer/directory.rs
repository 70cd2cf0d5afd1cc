//! A directory as layers, as Kubernetes mounts configuration or secrets: YAML files, or a file for each key.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::document::{self, in_file};
use super::rows::Row;
use crate::escape::excerpt;
use crate::mistake::Problem;
use crate::yaml::Place;

/// A directory may hold so many files.
const MAX_FILES: usize = 1_000;

/// Its files may have so many bytes together.
const MAX_DIRECTORY_BYTES: usize = 16 << 20;

/// How often reading begins anew because the directory was replaced meanwhile.
const MAX_ATTEMPTS: usize = 10;

/// Where a mounted volume keeps its present content: a link to a directory that is replaced as a whole.
const PRESENT_CONTENT: &str = "..data";

/// A file's text, or what is wrong with it as a whole.
type Text = Result<String, (Place, Problem)>;

/// What a directory holds.
pub(super) enum Contents {
    /// Files in YAML in the order of their names, each with its text or with what is wrong with it.
    Documents(Vec<(PathBuf, Text)>),
    /// A key path a file, or what is wrong with the file.
    Keys(Vec<Result<Row, (PathBuf, Place, Problem)>>),
}

/// Reads a directory at one moment: if it is replaced while it is read, all is read from its old content or all from its new one.
///
/// Names that begin with two points are the volume's own, and skipped. Mistakes name the file by the path that was given.
pub(super) fn read(directory: &Path) -> Result<Contents, Problem> {
    let unreadable = |why: &str| {
        let problem = Problem::new(format!("cannot read the directory: {why}"));
        let hint = "check the path and its permissions, and whether something replaces it";
        problem.expected("a readable directory").hint(hint)
    };
    for _ in 0..MAX_ATTEMPTS {
        // Whatever the links on the way lead to later, the files are read where they lead to now.
        let link = directory.join(PRESENT_CONTENT);
        let begins_at = if link.exists() { link } else { directory.to_owned() };
        let read = fs::canonicalize(&begins_at).and_then(|content| {
            let contents = read_all(directory, &content)?;
            Ok((contents, fs::canonicalize(&begins_at)? == content))
        });
        match read {
            Ok((contents, true)) => return contents,
            // The old content is removed once there is a new one: some of it may have been gone already.
            Ok((_, false)) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&error.to_string())),
        }
    }
    Err(unreadable(&format!("it was replaced {MAX_ATTEMPTS} times while it was read")))
}

/// Reads the files in `content`, which are called by their names in `directory`. The outer error is about the directory.
fn read_all(directory: &Path, content: &Path) -> io::Result<Result<Contents, Problem>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(content)? {
        let name = entry?.file_name();
        if name.as_encoded_bytes().starts_with(b"..") {
            continue;
        }
        if names.len() == MAX_FILES {
            return Ok(Err(refused(&format!("more than {MAX_FILES} files"), "name a directory of its own")));
        }
        names.push(name);
    }
    names.sort();
    let is_document = |name: &&std::ffi::OsString| {
        Path::new(name).extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
    };
    let documents = names.iter().filter(is_document).count();
    if documents != 0
        && let Some(other) = names.iter().find(|name| !is_document(name))
    {
        let other = excerpt(&other.to_string_lossy());
        let what =
            format!("holds YAML files and others, such as `{other}`: it is not clear whether these are keys");
        return Ok(Err(refused(&what, "put them into directories of their own")));
    }
    if let Some(beside) = file_beside(directory, content)? {
        let what = format!(
            "`{beside}` stands beside the content of the mounted volume, which `{PRESENT_CONTENT}` leads to"
        );
        return Ok(Err(refused(&what, "remove it, or put it into the volume")));
    }
    let mut bytes = 0;
    let mut texts = Vec::with_capacity(names.len());
    for name in names {
        let text = read_regular(&content.join(&name));
        bytes += text.as_ref().map_or(0, String::len);
        if bytes > MAX_DIRECTORY_BYTES {
            let what = format!("more than {MAX_DIRECTORY_BYTES} bytes in all its files");
            return Ok(Err(refused(&what, "name a directory of its own")));
        }
        texts.push((directory.join(name), text));
    }
    Ok(Ok(if documents == 0 {
        Contents::Keys(texts.into_iter().map(key).collect())
    } else {
        Contents::Documents(texts)
    }))
}

/// Returns the name of something that is no link and stands beside the link to a volume's content: nobody would read it.
fn file_beside(directory: &Path, content: &Path) -> io::Result<Option<String>> {
    if !directory.join(PRESENT_CONTENT).exists() || fs::canonicalize(directory)? == content {
        return Ok(None);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(b"..") && !entry.file_type()?.is_symlink() {
            return Ok(Some(excerpt(&name.to_string_lossy())));
        }
    }
    Ok(None)
}

/// Returns the text of a file; of anything else it may be waited for without end.
fn read_regular(path: &Path) -> Text {
    let is_regular = fs::metadata(path).map_err(|error| document::unreadable(&error))?.is_file();
    if !is_regular {
        let problem = Problem::new("it is no regular file").expected("files only");
        return Err((Place::START, problem.hint("remove it, or name a directory of its own")));
    }
    File::open(path).map_err(|error| document::unreadable(&error)).and_then(document::read)
}

/// Takes a file for a key: its name is the key path, its text the value, without the line end that an editor puts behind it.
fn key((path, text): (PathBuf, Text)) -> Result<Row, (PathBuf, Place, Problem)> {
    let Some(key) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
        let problem = Problem::new("a name that is not UTF-8").expected("a key path");
        return Err((path, Place::START, problem.hint("name the file as the key: `runtime.strict`")));
    };
    let mut value = text.map_err(|(place, problem)| (path.clone(), place, problem))?;
    let kept = value.strip_suffix('\n').map(|rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    value.truncate(kept.unwrap_or(value.len()));
    Ok(Row { key, value, origin: in_file(&path, Place::START), is_file: true })
}

fn refused(what: &str, hint: &str) -> Problem {
    Problem::new(what).expected("YAML files, or a file for each key, named as its key path").hint(hint)
}

/// Says that a directory adds nothing. That is no mistake: a volume that may be missing is mounted like this.
pub(super) fn holds_nothing() -> Problem {
    refused(
        "the directory holds nothing",
        "look whether its name is right, and whether what it is to hold is mounted",
    )
}
