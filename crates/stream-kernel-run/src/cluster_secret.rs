//! Secret of a cluster: the content of a file that every process has, by which they know each other.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// The shortest secret, in bytes: one that is shorter could be guessed.
pub const MIN_SECRET_BYTES: usize = 16;

/// The longest secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 4_096;

/// The permissions of anybody but the owner of a file.
const OF_OTHERS: u32 = 0o077;

/// The secret of a cluster. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterSecret(Arc<[u8]>);

impl ClusterSecret {
    /// Reads the secret.
    pub(crate) fn read(path: &Path) -> Result<Self, SecretFault> {
        let file = File::open(path).map_err(SecretFault::Unreadable)?;
        let mode = file.metadata().map_err(SecretFault::Unreadable)?.permissions().mode() & 0o7777;
        if mode & OF_OTHERS != 0 {
            return Err(SecretFault::Open { mode });
        }
        let mut bytes = Vec::new();
        // One byte more than a secret may have tells that there is too much; the rest is not looked at.
        let read = file.take(MAX_SECRET_BYTES as u64 + 1).read_to_end(&mut bytes);
        match read.map_err(SecretFault::Unreadable)? {
            0..MIN_SECRET_BYTES => Err(SecretFault::TooShort),
            MIN_SECRET_BYTES..=MAX_SECRET_BYTES => Ok(Self(bytes.into())),
            _ => Err(SecretFault::TooLong),
        }
    }

    /// Returns the secret: the content of its file, a line end included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What is wrong with a secret's file. Its `Display` says what follows the file's name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretFault {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("is open to others than its owner: its mode is {mode:04o}")]
    Open { mode: u32 },
    #[error("holds no secret: it is shorter than {MIN_SECRET_BYTES} bytes")]
    TooShort,
    #[error("holds no secret: it is longer than {MAX_SECRET_BYTES} bytes")]
    TooLong,
}

impl fmt::Debug for ClusterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterSecret(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    fn read(bytes: usize, mode: u32) -> Result<ClusterSecret, SecretFault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mesh.key");
        fs::write(&path, "s".repeat(bytes)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        ClusterSecret::read(&path)
    }

    #[test]
    fn a_secret_has_a_least_and_a_greatest_length() {
        for bytes in [MIN_SECRET_BYTES, MAX_SECRET_BYTES] {
            assert_eq!(read(bytes, 0o600).unwrap().as_bytes(), "s".repeat(bytes).as_bytes());
        }
        assert_eq!(
            read(MIN_SECRET_BYTES - 1, 0o600).unwrap_err().to_string(),
            "holds no secret: it is shorter than 16 bytes"
        );
        assert_eq!(
            read(MAX_SECRET_BYTES + 1, 0o600).unwrap_err().to_string(),
            "holds no secret: it is longer than 4096 bytes"
        );
    }

    #[test]
    fn a_secret_is_its_owners_alone() {
        assert!(read(MIN_SECRET_BYTES, 0o400).is_ok());
        for bit in [0o40, 0o20, 0o10, 0o4, 0o2, 0o1] {
            let mode = 0o600 | bit;
            let told = format!("is open to others than its owner: its mode is {mode:04o}");
            assert_eq!(read(MIN_SECRET_BYTES, mode).unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn what_cannot_be_read_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        assert!(ClusterSecret::read(&missing).unwrap_err().to_string().starts_with("cannot be read: "));
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(ClusterSecret::read(folder.path()).unwrap_err().to_string().starts_with("cannot be read: "));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = read(MIN_SECRET_BYTES, 0o600).unwrap();
        assert_eq!(format!("{secret:?}"), "ClusterSecret(***)");
    }
}
