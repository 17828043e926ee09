//! Settings, all from the environment.
//!
//! | variable | means | default |
//! |---|---|---|
//! | `FRIENDS_MODEL_DIR` | the bundle | `models/friends` beside the program, under `$LAMBDA_TASK_ROOT`, or in the working directory |
//! | `FRIENDS_DETECTOR` | `embedded`, `cloud-vision` or `cascade` | `embedded` |
//! | `FRIENDS_VISION_KEY` | API key for Google Cloud Vision | none; needed by `cloud-vision` and `cascade` |
//! | `FRIENDS_VISION_URL` | another address for Cloud Vision | `https://vision.googleapis.com` |
//! | `FRIENDS_VISION_MONTHLY_CAP` | refused with Cloud Vision for now, since nothing keeps it yet | none |
//! | `FRIENDS_UPLOAD_BUCKET`, `FRIENDS_SITE_BUCKET` | the two buckets | none; without them only `/api/judge` and `/api/health` work |
//! | `AWS_REGION` | region of the buckets | `us-east-1` |
//! | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | set by Lambda | needed with the buckets |
//! | `AWS_ENDPOINT_URL_S3` | another object store than AWS | none |

use std::path::{Path, PathBuf};

use aws_sdk_s3::config::Credentials;

use crate::error::Error;
use crate::face::{CloudVision, DEFAULT_URL, Detector, Embedded};
use crate::storage::StorageSettings;

/// A setting that is missing or cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    /// Which variable.
    pub variable: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

fn problem(variable: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { variable, problem: problem.into() }
}

/// Where settings come from: `std::env::var` in programs, a table in tests.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment; an empty variable counts as none.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Which detector, with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetectorSettings {
    /// The one in this program.
    Embedded,
    /// Google Cloud Vision.
    CloudVision(VisionSettings),
    /// The embedded one first.
    Cascade(VisionSettings),
}

/// How to reach Cloud Vision.
#[derive(Clone, PartialEq, Eq)]
pub struct VisionSettings {
    key: String,
    url: String,
}

/// Prints no key.
impl std::fmt::Debug for VisionSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VisionSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

impl DetectorSettings {
    /// The detector that `choice` or else `FRIENDS_DETECTOR` names.
    ///
    /// # Errors
    /// When the name is unknown, or Cloud Vision has no key.
    pub fn read(choice: Option<&str>, lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let vision = || {
            if lookup("FRIENDS_VISION_MONTHLY_CAP").is_some() {
                return Err(problem(
                    "FRIENDS_VISION_MONTHLY_CAP",
                    "is not kept yet; unset it, and set a quota at Google instead",
                ));
            }
            let key = lookup("FRIENDS_VISION_KEY");
            let url = lookup("FRIENDS_VISION_URL").unwrap_or_else(|| DEFAULT_URL.into());
            key.map(|key| VisionSettings { key, url })
                .ok_or_else(|| problem("FRIENDS_VISION_KEY", "is not set; this detector needs an API key for Cloud Vision"))
        };
        match choice.map(str::to_owned).or_else(|| lookup("FRIENDS_DETECTOR")).as_deref() {
            None | Some("embedded") => Ok(Self::Embedded),
            Some("cloud-vision") => Ok(Self::CloudVision(vision()?)),
            Some("cascade") => Ok(Self::Cascade(vision()?)),
            Some(other) => Err(problem("FRIENDS_DETECTOR", format!("is {other:?}; choose embedded, cloud-vision or cascade"))),
        }
    }

    /// Brings the detector to life.
    ///
    /// # Errors
    /// When its model cannot be loaded.
    pub fn load(self, http: &reqwest::Client) -> Result<Detector, Error> {
        let embedded = || Embedded::load().map(std::sync::Arc::new);
        let client = |vision: VisionSettings| CloudVision::new(http.clone(), &vision.url, vision.key);
        Ok(match self {
            Self::Embedded => Detector::Embedded(embedded()?),
            Self::CloudVision(vision) => Detector::CloudVision(client(vision), embedded()?),
            Self::Cascade(vision) => Detector::Cascade(client(vision), embedded()?),
        })
    }
}

