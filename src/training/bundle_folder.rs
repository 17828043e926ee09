//! Writes a bundle so that no half bundle is ever found.

use std::path::{Path, PathBuf};

use friends_core::model::{Files, MANIFEST};

/// Why a bundle was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder is taken.
    #[error("{} is there already: choose another --out, or --force to replace it", .0.display())]
    Exists(PathBuf),
    /// The path ends in no name.
    #[error("{} cannot be the name of a bundle", .0.display())]
    NoName(PathBuf),
    /// A file or folder cannot be made, written, moved or removed.
    #[error("{} cannot be {action}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Writes a bundle: first beside its place, then moved there, so that no half bundle is ever found.
///
/// # Errors
/// When a file or folder cannot be written.
pub fn write(files: &Files, to: &Path, replace: bool) -> Result<(), WriteError> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::File { action, path, source }
    };
    if to.exists() && !replace {
        return Err(WriteError::Exists(to.to_owned()));
    }
    let parent =
        to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = to.file_name().ok_or_else(|| WriteError::NoName(to.to_owned()))?;
    let fresh = parent.join(format!(".{}.new", name.to_string_lossy()));
    let _ = std::fs::remove_dir_all(&fresh);
    std::fs::create_dir_all(&fresh).map_err(failed("made", &fresh))?;
    let written =
        files.iter().try_for_each(|(name, content)| std::fs::write(fresh.join(name), content));
    if let Err(error) = written {
        let _ = std::fs::remove_dir_all(&fresh);
        return Err(failed("written", to)(error));
    }
    if to.exists() {
        // Other files in the folder (a model card, descriptions) stay; the manifest goes last.
        for name in
            files.keys().filter(|name| *name != MANIFEST).map(String::as_str).chain([MANIFEST])
        {
            std::fs::rename(fresh.join(name), to.join(name)).map_err(failed("replaced", to))?;
        }
        return std::fs::remove_dir_all(&fresh).map_err(failed("removed", &fresh));
    }
    std::fs::rename(&fresh, to).map_err(failed("put in place", to))
}
