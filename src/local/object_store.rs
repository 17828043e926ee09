//! An S3 in this process: `s3s` speaks the protocol and checks every signature, `s3s-fs` keeps the
//! objects as files.
//!
//! What AWS has and these two have not is added here: writes that are atomic between tasks and
//! survive a crash (`s3s-fs` keeps an object's content and its entity tag in two files), and the
//! notification that follows a successful upload.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::config::Credentials;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::http::{HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use friends_service::limits::{FEEDBACK_LIFETIME, PHOTO_LIFETIME, RESULT_LIFETIME, UPLOAD_WINDOW};
use futures_util::StreamExt as _;
use s3s::auth::SimpleAuth;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
    StreamingBlob,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{RwLock, mpsc};
use tokio_util::io::ReaderStream;

use friends_service::http::body::Pace;
use friends_service::run_blocking::run_blocking;
use friends_service::settings::transport::sdk_client;
use friends_service::storage::{Storage, StorageKey, StorageSettings};

/// The private bucket.
pub const UPLOADS: &str = "friends-uploads";
/// The public bucket.
pub const SITE: &str = "friends-site";
/// The kinds of notes that s3s-fs keeps on an object: entity tag and checksum; what the writer said
/// of it.
const NOTES: [&str; 2] = ["internal", "metadata"];
/// The region that requests are signed for.
const REGION: &str = "us-east-1";
/// Locks between readers and writers: a key always falls to the same one.
const LOCKS: usize = 64;

/// The store, its notifications, and how to talk to it.
pub struct ObjectStore {
    /// The protocol's server.
    pub service: S3Service,
    /// An S3 event, as AWS would deliver it, for each successful upload.
    pub notifications: mpsc::UnboundedReceiver<Value>,
    store: Store,
    credentials: Credentials,
}

impl ObjectStore {
    /// Opens the store in `dir`, which is made if it is missing. Credentials are new and known to
    /// this process only.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(dir: &Path) -> std::io::Result<Self> {
        for bucket in [UPLOADS, SITE] {
            std::fs::create_dir_all(dir.join(bucket))?;
        }
        only_for_us(dir)?;
        // This also deletes what a process that was killed has left half written.
        let files =
            FileSystem::new(dir).map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        let mut secret = [0; 30];
        getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let (sender, notifications) = mpsc::unbounded_channel();
        let locks = Arc::new((0..LOCKS).map(|_| RwLock::new(())).collect());
        let store = Store {
            dir: dir.to_owned(),
            files: Arc::new(files),
            locks,
            hasher: RandomState::new(),
            sender,
        };
        let mut builder = S3ServiceBuilder::new(store.clone());
        builder.set_auth(SimpleAuth::from_single("friends", secret.as_str()));
        Ok(Self {
            service: builder.build(),
            notifications,
            store,
            credentials: Credentials::new("friends", secret, None, None, "embedded"),
        })
    }

    /// Where what visitors say lies as files, in the store at `dir`.
    #[must_use]
    pub fn feedback_folder(dir: &Path) -> PathBuf {
        dir.join(UPLOADS).join(StorageKey::FEEDBACK)
    }

    /// The buckets, reached through the real S3 client without a socket.
    ///
    /// `s3s-aws` does the same but builds a second TLS stack in C.
    #[must_use]
    pub fn storage(&self) -> Storage {
        let service = self.service.clone();
        let in_process = sdk_client(move |mut request| {
            let service = service.clone();
            async move {
                // A socket's client would add the host that was signed.
                let host = request
                    .uri()
                    .authority()
                    .and_then(|host| HeaderValue::from_str(host.as_str()).ok());
                if let (Some(host), false) = (host, request.headers().contains_key(header::HOST)) {
                    request.headers_mut().insert(header::HOST, host);
                }
                let answer = service.call(request.map(s3s::Body::http_body_unsync)).await;
                let answer = answer
                    .map_err(|error| ConnectorError::other(format!("{error:?}").into(), None))?;
                Ok(answer.map(SdkBody::from_body_1_x))
            }
        });
        Storage::new(self.settings(), in_process)
    }

    /// The rules by which old objects are deleted.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        Lifecycle(self.store.clone())
    }

    /// How the store is reached; the endpoint's name means nothing where no socket is involved.
    #[must_use]
    pub fn settings(&self) -> StorageSettings {
        StorageSettings {
            uploads_bucket: UPLOADS.into(),
            site_bucket: SITE.into(),
            region: REGION.into(),
            endpoint: Some("http://embedded.invalid".into()),
            credentials: self.credentials.clone(),
        }
    }
}

/// How long objects are kept, by bucket and folder, as the lifecycle rules of the buckets on AWS
/// have it.
const LIFETIMES: [(&str, &str, Duration); 5] = [
    (UPLOADS, "uploads", PHOTO_LIFETIME),
    (UPLOADS, "waiting", RESULT_LIFETIME),
    (UPLOADS, "feedback", FEEDBACK_LIFETIME),
    (SITE, "results", RESULT_LIFETIME),
    (SITE, "r", RESULT_LIFETIME),
];

/// Deletes objects that are past their time.
#[derive(Clone)]
pub struct Lifecycle(Store);

impl Lifecycle {
    /// Looks at every object that has a lifetime, as it is `now`. What cannot be deleted is logged,
    /// and keeps nothing else from being deleted.
    pub async fn run(&self, now: SystemTime) {
        let rules = self.clone();
        let deleting = run_blocking("deleting old objects", move || {
            for (bucket, folder, lifetime) in LIFETIMES {
                if let Err(error) = rules.delete_older(bucket, folder, now - lifetime) {
                    tracing::error!(bucket, folder, error = %error, "old objects could not be listed");
                }
            }
        });
        if let Err(error) = deleting.await {
            tracing::error!(error = error.chain(), "old objects could not be deleted");
        }
    }

