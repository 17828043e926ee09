//! A secret that the operator keeps in AWS Secrets Manager instead of in the function's settings.

use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Region, SharedCredentialsProvider};
use friends_core::error::Error;

use super::{Lookup, credentials, region, transport};

/// The text of the secret that this variable names, if it names one.
///
/// # Errors
/// When it cannot be read: nothing should start then.
pub async fn named_by(variable: &str, lookup: Lookup<'_>) -> Result<Option<String>, Error> {
    const ATTEMPT: &str = "reading a secret";
    let Some(name) = lookup(variable) else { return Ok(None) };
    let credentials = credentials(lookup).map_err(|error| Error::fault(ATTEMPT, error))?;
    let mut settings = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region(lookup)))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(transport::for_sdk(transport::client()?));
    settings.set_endpoint_url(
        lookup("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| lookup("AWS_ENDPOINT_URL")),
    );
    let client = aws_sdk_secretsmanager::Client::from_conf(settings.build());
    let secret = client.get_secret_value().secret_id(name).send().await.map_err(|error| {
        // The service's own words: which action the role lacks, or that there is no such secret.
        let said = error.into_service_error();
        Error::fault(
            ATTEMPT,
            format!(
                "{variable}: {}",
                said.meta().message().unwrap_or("Secrets Manager did not answer")
            ),
        )
    })?;
    let text = secret.secret_string().map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| Error::fault(ATTEMPT, format!("{variable} names a secret without text")))
}
