//! Settings: every variable of the environment, read once.

pub mod bundle_dir;
pub mod secret;
pub mod transport;

use std::collections::BTreeMap;

use aws_sdk_s3::config::Credentials;

use crate::storage::StorageSettings;

/// A variable of the environment that the programs read.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it sets.
    pub meaning: &'static str,
    /// What holds without it.
    pub default: &'static str,
}

macro_rules! variables {
    ($($constant:ident $name:literal $meaning:literal $default:literal)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $meaning)]
            pub static $constant: Variable =
                Variable { name: $name, meaning: $meaning, default: $default };
        )*
        /// All variables, in the order in which they are explained to operators.
        pub static VARIABLES: &[&Variable] = &[$(&$constant),*];
    };
}

variables! {
    MODEL_DIR "FRIENDS_MODEL_DIR" "the bundle's folder"
        "models/friends beside the program, under $LAMBDA_TASK_ROOT, or in the working directory; else the bundle in the program"
    DETECTOR "FRIENDS_DETECTOR" "the face detector: embedded, cloud-vision or cascade" "embedded"
    VISION_KEY "FRIENDS_VISION_KEY" "the API key for Google Cloud Vision"
        "none; cloud-vision and cascade need it"
    VISION_KEY_SECRET "FRIENDS_VISION_KEY_SECRET"
        "the Secrets Manager secret that holds this key, for the function alone" "none"
    VISION_URL "FRIENDS_VISION_URL" "another address for Cloud Vision"
        "https://vision.googleapis.com"
    VISION_MONTHLY_CAP "FRIENDS_VISION_MONTHLY_CAP"
        "calls of Cloud Vision in a month of UTC; after them the embedded detector answers; needs the buckets"
        "no cap"
    UPLOAD_BUCKET "FRIENDS_UPLOAD_BUCKET" "the bucket of photos, for the function alone"
        "none; without both buckets only /api/judge and /api/health work"
    SITE_BUCKET "FRIENDS_SITE_BUCKET" "the bucket of results, for the function alone" "none"
    CONTACT "FRIENDS_CONTACT"
        "whom visitors write to: a mail address, or an address that begins with https://" "none"
    REGION "AWS_REGION" "the region of the buckets" "us-east-1"
    ACCESS_KEY_ID "AWS_ACCESS_KEY_ID" "set by Lambda; requests to the buckets are signed with it"
        "none; the buckets need it"
    SECRET_ACCESS_KEY "AWS_SECRET_ACCESS_KEY" "its secret" "none; the buckets need it"
    SESSION_TOKEN "AWS_SESSION_TOKEN" "what makes passing credentials valid" "none"
    ENDPOINT "AWS_ENDPOINT_URL" "another place than AWS for all its services" "none"
    S3_ENDPOINT "AWS_ENDPOINT_URL_S3" "another object store than AWS" "AWS_ENDPOINT_URL"
    SECRETS_ENDPOINT "AWS_ENDPOINT_URL_SECRETS_MANAGER" "another keeper of secrets than AWS"
        "AWS_ENDPOINT_URL"
    TASK_ROOT "LAMBDA_TASK_ROOT" "set by Lambda: where the function's files lie" "none"
}

/// A setting that is missing or cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    /// Which variable.
    pub variable: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

impl ConfigError {
    pub(crate) fn new(variable: &Variable, problem: impl Into<String>) -> Self {
        Self { variable: variable.name, problem: problem.into() }
    }
}

/// The values of all variables that are set; an empty one counts as not set.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<&'static str, String>);

