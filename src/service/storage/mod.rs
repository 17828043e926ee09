//! Object storage, over the real S3 client: tests and `friends serve` put an in-process S3
//! underneath.
//!
//! Keys are written through [`StorageKey`] alone. Results never live in the bucket whose uploads
//! trigger us.

mod key;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region, SharedHttpClient};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use self::key::Bucket;
pub use self::key::StorageKey;
use crate::error::{Code, Error, Failure};
use crate::limits::UPLOAD_WINDOW;

/// `Cache-Control` of every object that we write: results change, and photos must not be kept.
const CACHE_CONTROL: &str = "no-store";

/// Names the invocation that a request belongs to.
const TRACE_HEADER: &str = "x-amzn-trace-id";

/// Tries to change an object while others change it.
const TRIES: u32 = 5;

/// How to reach the object store.
pub struct StorageSettings {
    /// The private bucket.
    pub uploads_bucket: String,
    /// The public bucket.
    pub site_bucket: String,
    /// The region to sign for.
    pub region: String,
    /// Another place than AWS, as `AWS_ENDPOINT_URL_S3` names it.
    pub endpoint: Option<String>,
    /// What requests are signed with.
    pub credentials: Credentials,
}

/// One presigned upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Upload {
    /// Always `PUT`.
    pub method: &'static str,
    /// Where to; whoever has it may upload once.
    pub url: String,
    /// Exactly these headers; the content length follows from the body.
    pub headers: std::collections::BTreeMap<String, String>,
    /// When the URL stops working.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// The buckets.
#[derive(Clone, Debug)]
pub struct Storage {
    client: Client,
    uploads: String,
    site: String,
}

