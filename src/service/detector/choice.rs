//! Which detector the environment or the command line asks for.

use std::sync::Arc;

use friends_core::embedded::Embedded;
use friends_core::error::Error;

use super::cloud_vision::{CloudVision, DEFAULT_URL};
use super::fallback::Detector;
use crate::service::config::{ConfigError, Lookup, problem};

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

    /// Loads the detector.
    ///
    /// # Errors
    /// When its model cannot be loaded.
    pub fn load(self, http: &reqwest::Client) -> Result<Detector, Error> {
        let embedded = || Embedded::load().map(Arc::new);
        let client = |vision: VisionSettings| CloudVision::new(http.clone(), &vision.url, vision.key);
        Ok(match self {
            Self::Embedded => Detector::Embedded(embedded()?),
            Self::CloudVision(vision) => Detector::CloudVision(client(vision), embedded()?),
            Self::Cascade(vision) => Detector::Cascade(client(vision), embedded()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::config::table;

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
}