    fn delete_older(&self, bucket: &str, folder: &str, before: SystemTime) -> std::io::Result<()> {
        let path = self.0.dir.join(bucket).join(folder);
        if !path.exists() {
            return Ok(());
        }
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let Ok(written) = entry.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            if written >= before {
                continue;
            }
            let key = format!("{folder}/{}", entry.file_name().to_string_lossy());
            let _alone = self.0.lock(bucket, &key).blocking_write();
            if let Err(error) = std::fs::remove_file(entry.path()) {
                tracing::error!(bucket, folder, error = %error, "an old object could not be deleted");
            }
            for kind in NOTES {
                let _ = std::fs::remove_file(self.0.note(bucket, &key, kind));
            }
        }
        Ok(())
    }
}

/// Nobody else on this machine may look at photos.
fn only_for_us(dir: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// The files, with what S3 promises beyond them.
#[derive(Clone)]
struct Store {
    dir: PathBuf,
    files: Arc<FileSystem>,
    locks: Arc<Vec<RwLock<()>>>,
    hasher: RandomState,
    sender: mpsc::UnboundedSender<Value>,
}

impl Store {
    fn lock(&self, bucket: &str, key: &str) -> &RwLock<()> {
        &self.locks[self.hasher.hash_one((bucket, key)) as usize % LOCKS]
    }

    /// A visitor's photo as it was received, in a file without a name: while it drips in, nothing
    /// waits for it.
    async fn received(&self, mut body: StreamingBlob) -> S3Result<StreamingBlob> {
        let mut file = tokio::fs::File::from_std(
            tempfile::tempfile_in(&self.dir).map_err(S3Error::internal_error)?,
        );
        let (pace, mut received) = (Pace::new(UPLOAD_WINDOW), 0);
        loop {
            let piece = tokio::time::timeout_at(pace.next_by(received), body.next()).await;
            let Some(piece) = piece.map_err(|_| s3s::s3_error!(RequestTimeout))? else { break };
            let piece = piece.map_err(|_| s3s::s3_error!(IncompleteBody))?;
            received += piece.len();
            file.write_all(&piece).await.map_err(S3Error::internal_error)?;
        }
        file.rewind().await.map_err(S3Error::internal_error)?;
        Ok(StreamingBlob::wrap(ReaderStream::new(file)))
    }

    /// Writes an object whose content is here, and sends its event.
    async fn commit(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let (size, photo) = (request.input.content_length.unwrap_or(0), is_photo(&request.input));
        let stored = {
            let _alone = self.lock(&bucket, &key).write().await;
            // s3s-fs replaces the content first and its note on it (entity tag, checksum)
            // afterwards. A process that is killed in between would leave a note that contradicts
            // the content, and the object could never be read again. Without a note both are
            // derived from the content.
            let _ = tokio::fs::remove_file(self.note(&bucket, &key, "internal")).await;
            self.files.put_object(request).await?
        };
        if photo {
            let etag = stored.output.e_tag.as_ref().map_or("", |tag| tag.value());
            // The channel is closed once the workers have ended; the photo stays for the next
            // start.
            let _ = self.sender.send(created_event(&bucket, &key, size, etag));
        }
        Ok(stored)
    }

    /// Where s3s-fs keeps a note on an object, of one of the kinds in [`NOTES`].
    fn note(&self, bucket: &str, key: &str, kind: &str) -> PathBuf {
        let [bucket, key] = [bucket, key].map(|name| URL_SAFE_NO_PAD.encode(name));
        self.dir.join(format!(".bucket-{bucket}.object-{key}.{kind}.json"))
    }
}

/// Whether this is what a visitor's presigned upload writes.
fn is_photo(input: &PutObjectInput) -> bool {
    input.bucket == UPLOADS && StorageKey::uploaded(&input.key).is_some()
}

#[async_trait]
impl S3 for Store {
    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        if is_photo(&request.input)
            && let Some(body) = request.input.body.take()
        {
            request.input.body = Some(self.received(body).await?);
        }
        // In a task of its own: a visitor who hangs up now leaves a photo with its event, or none.
        let store = self.clone();
        let committing = tokio::spawn(async move { store.commit(request).await });
        committing.await.map_err(|panic| s3s::s3_error!(InternalError, "{panic}"))?
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let _no_writer = self.lock(&request.input.bucket, &request.input.key).read().await;
        self.files.get_object(request).await
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let _no_writer = self.lock(&request.input.bucket, &request.input.key).read().await;
        self.files.head_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let _alone = self.lock(&bucket, &key).write().await;
        let deleted = self.files.delete_object(request).await?;
        // s3s-fs leaves its notes on the object behind; their names hold the key.
        for kind in NOTES {
            let _ = tokio::fs::remove_file(self.note(&bucket, &key, kind)).await;
        }
        Ok(deleted)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }
}

/// The notification that S3 sends for a new object (event structure 2.1): keys form-encoded, entity
/// tag without quotes.
#[must_use]
pub fn created_event(bucket: &str, key: &str, size: i64, etag: &str) -> Value {
    let key: String = key.split('/').map(encode_segment).collect::<Vec<_>>().join("/");
    let now = OffsetDateTime::now_utc()
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default();
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": now,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "friends"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "embedded", "x-amz-id-2": "embedded"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "uploads",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "friends"},
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {"key": key, "size": size, "eTag": etag, "sequencer": "0"},
        },
    }]})
}

fn encode_segment(segment: &str) -> String {
    const KEPT: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'*')
        .remove(b' ');
    percent_encoding::utf8_percent_encode(segment, &KEPT).to_string().replace(' ', "+")
}
