//! A secret that the operator keeps in AWS Secrets Manager instead of in the function's settings.

use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Region, SharedCredentialsProvider};
use friends_core::error::Fault;

use super::{SECRETS_ENDPOINT, Settings, VISION_KEY_SECRET, transport};

/// The key for Cloud Vision that lies in the secret which the settings name, if they name one.
///
/// # Errors
/// When it cannot be read: nothing should start then.
pub async fn vision_key(settings: &Settings) -> Result<Option<String>, Fault> {
    const ATTEMPT: &str = "reading a secret";
    let variable = VISION_KEY_SECRET.name;
    let Some(name) = settings.get(&VISION_KEY_SECRET) else { return Ok(None) };
    let credentials = settings.credentials().map_err(|error| Fault::new(ATTEMPT, error))?;
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(transport::for_sdk(transport::client()?));
    config.set_endpoint_url(settings.endpoint(&SECRETS_ENDPOINT));
    let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
    let secret = client.get_secret_value().secret_id(name).send().await.map_err(|error| {
        // The service's own words: which action the role lacks, or that there is no such secret.
        let error = error.into_service_error();
        Fault::new(
            ATTEMPT,
            format!(
                "{variable}: {}",
                error.meta().message().unwrap_or("Secrets Manager did not answer")
            ),
        )
    })?;
    let text = secret.secret_string().map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| Fault::new(ATTEMPT, format!("{variable} names a secret without text")))
}
