//! Which files of a folder are photos, by their bytes, and what was left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A file with such an ending is meant to be a photo, whatever its bytes say.
const ENDINGS: [&str; 5] = ["jpg", "jpeg", "png", "webp", "gif"];

/// Folders that systems put beside photos: small copies, and leftovers of archives.
const NOT_MEANT: [&str; 2] = ["@eaDir", "__MACOSX"];

/// Photos, sorted by path, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhotoFiles {
    /// The photos.
    pub photos: Vec<PathBuf>,
    /// What was left out.
    pub left_out: LeftOut,
}

/// How many files of each kind were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<&'static str, usize>);

impl LeftOut {
    /// Adds what was left out elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            *self.0.entry(kind).or_default() += count;
        }
    }

    /// Whether nothing was left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

/// `3 HEIC, 2 in nested folders`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (kind, count)) in self.0.iter().enumerate() {
            write!(f, "{}{count} {kind}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A folder that cannot be listed, and why.
pub type Unlisted = (PathBuf, std::io::Error);

/// The photos that lie in `dir` itself; those in folders below it are counted as left out.
///
/// # Errors
/// When the folder cannot be listed.
pub fn photos_in(dir: &Path) -> Result<PhotoFiles, Unlisted> {
    let mut found = PhotoFiles::default();
    for folder in take(dir, &mut found)? {
        // What is no folder for us holds nothing that we miss.
        for _ in photos_below(&folder).map(|below| below.photos).unwrap_or_default() {
            found.left_out.count("in nested folders");
        }
    }
    found.photos.sort();
    Ok(found)
}

/// The photos anywhere below `dir`. Each folder is looked into once, however many links lead there.
///
/// # Errors
/// When a folder cannot be listed.
pub fn photos_below(dir: &Path) -> Result<PhotoFiles, Unlisted> {
    let mut found = PhotoFiles::default();
    let (mut folders, mut known) = (vec![dir.to_owned()], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        if known.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())) {
            folders.extend(take(&folder, &mut found)?);
        }
    }
    found.photos.sort();
    Ok(found)
}

/// Sorts the entries of one folder into photos and what is left out; returns its folders.
fn take(dir: &Path, found: &mut PhotoFiles) -> Result<Vec<PathBuf>, Unlisted> {
    let unlisted = |error| (dir.to_owned(), error);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unlisted)? {
        let path = entry.map_err(unlisted)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || NOT_MEANT.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else if !path.exists() {
            found.left_out.count("broken links");
        } else {
            match kind(&path) {
                Kind::Photo => found.photos.push(path),
                Kind::Unreadable(kind) => found.left_out.count(kind),
                Kind::Other => {}
            }
        }
    }
    Ok(folders)
}

enum Kind {
    Photo,
    /// A picture, but of a kind that we do not read.
    Unreadable(&'static str),
    Other,
}

fn kind(path: &Path) -> Kind {
    let mut start = [0; 16];
    let length = File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    match &start[..length] {
        [0xFF, 0xD8, 0xFF, ..]
        | [0x89, b'P', b'N', b'G', ..]
        | [b'G', b'I', b'F', b'8', ..]
        | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Kind::Photo,
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Kind::Unreadable("AVIF"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => Kind::Unreadable("HEIC"),
        [b'B', b'M', ..] => Kind::Unreadable("BMP"),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Kind::Unreadable("TIFF"),
        // A damaged photo is named when it is read.
        _ if has_ending(path) => Kind::Photo,
        _ => Kind::Other,
    }
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        dir
    }

    const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0];

    #[test]
    fn a_photo_is_known_by_its_bytes() {
        let dir = written(&[
            ("a.jpg_large", JPEG),
            ("b.jfif", JPEG),
            ("c", b"GIF89a"),
            ("damaged.jpg", b"notes"),
            ("labels.json", b"{}"),
            ("d.heic", b"\0\0\0\x18ftypheic"),
            ("e.avif", b"\0\0\0\x18ftypavif"),
            ("f.bmp", b"BM1234"),
            (".DS_Store", JPEG),
            ("@eaDir/small.jpg", JPEG),
            ("nested/g.jpg", JPEG),
            ("nested/deeper/h.jpg", JPEG),
        ]);
        let found = photos_in(dir.path()).unwrap();
        let names: Vec<_> = found.photos.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["a.jpg_large", "b.jfif", "c", "damaged.jpg"]);
        assert_eq!(found.left_out.to_string(), "1 AVIF, 1 BMP, 1 HEIC, 2 in nested folders");
        assert_eq!(photos_below(dir.path()).unwrap().photos.len(), 6);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_in_circles_or_nowhere_end() {
        let dir = written(&[("a.jpg", JPEG), ("b/c.jpg", JPEG)]);
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, dir.path().join(name)).unwrap();
        };
        link(".", "loop");
        link("..", "b/up");
        link("nowhere", "gone.jpg");
        let found = photos_below(dir.path()).unwrap();
        assert_eq!(found.photos.len(), 2);
        assert_eq!(found.left_out.to_string(), "1 broken links");
    }
}
