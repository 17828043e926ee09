//! The bundle: in which folder it is, or that the program holds it, and how its files are read.

use std::path::{Path, PathBuf};

use friends_core::model::{Bundle, BundleError, Classifier, Files, MANIFEST, Manifest};

use super::{MODEL_DIR, Settings, TASK_ROOT};

/// A folder that does not hold a bundle that can be used.
#[derive(Debug, thiserror::Error)]
#[error("the bundle {} cannot be used (choose one with --model or FRIENDS_MODEL_DIR)", dir.display())]
pub struct ModelDirError {
    /// Which folder.
    pub dir: PathBuf,
    /// Why.
    #[source]
    pub cause: ModelDirCause,
}

/// Why a folder's files are no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ModelDirCause {
    /// A file cannot be read.
    #[error("bundle file {file} cannot be read")]
    Unreadable {
        /// Which one.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The files do not agree with the manifest.
    #[error(transparent)]
    Refused(#[from] BundleError),
}

/// The shipped bundle's files, where the program holds them: a copied `friends` needs nothing else.
///
/// The function reads them from its folder instead.
const SHIPPED: &[(&str, &[u8])] = &[
    #[cfg(feature = "shipped")]
    (MANIFEST, include_bytes!("../../../models/friends/manifest.json")),
    #[cfg(feature = "shipped")]
    ("backbone.onnx", include_bytes!("../../../models/friends/backbone.onnx")),
    #[cfg(feature = "shipped")]
    ("head.json", include_bytes!("../../../models/friends/head.json")),
];

/// Where a bundle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundlePlace {
    /// In a folder.
    Folder(PathBuf),
    /// In the program itself.
    Program,
}

impl BundlePlace {
    /// Reads and checks the bundle: the manifest and the files that it names.
    ///
    /// # Errors
    /// Says which file is missing, altered, or of the wrong shape.
    pub fn read(&self) -> Result<Bundle, ModelDirError> {
        let bundle = match self {
            Self::Folder(dir) => checked(dir),
            Self::Program => {
                let files = SHIPPED.iter().map(|&(name, bytes)| (name.to_owned(), bytes.to_vec()));
                Bundle::from_files(files.collect()).map_err(ModelDirCause::from)
            }
        };
        bundle.map_err(|cause| self.error(cause))
    }

    /// Reads the bundle and optimises its network for this machine.
    ///
    /// # Errors
    /// As [`BundlePlace::read`], and when the backbone does not have the shape that the manifest
    /// says.
    pub fn classifier(&self) -> Result<Classifier, ModelDirError> {
        Classifier::new(self.read()?).map_err(|error| self.error(error.into()))
    }

    fn error(&self, cause: ModelDirCause) -> ModelDirError {
        let dir = match self {
            Self::Folder(dir) => dir.clone(),
            Self::Program => "in the program".into(),
        };
        ModelDirError { dir, cause }
    }
}

/// The bundle: `choice`, `FRIENDS_MODEL_DIR`, the first default place that holds one, or the one in
/// the program.
#[must_use]
pub fn find(choice: Option<&Path>, settings: &Settings) -> BundlePlace {
    if let Some(dir) = choice.or_else(|| settings.get(&MODEL_DIR).map(Path::new)) {
        return BundlePlace::Folder(dir.to_owned());
    }
    let bundle = Path::new("models/friends");
    let beside =
        std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(bundle)));
    let task_root = settings.get(&TASK_ROOT).map(|root| Path::new(root).join(bundle));
    let mut places = beside.into_iter().chain(task_root).chain([bundle.to_owned()]);
    match places.find(|place| place.join(MANIFEST).is_file()) {
        Some(dir) => BundlePlace::Folder(dir),
        None if SHIPPED.is_empty() => BundlePlace::Folder(bundle.to_owned()),
        None => BundlePlace::Program,
    }
}

/// As [`BundlePlace::read`], of a folder.
///
/// # Errors
/// The same.
pub fn read(dir: &Path) -> Result<Bundle, ModelDirError> {
    BundlePlace::Folder(dir.to_owned()).read()
}

/// As [`BundlePlace::classifier`], of a folder.
///
/// # Errors
/// The same.
pub fn classifier(dir: &Path) -> Result<Classifier, ModelDirError> {
    BundlePlace::Folder(dir.to_owned()).classifier()
}

fn checked(dir: &Path) -> Result<Bundle, ModelDirCause> {
    let file = |name: &str| match std::fs::read(dir.join(name)) {
        Ok(bytes) => Ok((name.to_owned(), bytes)),
        Err(source) => Err(ModelDirCause::Unreadable { file: name.to_owned(), source }),
    };
    let (name, bytes) = file(MANIFEST)?;
    let manifest = Manifest::parse(&bytes)?;
    let mut files = Files::from([(name, bytes)]);
    for name in [&manifest.backbone, &manifest.head] {
        files.extend([file(name)?]);
    }
    Ok(Bundle::from_files(files)?)
}
