//! What a visitor says of a verdict: one opinion a face, the latest counts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use friends_core::error::{Code, Error, Rejection};
use friends_core::limits::{CROP_BYTES, CROP_LIMITS};
use friends_core::photo::Photo;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::storage::{Storage, StorageKey};
use super::ticket::TicketId;

/// JPEG quality of the crops that are kept.
const QUALITY: u8 = 90;

/// The body of `POST /api/feedback`.
#[derive(Deserialize)]
pub struct Feedback {
    id: String,
    face: usize,
    /// `null` means none of the Friends; a missing field is an error.
    #[serde(deserialize_with = "given")]
    friend: Option<String>,
    crop: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Keeps an opinion, with the crop that the visitor gave or without: an earlier crop of that face is deleted then.
///
/// # Errors
/// `not_found` for a ticket that was never issued, `bad_request` for what does not belong to it, `unsupported_media_type` and
/// `photo_too_large` for crops; or when the store does not answer.
pub async fn keep(storage: &Storage, friends: &[&str], said: Feedback) -> Result<(), Error> {
    let nothing_here = || Rejection::new(Code::NotFound, "There is nothing at this address.");
    let wrong = |message: &str| Error::from(Rejection::new(Code::BadRequest, message));
    let id = TicketId::parse(&said.id).ok_or_else(nothing_here)?;
    let document = storage.result(&id).await?.ok_or_else(nothing_here)?.document;
    let judgement = document.judgement().ok_or_else(|| wrong("This ticket has no verdict to speak of."))?;
    let face = judgement.faces.get(said.face).ok_or_else(|| wrong("This result has no such face."))?;
    if said.friend.as_deref().is_some_and(|friend| !friends.contains(&friend)) {
        return Err(wrong("This bundle knows no such Friend; send null for none of them."));
    }
    let crop = match said.crop {
        Some(text) => {
            let cleaning = tokio::task::spawn_blocking(move || clean(&text)).await;
            Some(cleaning.map_err(|panic| Error::fault("reading a crop", panic))??)
        }
        None => None,
    };

    let kept = json!({
        "friend": said.friend,
        "verdict": face.verdict,
        "scores": face.scores,
        "model": judgement.model,
        "given_at": OffsetDateTime::now_utc().format(&Rfc3339).map_err(|error| Error::fault("writing a time", error))?,
        "crop": crop.is_some(),
    });
    match crop {
        Some(crop) => storage.keep(StorageKey::FeedbackCrop(&id, said.face), crop).await?,
        None => storage.delete(StorageKey::FeedbackCrop(&id, said.face), "withdrawing a crop").await?,
    }
    storage.keep(StorageKey::Feedback(&id, said.face), kept.to_string().into_bytes()).await
}

/// The crop's pixels as a JPEG of ours: nothing else that was in the file is kept, its EXIF data for instance.
fn clean(base64: &str) -> Result<Vec<u8>, Error> {
    let crop = STANDARD.decode(base64).map_err(|_| Rejection::new(Code::BadRequest, "The crop is not base64."))?;
    if crop.len() > CROP_BYTES {
        let message = format!("The crop is too large; at most {CROP_BYTES} bytes are kept.");
        return Err(Rejection::new(Code::PhotoTooLarge, message).into());
    }
    if !crop.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(Rejection::new(Code::UnsupportedMediaType, "The crop is not a JPEG.").into());
    }
    let photo = Photo::decode(&crop, &CROP_LIMITS)?;
    let size = photo.size();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode(&photo.view(size.rect(), size), size.width, size.height, ExtendedColorType::Rgb8)
        .map_err(|error| Error::fault("encoding a crop", error))?;
    Ok(bytes)
}
