//! Photos in folders: `DIR/<slug>/*.jpg`, and `DIR/unknown/` for photos of unknowns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use friends_core::model::{NAMES, Names, UNKNOWN, is_slug};
use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

const EXTENSIONS: [&str; 5] = ["jpg", "jpeg", "png", "webp", "gif"];

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
    /// The folders' names, sorted.
    pub labels: Vec<String>,
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
    /// A folder's name is not a slug.
    #[error("the folder {} cannot name a label: {}", path.display(), advice(suggested.as_deref(), *taken))]
    Slug {
        /// Which one.
        path: PathBuf,
        /// A name that would do, if there is one like it.
        suggested: Option<String>,
        /// Whether there is a folder of that name.
        taken: bool,
    },
    /// A label has no photo.
    #[error("{} holds no photo (jpg, png, webp, gif): add some or remove the folder", .0.display())]
    EmptyLabel(PathBuf),
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
    /// # Errors
    /// When the folder cannot be read, holds no label, or a label has no photo or an unusable name.
    pub fn read(dir: &Path) -> Result<Self, DatasetError> {
        let mut folders: Vec<PathBuf> = entries(dir)?
            .into_iter()
            .filter(|path| path.is_dir() && !name_of(path).starts_with('.'))
            .collect();
        folders.sort();
        let mut labels = Vec::new();
        let mut samples = Vec::new();
        for folder in folders {
            let name = name_of(&folder);
            let label = if name == UNKNOWN {
                None
            } else {
                if !is_slug(&name) {
                    let suggested = slug_like(&name);
                    let taken = suggested.as_ref().is_some_and(|slug| dir.join(slug).is_dir());
                    return Err(DatasetError::Slug { path: folder, suggested, taken });
                }
                labels.push(name.clone());
                Some(labels.len() - 1)
            };
            let photos = photos_in(&folder)?;
            if photos.is_empty() && label.is_some() {
                return Err(DatasetError::EmptyLabel(folder));
            }
            samples.extend(photos.into_iter().map(|path| Sample {
                group: group_of(&name, &path),
                path,
                label,
            }));
        }
        if labels.is_empty() {
            return Err(DatasetError::NoLabels(dir.to_owned()));
        }
        Ok(Self { labels, samples })
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

    /// Photos of unknowns from anywhere below `dir`.
    ///
    /// # Errors
    /// When a folder cannot be read, or there is no photo at all.
    pub fn unknown(dir: &Path) -> Result<Vec<Sample>, DatasetError> {
        let mut samples = Vec::new();
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            let photos = photos_in(&folder)?;
            samples.extend(photos.into_iter().map(|path| Sample {
                group: group_of(UNKNOWN, &path),
                path,
                label: None,
            }));
            folders.extend(entries(&folder)?.into_iter().filter(|path| path.is_dir()));
        }
        if samples.is_empty() {
            return Err(DatasetError::NoPhotos(dir.to_owned()));
        }
        samples.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(samples)
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
        serde_json::from_slice(&text).map_err(|source| DatasetError::NamesForm { path, source })
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let unreadable = |source| DatasetError::Folder { path: dir.to_owned(), source };
    std::fs::read_dir(dir)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(unreadable))
        .collect()
}

fn photos_in(dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let is_photo = |path: &PathBuf| {
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default()
            .to_ascii_lowercase();
        path.is_file()
            && EXTENSIONS.contains(&extension.as_str())
            && !name_of(path).starts_with('.')
    };
    let mut photos: Vec<PathBuf> = entries(dir)?.into_iter().filter(is_photo).collect();
    photos.sort();
    Ok(photos)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The slug nearest to a name: its letters and digits of ASCII in lower case, hyphens for what is
/// between them.
fn slug_like(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    is_slug(&slug).then_some(slug)
}

/// What to do about a name that is no slug.
fn advice(suggested: Option<&str>, taken: bool) -> String {
    match (suggested, taken) {
        (Some(slug), true) => {
            format!(
                "{slug} is there as well; put the photos of both into {slug}, if they show the same character"
            )
        }
        (Some(slug), false) => {
            format!("use lower-case letters, digits and hyphens, such as {slug}")
        }
        (None, _) => {
            format!("use lower-case letters, digits and hyphens; other names are given in {NAMES}")
        }
    }
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
    fn a_label_must_be_a_slug_and_another_is_suggested() {
        for (files, said) in [
            (&["Serval Cat/a.jpg"][..], "such as serval-cat"),
            (&["Serval_/a.jpg", "serval/a.jpg"], "put the photos of both into serval"),
            (&["サーバル/a.jpg"], "labels.json"),
        ] {
            let refused = Dataset::read(folder(files).path()).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
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
        assert_eq!(Dataset::unknown(dir.path()).unwrap().len(), 2);
    }
}
