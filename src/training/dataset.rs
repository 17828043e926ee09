//! Photos in folders: `DIR/<slug>/*.jpg`, and `DIR/unknown/` for photos of unknowns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::photo_files::{LeftOut, Unlisted, photos_below, photos_in};
use friends_core::model::{NAMES, Names, UNKNOWN, is_slug};
use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

/// Folders beside the labels that hold what belongs to the site.
const NOT_LABELS: [&str; 4] = ["portraits", "demos", "@eaDir", "__MACOSX"];

/// One photo and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// Index into the labels; `None` for an unknown.
    pub label: Option<usize>,
    /// Photos of one cosplayer or artwork share a group and never straddle a split.
    pub group: String,
}

/// How many photos of a label each source gave.
pub fn sources<'a>(
    samples: impl IntoIterator<Item = &'a Sample>,
    label: usize,
) -> BTreeMap<&'a str, usize> {
    let mut sources = BTreeMap::new();
    for sample in samples.into_iter().filter(|sample| sample.label == Some(label)) {
        *sources.entry(sample.group.as_str()).or_default() += 1;
    }
    sources
}

/// A labelled folder.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The slugs of the folders, sorted by the folders' names.
    pub labels: Vec<String>,
    /// The folders' names, one a label: a slug, or a name in any script.
    pub folders: Vec<String>,
    /// Files that are no photos for us.
    pub left_out: LeftOut,
    /// All photos, sorted by path.
    pub samples: Vec<Sample>,
}

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A folder cannot be listed.
    #[error("the folder {} cannot be read", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Two folders would be the same label.
    #[error("the folders {} and {} would both be the label {slug}: put the photos of both into one, if they show the same character, or rename one", one.display(), other.display())]
    SameSlug {
        /// The one.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// What both would be.
        slug: String,
    },
    /// A label has no photo.
    #[error("{} holds no photo (JPEG, PNG, WebP, GIF): add some or remove the folder{}", .0.display(), besides(.1))]
    EmptyLabel(PathBuf, LeftOut),
    /// There are no folders at all.
    #[error("{} holds no folders of photos: make one folder for each character, named in lower-case letters", .0.display())]
    NoLabels(PathBuf),
    /// There is no photo at any depth.
    #[error("there is no photo (jpg, png, webp, gif) below {}", .0.display())]
    NoPhotos(PathBuf),
    /// `labels.json` cannot be read.
    #[error("{} cannot be read", path.display())]
    Names {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `labels.json` is not of the form that it should have.
    #[error("{} is not as expected", path.display())]
    NamesForm {
        /// Which file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
}

impl Dataset {
    /// Reads `dir`: each folder is a label, `unknown/` holds unknowns; other files, and folders
    /// whose names begin with a dot, are left alone.
    ///
    /// A folder whose name is not a slug gets one: its name in letters of ASCII, or a number.
    ///
    /// # Errors
    /// When the folder cannot be read, holds no label, a label has no photo, or two folders would
    /// be the same label.
    pub fn read(dir: &Path) -> Result<Self, DatasetError> {
        let mut folders: Vec<PathBuf> = entries(dir)?
            .into_iter()
            .filter(|path| path.is_dir() && !name_of(path).starts_with('.'))
            .collect();
        folders.sort();
        folders.retain(|folder| !NOT_LABELS.contains(&name_of(folder).as_str()));
        let mut dataset = Self {
            labels: Vec::new(),
            folders: Vec::new(),
            left_out: LeftOut::default(),
            samples: Vec::new(),
        };
        for folder in folders {
            let name = name_of(&folder);
            let label = if name == UNKNOWN {
                None
            } else {
                let slug = slug_of(&name, dataset.labels.len());
                if let Some(same) = dataset.labels.iter().position(|label| *label == slug) {
                    let one = dir.join(&dataset.folders[same]);
                    return Err(DatasetError::SameSlug { one, other: folder, slug });
                }
                dataset.labels.push(slug);
                dataset.folders.push(name.clone());
                Some(dataset.labels.len() - 1)
            };
            let found = photos_in(&folder)?;
            dataset.left_out.add(&found.left_out);
            if found.photos.is_empty() && label.is_some() {
                return Err(DatasetError::EmptyLabel(folder, found.left_out));
            }
            dataset.samples.extend(found.photos.into_iter().map(|path| Sample {
                group: group_of(&name, &path),
                path,
                label,
            }));
        }
        if dataset.labels.is_empty() {
            return Err(DatasetError::NoLabels(dir.to_owned()));
        }
        Ok(dataset)
    }

    /// The name of the folder that holds this label's photos.
    #[must_use]
    pub fn folder_of(&self, label: &str) -> Option<&str> {
        let place = self.labels.iter().position(|slug| slug == label)?;
        Some(&self.folders[place])
    }

    /// Keeps at most `count` photos of each label, chosen by the seed; unknowns all stay.
    pub fn keep(&mut self, count: usize, seed: u64) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut kept = BTreeSet::new();
        for label in 0..self.labels.len() {
            let photos = self.samples.iter().filter(|sample| sample.label == Some(label));
            let photos: Vec<&PathBuf> = photos.map(|sample| &sample.path).collect();
            kept.extend(photos.sample(&mut random, count.min(photos.len())).copied().cloned());
        }
        self.samples.retain(|sample| sample.label.is_none() || kept.contains(&sample.path));
    }

    /// Photos of unknowns from anywhere below `dir`, and what was left out.
    ///
    /// # Errors
    /// When a folder cannot be read, or there is no photo at all.
    pub fn unknown(dir: &Path) -> Result<(Vec<Sample>, LeftOut), DatasetError> {
        let found = photos_below(dir)?;
        if found.photos.is_empty() {
            return Err(DatasetError::NoPhotos(dir.to_owned()));
        }
        let sample = |path: PathBuf| Sample { group: group_of(UNKNOWN, &path), path, label: None };
        Ok((found.photos.into_iter().map(sample).collect(), found.left_out))
    }

    /// The names that `labels.json` gives, by slug; none without that file.
    ///
    /// # Errors
    /// When the file is not of that form.
    pub fn names(dir: &Path) -> Result<BTreeMap<String, Names>, DatasetError> {
        let path = dir.join(NAMES);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(source) => return Err(DatasetError::Names { path, source }),
        };
        // Editors of Windows begin text files with a byte order mark.
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
        serde_json::from_slice(text).map_err(|source| DatasetError::NamesForm { path, source })
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let unreadable = |source| DatasetError::Folder { path: dir.to_owned(), source };
    std::fs::read_dir(dir)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(unreadable))
        .collect()
}