impl Storage {
    /// Buckets reached over `http`.
    #[must_use]
    pub fn new(settings: StorageSettings, http: SharedHttpClient) -> Self {
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region))
            .credentials_provider(settings.credentials)
            .http_client(http);
        if let Some(endpoint) = settings.endpoint {
            // Stand-ins for S3 rarely serve a host name for each bucket.
            config = config.endpoint_url(endpoint).force_path_style(true);
        }
        Self {
            client: Client::from_conf(config.build()),
            uploads: settings.uploads_bucket,
            site: settings.site_bucket,
        }
    }

    /// Name of the bucket that takes photos.
    #[must_use]
    pub fn uploads_bucket(&self) -> &str {
        &self.uploads
    }

    fn bucket(&self, key: StorageKey<'_>) -> &str {
        match key.bucket() {
            Bucket::Uploads => &self.uploads,
            Bucket::Site => &self.site,
        }
    }

    /// Presigns one upload of exactly `size_bytes` of `content_type` to `key`, once. `endpoint`
    /// replaces the address that visitors see.
    ///
    /// # Errors
    /// When the request cannot be signed.
    pub async fn presign_upload(
        &self,
        key: StorageKey<'_>,
        content_type: &str,
        size_bytes: u64,
        now: OffsetDateTime,
        endpoint: Option<String>,
    ) -> Result<Upload, Error> {
        const ATTEMPT: &str = "presigning an upload";
        let window = PresigningConfig::builder()
            .start_time(now.into())
            .expires_in(UPLOAD_WINDOW)
            .build()
            .map_err(|error| Error::fault(ATTEMPT, error))?;
        let mut seen_by_visitors = Config::builder();
        if let Some(endpoint) = endpoint {
            // Setting none would take away the endpoint that this client has.
            seen_by_visitors = seen_by_visitors.endpoint_url(endpoint);
        }
        let request = self
            .client
            .put_object()
            .bucket(self.bucket(key))
            .key(key.path())
            .content_type(content_type)
            .content_length(
                i64::try_from(size_bytes).map_err(|error| Error::fault(ATTEMPT, error))?,
            )
            .if_none_match("*")
            .customize()
            .config_override(seen_by_visitors)
            // On Lambda the SDK adds the invocation's trace to every request. Signed into the URL,
            // visitors would have to send it, which the bucket's CORS rules forbid.
            .mutate_request(|request| {
                request.headers_mut().remove(TRACE_HEADER);
            })
            .presigned(window)
            .await
            .map_err(|error| Error::fault(ATTEMPT, error))?;
        // Browsers set the length themselves and refuse to be told.
        let headers =
            request.headers().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        Ok(Upload {
            method: "PUT",
            url: request.uri().to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            expires_at: now + UPLOAD_WINDOW,
        })
    }

    /// Writes an object, over what was there before.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn keep(&self, key: StorageKey<'_>, body: Vec<u8>) -> Result<(), Error> {
        self.put(key, body.into(), WriteCondition::None).await.map(|_| ())
    }

    /// Deletes an object; it is as good if there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete(&self, key: StorageKey<'_>, attempt: &'static str) -> Result<(), Error> {
        match self.client.delete_object().bucket(self.bucket(key)).key(key.path()).send().await {
            Err(error) if error.code() != Some("NoSuchKey") => Err(failure(attempt, error)),
            _ => Ok(()),
        }
    }

    /// A JSON object; `None` where there is none.
    ///
    /// # Errors
    /// When the store does not answer, or the object is not one of ours.
    pub async fn json<T: DeserializeOwned>(
        &self,
        key: StorageKey<'_>,
        attempt: &'static str,
    ) -> Result<Option<T>, Error> {
        Ok(self.get_json(key, attempt).await?.map(|(value, _)| value))
    }

    /// Changes a JSON object that others change at the same time. `change` gets it, or `None` where
    /// there is none yet, and returns what it shall be, or `None` where it shall stay; it is asked
    /// again when another writer was quicker.
    ///
    /// # Errors
    /// When the store does not answer, the object is not one of ours, or others were quicker every
    /// time.
    pub async fn change_json<T: DeserializeOwned + Serialize + Send>(
        &self,
        key: StorageKey<'_>,
        attempt: &'static str,
        mut change: impl FnMut(Option<T>) -> Option<T> + Send,
    ) -> Result<(), Error> {
        for _ in 0..TRIES {
            let (before, tag) = self.get_json(key, attempt).await?.unzip();
            let Some(after) = change(before) else { return Ok(()) };
            let condition =
                tag.as_deref().map_or(WriteCondition::Absent, WriteCondition::Unchanged);
            if self.put(key, json(&after)?, condition).await?.is_some() {
                return Ok(());
            }
        }
        Err(Error::transient(attempt, "other writers were quicker every time"))
    }

    /// Keys under `prefix` in the upload bucket that were last written before this time.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        before: OffsetDateTime,
    ) -> Result<Vec<String>, Error> {
        const ATTEMPT: &str = "listing a bucket";
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.uploads)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure(ATTEMPT, error))?;
            for object in page.contents() {
                let written =
                    object.last_modified().map_or(0, aws_sdk_s3::primitives::DateTime::secs);
                if let (true, Some(key)) = (written < before.unix_timestamp(), object.key()) {
                    keys.push(key.to_owned());
                }
            }
        }
        Ok(keys)
    }

    /// An object that is JSON, and its entity tag.
    pub(crate) async fn get_json<T: DeserializeOwned>(
        &self,
        key: StorageKey<'_>,
        attempt: &'static str,
    ) -> Result<Option<(T, String)>, Error> {
        let Some((bytes, etag)) = self.get(key, u64::MAX, attempt).await? else { return Ok(None) };
        let value = serde_json::from_slice(&bytes).map_err(|error| Error::fault(attempt, error))?;
        Ok(Some((value, etag)))
    }

    pub(crate) async fn get(
        &self,
        key: StorageKey<'_>,
        limit: u64,
        attempt: &'static str,
    ) -> Result<Option<(Bytes, String)>, Error> {
        self.get_at(self.bucket(key), &key.path(), limit, attempt).await
    }

    pub(crate) async fn get_at(
        &self,
        bucket: &str,
        key: &str,
        limit: u64,
        attempt: &'static str,
    ) -> Result<Option<(Bytes, String)>, Error> {
        let object = match self.client.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            // Anything else with this status, a missing bucket for instance, says nothing about the
            // object.
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(failure(attempt, error)),
        };
        let length = object.content_length().unwrap_or(0);
        if u64::try_from(length).is_ok_and(|length| length > limit) {
            let message = format!("The photo has {length} bytes; at most {limit} are read.");
            return Err(Failure::new(Code::PhotoTooLarge, message).into());
        }
        let etag = object.e_tag().unwrap_or_default().to_owned();
        let body = object.body.collect().await.map_err(|error| Error::transient(attempt, error))?;
        Ok(Some((body.into_bytes(), etag)))
    }

    /// Writes an object whose content nobody else writes. When the condition does not hold because
    /// an earlier try was taken and its answer got lost, that counts as written.
    pub(crate) async fn put_once(
        &self,
        key: StorageKey<'_>,
        body: Bytes,
        condition: WriteCondition<'_>,
    ) -> Result<Option<String>, Error> {
        if let Some(etag) = self.put(key, body.clone(), condition).await? {
            return Ok(Some(etag));
        }
        let stored = self.get(key, u64::MAX, "reading what was written").await?;
        Ok(stored.filter(|(bytes, _)| *bytes == body).map(|(_, etag)| etag))
    }

    /// Writes an object and returns its entity tag; `None` when the condition does not hold.
    pub(crate) async fn put(
        &self,
        key: StorageKey<'_>,
        body: Bytes,
        condition: WriteCondition<'_>,
    ) -> Result<Option<String>, Error> {
        const ATTEMPT: &str = "writing an object";
        let mut request = self
            .client
            .put_object()
            .bucket(self.bucket(key))
            .key(key.path())
            .cache_control(CACHE_CONTROL)
            .set_content_type(key.content_type().map(str::to_owned))
            .body(body.into());
        match condition {
            WriteCondition::None => {}
            WriteCondition::Absent => request = request.if_none_match("*"),
            WriteCondition::Unchanged(etag) => request = request.if_match(etag),
        }
        match request.send().await {
            Ok(written) => Ok(Some(written.e_tag().unwrap_or_default().to_owned())),
            // Another writer was quicker, or the document has been deleted meanwhile.
            Err(error) if status(&error) == Some(412) || error.code() == Some("NoSuchKey") => {
                Ok(None)
            }
            Err(error) => Err(failure(ATTEMPT, error)),
        }
    }
}

/// When an object may be written.
pub(crate) enum WriteCondition<'a> {
    /// Always.
    None,
    /// When there is none yet.
    Absent,
    /// When it still has this entity tag.
    Unchanged(&'a str),
}

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Bytes, Error> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| Error::fault("writing JSON", error))
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// A failure of the store. Each is worth another try, a refusal too: permissions, clocks and
/// buckets are mended while events wait to be delivered again, and nothing is deleted meanwhile.
fn failure<E: ProvideErrorMetadata>(attempt: &'static str, error: SdkError<E>) -> Error {
    let status = status(&error);
    let message = match (&error, status) {
        (SdkError::ServiceError(service), Some(status)) => {
            format!(
                "the object store answered {status} {}",
                service.err().code().unwrap_or("without a code")
            )
        }
        (_, Some(status)) => {
            format!("the object store answered {status} in a form that cannot be read")
        }
        (SdkError::TimeoutError(_), None) => "the object store did not answer in time".into(),
        (_, None) => "the object store could not be reached".into(),
    };
    Error::transient(attempt, message)
}
