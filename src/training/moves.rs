//! Photos that change folders: a file that people read, edit and have carried out, forwards or
//! backwards.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A photo that goes from one folder to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Where it is, below the folder of all photos.
    pub from: PathBuf,
    /// Where it goes, below the same folder.
    pub to: PathBuf,
    /// Why, for people.
    #[serde(default)]
    pub why: String,
}

/// Why moves were not carried out. Nothing has moved then, unless the last variant says so.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a list of moves.
    #[error("{} is not a list of moves", path.display())]
    Form {
        /// Which file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// A path that could lead out of the folder.
    #[error("{} does not lie below the folder of photos", .0.display())]
    Outside(PathBuf),
    /// A photo is not where it should be.
    #[error("{} is not there: was it moved already?", .0.display())]
    Missing(PathBuf),
    /// Two photos would have one name.
    #[error("{} is there already: rename one of the two photos", .0.display())]
    Taken(PathBuf),
    /// The file system refused; what had moved was moved back.
    #[error("{} cannot be moved to {}", from.display(), to.display())]
    Refused {
        /// Which photo.
        from: PathBuf,
        /// Where it should have gone.
        to: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Reads a file of moves.
///
/// # Errors
/// When it cannot be read or is of another form.
pub fn read(path: &Path) -> Result<Vec<Move>, MoveError> {
    let bytes =
        std::fs::read(path).map_err(|source| MoveError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes)
        .map_err(|source| MoveError::Form { path: path.to_owned(), source })
}

/// The moves that undo others, the last first.
#[must_use]
pub fn reversed(moves: &[Move]) -> Vec<Move> {
    let back =
        |done: &Move| Move { from: done.to.clone(), to: done.from.clone(), why: done.why.clone() };
    moves.iter().rev().map(back).collect()
}

/// Carries out moves below `dir`, all or none: everything is checked first, and what has moved
/// moves back when one is refused.
///
/// # Errors
/// When a path leads out of `dir`, a photo is missing, or a place is taken.
pub fn carry_out(moves: &[Move], dir: &Path) -> Result<(), MoveError> {
    let mut taken = BTreeSet::new();
    for Move { from, to, .. } in moves {
        for path in [from, to] {
            let inside = !path.as_os_str().is_empty()
                && path.components().all(|part| matches!(part, Component::Normal(_)));
            if !inside {
                return Err(MoveError::Outside(path.clone()));
            }
        }
        if !dir.join(from).is_file() {
            return Err(MoveError::Missing(from.clone()));
        }
        if dir.join(to).exists() || !taken.insert(to) {
            return Err(MoveError::Taken(to.clone()));
        }
    }
    for (number, wanted) in moves.iter().enumerate() {
        if let Err(source) = rename(wanted, dir) {
            for done in moves[..number].iter().rev() {
                // Both places were free a moment ago; there is no more that could be done.
                let _ = std::fs::rename(dir.join(&done.to), dir.join(&done.from));
            }
            return Err(MoveError::Refused {
                from: wanted.from.clone(),
                to: wanted.to.clone(),
                source,
            });
        }
    }
    Ok(())
}

fn rename(wanted: &Move, dir: &Path) -> std::io::Result<()> {
    let to = dir.join(&wanted.to);
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::rename(dir.join(&wanted.from), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(from: &str, to: &str) -> Move {
        Move { from: from.into(), to: to.into(), why: String::new() }
    }

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        dir
    }

    #[test]
    fn moves_can_be_undone() {
        let dir = folder(&["a/1.jpg", "b/2.jpg"]);
        let moves = [moved("a/1.jpg", "b/1.jpg"), moved("b/2.jpg", ".set-aside/b/2.jpg")];
        carry_out(&moves, dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("b/1.jpg")).unwrap(), "a/1.jpg");
        assert!(
            dir.path().join(".set-aside/b/2.jpg").is_file() && !dir.path().join("a/1.jpg").exists()
        );
        carry_out(&reversed(&moves), dir.path()).unwrap();
        assert!(dir.path().join("a/1.jpg").is_file() && dir.path().join("b/2.jpg").is_file());
    }

    #[test]
    fn nothing_moves_when_one_cannot() {
        let dir = folder(&["a/1.jpg", "a/2.jpg", "b/2.jpg", "file"]);
        let first = moved("a/1.jpg", "b/1.jpg");
        for (second, expected) in [
            (moved("a/2.jpg", "b/2.jpg"), "already"),
            (moved("a/3.jpg", "b/3.jpg"), "not there"),
            (moved("a/2.jpg", "b/1.jpg"), "already"),
            (moved("a/2.jpg", "../2.jpg"), "below"),
            (moved("a/2.jpg", "/tmp/2.jpg"), "below"),
            (moved("a/2.jpg", "file/2.jpg"), "cannot be moved"),
        ] {
            let refused = carry_out(&[first.clone(), second], dir.path()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
            assert!(
                dir.path().join("a/1.jpg").is_file(),
                "the first stayed, or is back: {refused}"
            );
        }
    }
}