impl From<Unlisted> for DatasetError {
    fn from((path, source): Unlisted) -> Self {
        Self::Folder { path, source }
    }
}

/// What lies there instead, for an error.
fn besides(left_out: &LeftOut) -> String {
    if left_out.is_empty() { String::new() } else { format!(" (left out: {left_out})") }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The slug of a folder: its name, if that is one; else the name's letters and digits in ASCII, in
/// lower case, with hyphens for what is between them; else its number, from 1.
fn slug_of(name: &str, place: usize) -> String {
    if is_slug(name) {
        return name.to_owned();
    }
    let romanised = deunicode::deunicode(name);
    let words =
        romanised.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if is_slug(&slug) { slug } else { format!("label-{}", place + 1) }
}

/// The name up to `__`, under whatever label: the same person may wear two costumes. A name without
/// `__` says nothing of who it is, so that a photo of its own is meant, which the label makes
/// different from those of the same name elsewhere.
fn group_of(label: &str, path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.split_once("__").map_or_else(|| format!("{label}/{stem}"), |(source, _)| source.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        dir
    }

    #[test]
    fn folders_are_labels_and_unknown_is_no_label() {
        let dir = folder(&[
            "serval/mio__01.jpg",
            "serval/mio__02.PNG",
            "fennec/a.webp",
            "unknown/x.gif",
            "notes.txt",
        ]);
        let dataset = Dataset::read(dir.path()).unwrap();
        assert_eq!(dataset.labels, ["fennec", "serval"]);
        assert_eq!(
            dataset.samples.iter().map(|s| s.label).collect::<Vec<_>>(),
            [Some(0), Some(1), Some(1), None]
        );
        assert_eq!(dataset.samples[0].group, "fennec/a");
        assert_eq!(dataset.samples[1].group, "mio");
        assert_eq!(dataset.samples[1].group, dataset.samples[2].group);
    }

    #[test]
    fn an_empty_label_is_refused_by_name() {
        let dir = folder(&["serval/a.jpg", "otter/readme.txt"]);
        assert!(Dataset::read(dir.path()).unwrap_err().to_string().contains("otter"));
    }

    #[test]
    fn a_folder_of_any_name_has_a_slug() {
        let dir = folder(&["Serval Cat/a.jpg", "サーバル/a.jpg", "かばん ちゃん/a.jpg", "☆/a.jpg"]);
        let dataset = Dataset::read(dir.path()).unwrap();
        assert!(dataset.labels.iter().all(|label| is_slug(label)), "{:?}", dataset.labels);
        for label in ["serval-cat", "sabaru", "kaban-tiyan"] {
            assert!(dataset.labels.iter().any(|slug| slug == label), "{:?}", dataset.labels);
        }
        assert_eq!(dataset.folder_of("sabaru"), Some("サーバル"));
        let refused = Dataset::read(folder(&["Serval_/a.jpg", "serval/a.jpg"]).path());
        assert!(refused.unwrap_err().to_string().contains("would both be the label serval"));
    }

    #[test]
    fn folders_set_aside_are_no_labels() {
        let dir = folder(&["serval/a.jpg", ".set-aside/serval/b.jpg"]);
        assert_eq!(Dataset::read(dir.path()).unwrap().labels, ["serval"]);
    }

    #[test]
    fn no_labels_at_all_says_what_to_do() {
        let dir = folder(&["a.jpg"]);
        assert!(
            Dataset::read(dir.path())
                .unwrap_err()
                .to_string()
                .contains("one folder for each character")
        );
    }

    #[test]
    fn photos_of_unknowns_are_found_at_any_depth() {
        let dir = folder(&["a.jpg", "b/c/d.png", "b/e.txt"]);
        assert_eq!(Dataset::unknown(dir.path()).unwrap().0.len(), 2);
    }
}
