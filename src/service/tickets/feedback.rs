//! What a visitor says of a verdict: one opinion a face, the latest counts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use friends_core::photo::Photo;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{DeleteToken, TicketId, deletion};
use crate::error::{Code, Error, Failure};
use crate::limits::{CROP_BYTES, CROP_LIMITS};
use crate::run_blocking::run_blocking;
use crate::storage::{Storage, StorageKey};

/// JPEG qualities of the crops that are kept: the first at which a crop is as small as it must be.
const QUALITIES: [u8; 3] = [90, 75, 50];

/// The body of `POST /api/feedback`.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct Feedback {
    /// The ticket's id.
    id: String,
    /// The token that came with the ticket.
    delete_token: String,
    /// Which face of the result, from 0.
    face: usize,
    /// Who it is, by slug; `null` means none of the Friends; a missing field is an error.
    #[serde(deserialize_with = "given")]
    #[schema(required)]
    friend: Option<String>,
    /// The face as a JPEG in base64, at most 256 KiB, when the visitor agreed that it is kept.
    crop: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// An opinion as it was kept.
pub struct Opinion {
    /// A one-way hash of the ticket, and the face's number after a hyphen.
    pub name: String,
    /// Whom the visitor sees; `None` means none of the Friends.
    pub friend: Option<String>,
    /// The crop that the visitor gave, a JPEG.
    pub crop: Option<Vec<u8>>,
}

impl Opinion {
    /// From what [`keep`] wrote.
    ///
    /// # Errors
    /// When that is not JSON of this form.
    pub fn read(
        name: String,
        document: &[u8],
        crop: Option<Vec<u8>>,
    ) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Record {
            friend: Option<String>,
        }
        let Record { friend } = serde_json::from_slice(document)?;
        Ok(Self { name, friend, crop })
    }
}

/// What an opinion is to the counts.
pub struct Kept {
    /// Whether the visitor finds the verdict right.
    pub is_right: bool,
    /// Whether it is the first opinion of that face: only that one counts.
    pub is_first: bool,
}

/// Keeps an opinion, with the crop that the visitor gave or without: an earlier crop of that face
/// is deleted then.
///
/// # Errors
/// `not_found` for a ticket that was never issued or is gone, `forbidden` for another token than
/// its own, `bad_request` for what does not belong to it,
/// `unsupported_media_type` and `photo_too_large` for crops; or when the store does not answer.
pub async fn keep(storage: &Storage, friends: &[&str], feedback: Feedback) -> Result<Kept, Error> {
    let id = TicketId::parse(&feedback.id).ok_or_else(Failure::not_found)?;
    let token = DeleteToken::from(feedback.delete_token);
    let document = deletion::document_of(storage, &id, &token).await?;
    let judgement = document
        .judgement()
        .ok_or_else(|| Failure::bad_request("This ticket has no verdict to speak of."))?;
    let face = judgement
        .faces
        .get(feedback.face)
        .ok_or_else(|| Failure::bad_request("This result has no such face."))?;
    if feedback.friend.as_deref().is_some_and(|friend| !friends.contains(&friend)) {
        return Err(Failure::bad_request(
            "This bundle knows no such Friend; send null for none of them.",
        )
        .into());
    }
    let crop = match feedback.crop {
        Some(text) => Some(run_blocking("reading a crop", move || clean(&text)).await??),
        None => None,
    };

    let record = json!({
        "friend": feedback.friend,
        "verdict": face.verdict,
        "scores": face.scores,
        "model": judgement.model,
        "given_at": OffsetDateTime::now_utc().format(&Rfc3339).map_err(|error| Error::fault("writing a time", error))?,
        "crop": crop.is_some(),
        "delete_token_sha256": token.sha256(),
    });
    let opinion = StorageKey::Feedback(&id.log_name(), feedback.face);
    let is_first =
        storage.json::<serde_json::Value>(opinion, "keeping an opinion").await?.is_none();
    match crop {
        Some(crop) => {
            storage.keep(StorageKey::FeedbackCrop(&id.log_name(), feedback.face), crop).await?;
        }
        None => {
            storage
                .delete(
                    StorageKey::FeedbackCrop(&id.log_name(), feedback.face),
                    "withdrawing a crop",
                )
                .await?;
        }
    }
    storage.keep(opinion, record.to_string().into_bytes()).await?;
    // The ticket may have been deleted meanwhile: what was written after that goes, too.
    if storage.result(&id).await?.is_none() {
        deletion::delete_feedback(storage, &id, [feedback.face]).await?;
        return Err(Failure::not_found().into());
    }
    let named = face.verdict.friends();
    let is_right =
        feedback.friend.as_ref().map_or(named.is_empty(), |friend| named.contains(friend));
    Ok(Kept { is_right, is_first })
}

/// The crop's pixels as a JPEG of ours: nothing else that was in the file is kept, its EXIF data
/// for instance.
fn clean(base64: &str) -> Result<Vec<u8>, Error> {
    let crop =
        STANDARD.decode(base64).map_err(|_| Failure::bad_request("The crop is not base64."))?;
    if crop.len() > CROP_BYTES {
        let message = format!("The crop is too large; at most {CROP_BYTES} bytes are kept.");
        return Err(Failure::new(Code::PhotoTooLarge, message).into());
    }
    if !crop.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(Failure::new(Code::UnsupportedMediaType, "The crop is not a JPEG.").into());
    }
    let photo = Photo::decode(crop, &CROP_LIMITS)?;
    for quality in QUALITIES {
        let crop = photo.to_jpeg(photo.size(), quality)?;
        if crop.len() <= CROP_BYTES {
            return Ok(crop);
        }
    }
    let message = format!("The crop is too large; at most {CROP_BYTES} bytes are kept.");
    Err(Failure::new(Code::PhotoTooLarge, message).into())
}

impl Storage {
    /// What visitors said of verdicts, with the crops that they gave.
    ///
    /// # Errors
    /// When the store does not answer, or holds what was not written by this program.
    pub async fn opinions(&self) -> Result<Vec<Opinion>, Error> {
        const ATTEMPT: &str = "reading feedback";
        let keys =
            self.list(StorageKey::FEEDBACK, OffsetDateTime::now_utc() + Duration::days(1)).await?;
        let mut opinions = Vec::new();
        for name in keys.iter().filter_map(|key| StorageKey::opinion(key)) {
            let read = async |extension: &str| {
                let key = format!("{}{name}.{extension}", StorageKey::FEEDBACK);
                self.get_at(self.uploads_bucket(), &key, u64::MAX, ATTEMPT).await
            };
            // Withdrawn since it was listed.
            let Some((feedback, _)) = read("json").await? else { continue };
            let crop = read("jpg").await?.map(|(bytes, _)| bytes.to_vec());
            opinions.push(
                Opinion::read(name.to_owned(), &feedback, crop)
                    .map_err(|error| Error::fault(ATTEMPT, error))?,
            );
        }
        Ok(opinions)
    }
}
