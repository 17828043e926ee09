//! Settings, all from the environment.
//!
//! | variable | means | default |
//! |---|---|---|
//! | `FRIENDS_MODEL_DIR` | the bundle | `models/friends` beside the program, under `$LAMBDA_TASK_ROOT`, or in the working directory |
//! | `FRIENDS_DETECTOR` | `embedded`, `cloud-vision` or `cascade` | `embedded` |
//! | `FRIENDS_VISION_KEY` | API key for Google Cloud Vision | none; needed by `cloud-vision` and `cascade` |
//! | `FRIENDS_VISION_KEY_SECRET` | the function only: the Secrets Manager secret that holds this key | none |
//! | `FRIENDS_VISION_URL` | another address for Cloud Vision | `https://vision.googleapis.com` |
//! | `FRIENDS_VISION_MONTHLY_CAP` | calls of Cloud Vision that a month may have, in UTC; then the embedded detector answers; needs the buckets | none |
//! | `FRIENDS_UPLOAD_BUCKET`, `FRIENDS_SITE_BUCKET` | the two buckets | none; without them only `/api/judge` and `/api/health` work |
//! | `FRIENDS_CONTACT` | whom visitors write to: a mail address, or an address that begins with `https://` | none |
//! | `AWS_REGION` | region of the buckets | `us-east-1` |
//! | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | set by Lambda | needed with the buckets |
//! | `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_SECRETS_MANAGER` | another object store, another keeper of secrets than AWS | none |

pub mod bundle_dir;
#[cfg(feature = "function")]
pub mod secret;
pub mod transport;

use aws_sdk_s3::config::Credentials;

use crate::service::storage::StorageSettings;

/// A setting that is missing or cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    /// Which variable.
    pub variable: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

pub(super) fn problem(variable: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { variable, problem: problem.into() }
}

/// Where settings come from: `std::env::var` in programs, a table in tests.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment; an empty variable counts as none.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The buckets, if both are named.
///
/// # Errors
/// When only one is named, or credentials are missing.
pub fn storage(lookup: Lookup<'_>) -> Result<Option<StorageSettings>, ConfigError> {
    let needed = |variable: &'static str| {
        lookup(variable).ok_or_else(|| problem(variable, "is not set; tickets and results need it"))
    };
    if lookup("FRIENDS_UPLOAD_BUCKET").is_none() && lookup("FRIENDS_SITE_BUCKET").is_none() {
        return Ok(None);
    }
    let (uploads_bucket, site_bucket) =
        (needed("FRIENDS_UPLOAD_BUCKET")?, needed("FRIENDS_SITE_BUCKET")?);
    if uploads_bucket == site_bucket {
        return Err(problem(
            "FRIENDS_SITE_BUCKET",
            "names the upload bucket; results must not live where uploads trigger us",
        ));
    }
    Ok(Some(StorageSettings {
        uploads_bucket,
        site_bucket,
        region: region(lookup),
        endpoint: lookup("AWS_ENDPOINT_URL_S3").or_else(|| lookup("AWS_ENDPOINT_URL")),
        credentials: credentials(lookup)?,
    }))
}

/// Whom visitors write to, if anybody.
///
/// # Errors
/// When it is neither a mail address nor an `https` address.
pub fn contact(lookup: Lookup<'_>) -> Result<Option<String>, ConfigError> {
    const VARIABLE: &str = "FRIENDS_CONTACT";
    let Some(contact) = lookup(VARIABLE) else { return Ok(None) };
    let is_mail = contact
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    let is_page = contact.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    let is_one_word = !contact.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_one_word && (is_page || (is_mail && !contact.contains(['/', ':']))) {
        Ok(Some(contact))
    } else {
        Err(problem(
            VARIABLE,
            format!("is {contact:?}; give a mail address, or one that begins with https://"),
        ))
    }
}

/// The region of everything that we ask at AWS.
pub(super) fn region(lookup: Lookup<'_>) -> String {
    lookup("AWS_REGION").unwrap_or_else(|| "us-east-1".into())
}

/// Lambda hands its role's credentials over in the environment; they outlive the instance.
pub(super) fn credentials(lookup: Lookup<'_>) -> Result<Credentials, ConfigError> {
    let needed = |variable: &'static str| {
        lookup(variable).ok_or_else(|| problem(variable, "is not set; requests are signed with it"))
    };
    let (id, secret) = (needed("AWS_ACCESS_KEY_ID")?, needed("AWS_SECRET_ACCESS_KEY")?);
    Ok(Credentials::new(id, secret, lookup("AWS_SESSION_TOKEN"), None, "environment"))
}

/// Settings from a table, for tests.
#[cfg(test)]
pub(super) fn table<'a>(entries: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| entries.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bucket_is_fine_but_half_of_them_is_not() {
        assert!(storage(&table(&[])).unwrap().is_none());
        let error = storage(&table(&[("FRIENDS_UPLOAD_BUCKET", "photos")])).err().unwrap();
        assert_eq!(error.variable, "FRIENDS_SITE_BUCKET");
    }

    #[test]
    fn visitors_can_write_to_a_mail_address_or_a_page() {
        let contact = |value: &str| {
            contact(&table(&[("FRIENDS_CONTACT", value)])).map_err(|error| error.variable)
        };
        for fine in ["friends@example.com", "https://friends.example/contact?from=page"] {
            assert_eq!(contact(fine), Ok(Some(fine.into())));
        }
        for wrong in [
            "me",
            "@example.com",
            "http://friends.example",
            "javascript:alert(1)@x.y",
            "a b@example.com",
            "https://",
        ] {
            assert_eq!(contact(wrong), Err("FRIENDS_CONTACT"), "{wrong}");
        }
    }

    #[test]
    fn one_bucket_for_both_is_refused() {
        let error =
            storage(&table(&[("FRIENDS_UPLOAD_BUCKET", "b"), ("FRIENDS_SITE_BUCKET", "b")]))
                .err()
                .unwrap();
        assert_eq!(error.variable, "FRIENDS_SITE_BUCKET");
    }
}
