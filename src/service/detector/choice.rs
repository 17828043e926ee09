//! Which detector the environment or the command line asks for.

use friends_core::face_detector::FaceDetector;

use super::cloud_vision::{CloudVision, DEFAULT_URL};
use super::fallback::Detector;
use super::quota::Quota;
use crate::preloaded::Preloaded;
use crate::settings::{
    ConfigError, DETECTOR, Settings, VISION_KEY, VISION_MONTHLY_CAP, VISION_URL,
};
use crate::storage::Storage;

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
    monthly_cap: Option<u64>,
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
    pub fn read(choice: Option<&str>, settings: &Settings) -> Result<Self, ConfigError> {
        let vision = || {
            let cap = |text: &str| {
                let cap = text.parse::<u64>().ok().filter(|cap| *cap > 0);
                cap.ok_or_else(|| {
                    let problem = format!(
                        "is {text:?}; give the number of calls that a month may have, 1 or more"
                    );
                    ConfigError::new(&VISION_MONTHLY_CAP, problem)
                })
            };
            let monthly_cap = settings.get(&VISION_MONTHLY_CAP).map(cap).transpose()?;
            let key =
                settings.needed(&VISION_KEY, "this detector needs an API key for Cloud Vision")?;
            let url = settings.get(&VISION_URL).unwrap_or(DEFAULT_URL).to_owned();
            Ok(VisionSettings { key, url, monthly_cap })
        };
        match choice.or_else(|| settings.get(&DETECTOR)) {
            None | Some("embedded") => Ok(Self::Embedded),
            Some("cloud-vision") => Ok(Self::CloudVision(vision()?)),
            Some("cascade") => Ok(Self::Cascade(vision()?)),
            Some(name) => Err(ConfigError::new(
                &DETECTOR,
                format!("is {name:?}; choose embedded, cloud-vision or cascade"),
            )),
        }
    }

    /// Sets the detector up; its network is given, or on its way.
    ///
    /// # Errors
    /// When there is a monthly cap but no `storage` where the calls could be counted.
    pub fn set_up(
        self,
        embedded: Preloaded<FaceDetector>,
        http: &reqwest::Client,
        storage: Option<&Storage>,
    ) -> Result<Detector, ConfigError> {
        let client = |vision: VisionSettings| {
            let storage = || {
                storage.cloned().ok_or_else(|| {
                    let problem = "is set, but there are no buckets that keep the count";
                    ConfigError::new(&VISION_MONTHLY_CAP, problem)
                })
            };
            let quota = vision
                .monthly_cap
                .map(|cap| Ok::<_, ConfigError>(Quota::new(storage()?, cap)))
                .transpose()?;
            Ok::<_, ConfigError>(CloudVision::new(http.clone(), &vision.url, vision.key, quota))
        };
        Ok(match self {
            Self::Embedded => Detector::Embedded(embedded),
            Self::CloudVision(vision) => Detector::CloudVision(client(vision)?, embedded),
            Self::Cascade(vision) => Detector::Cascade(client(vision)?, embedded),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_detector_needs_nothing() {
        assert_eq!(
            DetectorSettings::read(None, &Settings::default()),
            Ok(DetectorSettings::Embedded)
        );
    }

    #[test]
    fn cloud_vision_without_a_key_names_the_variable() {
        let settings = Settings::from_pairs(&[(&DETECTOR, "cascade")]);
        let error = DetectorSettings::read(None, &settings).unwrap_err();
        assert_eq!(error.variable, "FRIENDS_VISION_KEY");
    }

    #[test]
    fn a_cap_is_a_number_and_needs_a_place_where_it_is_kept() {
        let read = |cap: &str| {
            let settings =
                Settings::from_pairs(&[(&VISION_KEY, "key"), (&VISION_MONTHLY_CAP, cap)]);
            DetectorSettings::read(Some("cascade"), &settings)
        };
        for cap in ["many", "0", "-1", "1.5"] {
            assert_eq!(read(cap).unwrap_err().variable, "FRIENDS_VISION_MONTHLY_CAP", "{cap}");
        }
        let http = crate::settings::transport::client().unwrap();
        let embedded = Preloaded::begin(FaceDetector::load);
        let refused = read("100").unwrap().set_up(embedded, &http, None).err().unwrap();
        assert!(refused.to_string().contains("FRIENDS_VISION_MONTHLY_CAP"), "{refused}");
    }

    #[test]
    fn an_unknown_detector_is_told_the_choices() {
        let error = DetectorSettings::read(Some("opencv"), &Settings::default()).unwrap_err();
        assert!(error.to_string().contains("embedded, cloud-vision or cascade"), "{error}");
    }

    #[test]
    fn a_vision_key_is_never_printed() {
        let pairs = [(&DETECTOR, "cloud-vision"), (&VISION_KEY, "secret-key")];
        let settings = DetectorSettings::read(None, &Settings::from_pairs(&pairs)).unwrap();
        assert!(!format!("{settings:?}").contains("secret-key"));
    }
}