/// The bundle's folder: `choice`, `FRIENDS_MODEL_DIR`, or the first default place that holds one.
#[must_use]
pub fn model_dir(choice: Option<&Path>, lookup: Lookup<'_>) -> PathBuf {
    if let Some(dir) = choice.map(Path::to_owned).or_else(|| lookup("FRIENDS_MODEL_DIR").map(PathBuf::from)) {
        return dir;
    }
    let bundle = Path::new("models/friends");
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(bundle)));
    let task_root = lookup("LAMBDA_TASK_ROOT").map(|root| Path::new(&root).join(bundle));
    let places = beside.into_iter().chain(task_root);
    places.into_iter().find(|place| place.join(crate::model::bundle::MANIFEST).is_file()).unwrap_or_else(|| bundle.to_owned())
}

/// The buckets, if both are named.
///
/// # Errors
/// When only one is named, or credentials are missing.
pub fn storage(lookup: Lookup<'_>) -> Result<Option<StorageSettings>, ConfigError> {
    let needed =
        |variable: &'static str| lookup(variable).ok_or_else(|| problem(variable, "is not set; tickets and results need it"));
    if lookup("FRIENDS_UPLOAD_BUCKET").is_none() && lookup("FRIENDS_SITE_BUCKET").is_none() {
        return Ok(None);
    }
    let (uploads_bucket, site_bucket) = (needed("FRIENDS_UPLOAD_BUCKET")?, needed("FRIENDS_SITE_BUCKET")?);
    if uploads_bucket == site_bucket {
        return Err(problem("FRIENDS_SITE_BUCKET", "names the upload bucket; results must not live where uploads trigger us"));
    }
    Ok(Some(StorageSettings {
        uploads_bucket,
        site_bucket,
        region: lookup("AWS_REGION").unwrap_or_else(|| "us-east-1".into()),
        endpoint: lookup("AWS_ENDPOINT_URL_S3").or_else(|| lookup("AWS_ENDPOINT_URL")),
        // Lambda hands its role's credentials over in the environment; they outlive the instance.
        credentials: Credentials::new(
            needed("AWS_ACCESS_KEY_ID")?,
            needed("AWS_SECRET_ACCESS_KEY")?,
            lookup("AWS_SESSION_TOKEN"),
            None,
            "environment",
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<'a>(entries: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| entries.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_embedded_detector_needs_nothing() {
        assert_eq!(DetectorSettings::read(None, &table(&[])), Ok(DetectorSettings::Embedded));
    }

    #[test]
    fn cloud_vision_without_a_key_names_the_variable() {
        let error = DetectorSettings::read(None, &table(&[("FRIENDS_DETECTOR", "cascade")])).unwrap_err();
        assert_eq!(error.variable, "FRIENDS_VISION_KEY");
    }

    #[test]
    fn an_unknown_detector_is_told_the_choices() {
        let error = DetectorSettings::read(Some("opencv"), &table(&[])).unwrap_err();
        assert!(error.to_string().contains("embedded, cloud-vision or cascade"), "{error}");
    }

    #[test]
    fn a_vision_key_is_never_printed() {
        let environment = table(&[("FRIENDS_DETECTOR", "cloud-vision"), ("FRIENDS_VISION_KEY", "secret-key")]);
        let settings = DetectorSettings::read(None, &environment).unwrap();
        assert!(!format!("{settings:?}").contains("secret-key"));
    }

    #[test]
    fn no_bucket_is_fine_but_half_of_them_is_not() {
        assert!(storage(&table(&[])).unwrap().is_none());
        let error = storage(&table(&[("FRIENDS_UPLOAD_BUCKET", "photos")])).err().unwrap();
        assert_eq!(error.variable, "FRIENDS_SITE_BUCKET");
    }

    #[test]
    fn one_bucket_for_both_is_refused() {
        let error = storage(&table(&[("FRIENDS_UPLOAD_BUCKET", "b"), ("FRIENDS_SITE_BUCKET", "b")])).err().unwrap();
        assert_eq!(error.variable, "FRIENDS_SITE_BUCKET");
    }
}
