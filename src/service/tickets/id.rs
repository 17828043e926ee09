//! What names a ticket, what proves that one opened it, and what names its share page: three texts of
//! the same form that must not be taken for each other.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use friends_core::hash::sha256;

use crate::error::Error;

/// Random bytes in an id: 144 bits.
const ID_BYTES: usize = 18;
/// Characters in an id.
const ID_LENGTH: usize = ID_BYTES / 3 * 4;

/// A ticket's id: 24 characters of URL-safe base64. Whoever knows it may read the result.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TicketId(String);

impl TicketId {
    /// A new random id.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; ID_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Error::fault("drawing a random id", error))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The id in `text`, if it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        has_form_of_id(text).then(|| Self(text.to_owned()))
    }

    /// The id itself: for keys and answers, never for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A short one-way hash that names the ticket in logs.
    #[must_use]
    pub fn log_name(&self) -> String {
        sha256(self.0.as_bytes())[..12].to_owned()
    }
}

/// 24 characters of URL-safe base64.
fn has_form_of_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.len() == ID_LENGTH && text.chars().all(allowed)
}

/// The id of a ticket's share page. Whoever knows it may read the page, and learns neither the ticket's
/// id nor its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareId(String);

impl ShareId {
    /// The id in `text`, if it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        has_form_of_id(text).then(|| Self(text.to_owned()))
    }

    /// The id itself: for keys and addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What only the one who opened a ticket has: with it, the result is taken back.
pub struct DeleteToken(String);

impl DeleteToken {
    /// A new random token.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn random() -> Result<Self, Error> {
        TicketId::random().map(|TicketId(text)| Self(text))
    }

    /// The token as the answer carries it.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The id of the ticket's share page, which leads back to neither.
    #[must_use]
    pub fn share_id(&self) -> ShareId {
        let hash = sha256(format!("share page of {}", self.0).as_bytes());
        let byte =
            |at: usize| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap_or_default();
        ShareId(URL_SAFE_NO_PAD.encode((0..ID_BYTES).map(byte).collect::<Vec<_>>()))
    }

    /// What the public document holds of it: a hash of 144 random bits cannot be turned back.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(self.0.as_bytes())
    }
}

impl From<String> for DeleteToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Prints the hash: an id must not slip into a log by way of `{:?}`.
impl fmt::Debug for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketId#{}", self.log_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_id_has_the_form_of_an_id_and_is_new() {
        let (one, two) = (TicketId::random().unwrap(), TicketId::random().unwrap());
        assert_eq!(TicketId::parse(one.as_str()), Some(one.clone()));
        assert_ne!(one, two);
    }

    #[test]
    fn paths_and_wrong_lengths_are_no_ids() {
        for text in [
            "",
            "short",
            "../../etc/passwd/aaaaaaa",
            "aaaaaaaaaaaaaaaaaaaaaaa.",
            "aaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(TicketId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn neither_debug_nor_log_name_gives_the_id_away() {
        let id = TicketId::random().unwrap();
        assert!(!format!("{id:?}{}", id.log_name()).contains(id.as_str()));
    }
}