/// Names what is set, and prints no value: keys are among them.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Settings {
    /// Those of this process's environment.
    #[must_use]
    pub fn from_environment() -> Self {
        let value =
            |variable: &&Variable| Some((variable.name, std::env::var(variable.name).ok()?));
        Self::read(VARIABLES.iter().filter_map(value))
    }

    /// These alone.
    #[must_use]
    pub fn from_pairs(pairs: &[(&Variable, &str)]) -> Self {
        Self::read(pairs.iter().map(|(variable, value)| (variable.name, (*value).to_owned())))
    }

    fn read(values: impl Iterator<Item = (&'static str, String)>) -> Self {
        Self(values.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of a variable, if it is set.
    #[must_use]
    pub fn get(&self, variable: &Variable) -> Option<&str> {
        self.0.get(variable.name).map(String::as_str)
    }

    /// The same with another value for one variable.
    #[must_use]
    pub fn with(mut self, variable: &Variable, value: String) -> Self {
        self.0.insert(variable.name, value);
        self
    }

    /// The value of a variable that must be set; `why` says what needs it.
    pub(crate) fn needed(&self, variable: &Variable, why: &str) -> Result<String, ConfigError> {
        let value = self.get(variable).map(str::to_owned);
        value.ok_or_else(|| ConfigError::new(variable, format!("is not set; {why}")))
    }

    /// The buckets, if both are named.
    ///
    /// # Errors
    /// When only one is named, or credentials are missing.
    pub fn storage(&self) -> Result<Option<StorageSettings>, ConfigError> {
        if self.get(&UPLOAD_BUCKET).or_else(|| self.get(&SITE_BUCKET)).is_none() {
            return Ok(None);
        }
        let bucket = |variable| self.needed(variable, "tickets and results need it");
        let (uploads_bucket, site_bucket) = (bucket(&UPLOAD_BUCKET)?, bucket(&SITE_BUCKET)?);
        if uploads_bucket == site_bucket {
            return Err(ConfigError::new(
                &SITE_BUCKET,
                "names the upload bucket; results must not live where uploads trigger us",
            ));
        }
        Ok(Some(StorageSettings {
            uploads_bucket,
            site_bucket,
            region: self.region(),
            endpoint: self.endpoint(&S3_ENDPOINT),
            credentials: self.credentials()?,
        }))
    }

    /// Whom visitors write to, if anybody.
    ///
    /// # Errors
    /// When it is neither a mail address nor an `https` address.
    pub fn contact(&self) -> Result<Option<String>, ConfigError> {
        let Some(contact) = self.get(&CONTACT) else { return Ok(None) };
        let is_mail = contact.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.contains('@')
        });
        let is_page = contact.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
        let is_one_word = !contact.contains(|c: char| c.is_whitespace() || c.is_control());
        if is_one_word && (is_page || (is_mail && !contact.contains(['/', ':']))) {
            Ok(Some(contact.to_owned()))
        } else {
            Err(ConfigError::new(
                &CONTACT,
                format!("is {contact:?}; give a mail address, or one that begins with https://"),
            ))
        }
    }

    /// The region of everything that we ask at AWS.
    fn region(&self) -> String {
        self.get(&REGION).unwrap_or("us-east-1").to_owned()
    }

    /// Where a service of AWS is reached, if not at AWS.
    fn endpoint(&self, service: &Variable) -> Option<String> {
        self.get(service).or_else(|| self.get(&ENDPOINT)).map(str::to_owned)
    }

    /// Lambda hands its role's credentials over in the environment; they outlive the instance.
    fn credentials(&self) -> Result<Credentials, ConfigError> {
        let needed = |variable| self.needed(variable, "requests are signed with it");
        let (id, secret) = (needed(&ACCESS_KEY_ID)?, needed(&SECRET_ACCESS_KEY)?);
        let token = self.get(&SESSION_TOKEN).map(str::to_owned);
        Ok(Credentials::new(id, secret, token, None, "environment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bucket_is_fine_but_half_of_them_is_not() {
        assert!(Settings::default().storage().unwrap().is_none());
        let error = Settings::from_pairs(&[(&UPLOAD_BUCKET, "photos")]).storage().err().unwrap();
        assert_eq!(error.variable, "FRIENDS_SITE_BUCKET");
    }

    #[test]
    fn visitors_can_write_to_a_mail_address_or_a_page() {
        let contact = |value: &str| {
            Settings::from_pairs(&[(&CONTACT, value)]).contact().map_err(|error| error.variable)
        };
        for fine in ["friends@example.com", "https://friends.example/contact?from=page"] {
            assert_eq!(contact(fine), Ok(Some(fine.into())));
        }
        for refused in [
            "me",
            "@example.com",
            "http://friends.example",
            "javascript:alert(1)@x.y",
            "a b@example.com",
            "https://",
        ] {
            assert_eq!(contact(refused), Err("FRIENDS_CONTACT"), "{refused}");
        }
    }

    #[test]
    fn one_bucket_for_both_is_refused() {
        let both = [(&UPLOAD_BUCKET, "b"), (&SITE_BUCKET, "b")];
        let error = Settings::from_pairs(&both).storage().err().unwrap();
        assert_eq!(error.variable, "FRIENDS_SITE_BUCKET");
    }

    #[test]
    fn an_empty_variable_is_not_set_and_no_value_is_printed() {
        let settings = Settings::from_pairs(&[(&VISION_KEY, "secret-key"), (&CONTACT, "")]);
        assert_eq!((settings.get(&VISION_KEY), settings.get(&CONTACT)), (Some("secret-key"), None));
        assert_eq!(format!("{settings:?}"), r#"{"FRIENDS_VISION_KEY"}"#);
    }
}
