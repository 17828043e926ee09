//! Share pages: who was in a photo, as a page of its own with tags and a picture for feeds, and
//! without the photo.
//!
//! A page is written when the opener of a ticket asks for it. Its id follows from the ticket's
//! delete token: whoever has the page learns neither the token nor the ticket, and whoever has the
//! token finds the page and takes it back with the result.

use axum::http::Uri;
use friends_core::model::{Label, Line};
use maud::{DOCTYPE, html};
use serde::Deserialize;

use super::deletion;
use super::{DeleteToken, TicketId};
use crate::error::{Error, Failure};
use crate::judgement::Judgement;
use crate::storage::{Storage, StorageKey};

/// A share page loads our style and our pictures, and runs nothing.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The picture where no Friend is named, or one of whom the page has no portrait: all of them.
const EVERYONE: &str = "everyone";

/// Whom the page has a portrait of.
const PORTRAITS: [&str; 7] = ["fennec", "ibis", "kaban", "otter", "raccoon", "serval", "shoebill"];

/// The body of `POST /api/share`.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct ShareRequest {
    /// The ticket's id.
    id: String,
    /// The token that came with the ticket.
    delete_token: String,
    /// Where the site is, `https://friends.example`: feeds want whole addresses.
    site: String,
}

/// Writes the share page of a ticket and returns its path, `/r/<share id>`.
///
/// # Errors
/// `not_found` for a ticket that was never issued, `forbidden` for another token than its own,
/// `bad_request` where there is no verdict or the site is no address; or when the store does not
/// answer.
pub async fn publish(
    storage: &Storage,
    labels: &[Label],
    wanted: ShareRequest,
) -> Result<String, Error> {
    let id = TicketId::parse(&wanted.id).ok_or_else(Failure::not_found)?;
    let token = DeleteToken::from(wanted.delete_token);
    let document = deletion::document_of(storage, &id, &token).await?;
    let judgement = document
        .judgement()
        .ok_or_else(|| Failure::bad_request("This ticket has no verdict to share."))?;
    let site = site(&wanted.site).ok_or_else(|| {
        Failure::bad_request("site must be an address like https://friends.example.")
    })?;
    let share_id = token.share_id();
    let key = StorageKey::Share(share_id.as_str());
    let path = format!("/{}", key.path());
    storage.keep(key, page(&Story::of(judgement, labels), &site, &path).into_bytes()).await?;
    Ok(path)
}

/// Scheme and host of an address, if it is one.
fn site(text: &str) -> Option<String> {
    let address: Uri = text.parse().ok()?;
    let scheme = address.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    Some(format!("{scheme}://{}", address.authority()?))
}

/// What a page says.
struct Story<'a> {
    title: Line,
    line: Option<&'a Line>,
    /// The Friend whose picture is shown.
    picture: Option<&'a Label>,
}

impl<'a> Story<'a> {
    fn of(judgement: &Judgement, labels: &'a [Label]) -> Self {
        let find = |slug: &str| labels.iter().find(|label| label.slug == slug);
        let faces: Vec<Vec<&Label>> = judgement
            .faces
            .iter()
            .map(|face| face.verdict.friends().iter().filter_map(|slug| find(slug)).collect())
            .collect();
        let known = faces.iter().filter(|names| !names.is_empty()).count();
        let picture = faces.iter().flatten().next().copied();
        let all = faces.len();
        let (ja, en, line) = match &faces[..] {
            [names] => match names[..] {
                [] => ("フレンズではなさそう".into(), "no Friend we know".into(), None),
                [friend] => (friend.ja.clone(), friend.en.clone(), friend.line.as_ref()),
                [a, b, ..] => {
                    (format!("{}か{}か…", a.ja, b.ja), format!("{} or {}…", a.en, b.en), None)
                }
            },
            _ if known == 0 => (
                format!("{all}人とも、フレンズではなさそう"),
                format!("{all} people, and no Friend we know"),
                None,
            ),
            _ => (
                format!("{all}人のうち{known}人がフレンズ!"),
                format!("Friends in this photo: {known} of {all}"),
                None,
            ),
        };
        Self { title: Line { ja, en }, line, picture }
    }
}

/// The page, with Open Graph's tags and those of X.
fn page(story: &Story<'_>, site: &str, path: &str) -> String {
    let Story { title: Line { ja, en }, line, picture } = story;
    let about = line.map_or("フレンズ判定器の答えです。", |line| &line.ja);
    let about_en = line.map_or("Says Friends Judge.", |line| &line.en);
    let slug = picture
        .map(|label| &*label.slug)
        .filter(|slug| PORTRAITS.contains(slug))
        .unwrap_or(EVERYONE);
    let image = format!("/friends/{slug}-wide.jpg");
    let names = format!("{ja} / {en}");
    let tags = [
        ("og:type", "website"),
        ("og:site_name", "フレンズ判定器 Friends Judge"),
        ("og:locale", "ja_JP"),
        ("og:title", &names),
        ("og:description", &format!("{about} {about_en}")),
        ("og:url", &format!("{site}{path}")),
        ("og:image", &format!("{site}{image}")),
        ("og:image:width", "1200"),
        ("og:image:height", "630"),
        ("og:image:alt", &names),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="ja" {
            head {
                meta charset="utf-8";
                title { (names) " – フレンズ判定器 Friends Judge" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="referrer" content="no-referrer";
                meta name="twitter:card" content="summary_large_image";
                @for (property, content) in tags {
                    meta property=(property) content=(content);
                }
                link rel="stylesheet" href="/style.css";
            }
            body data-state="shared" {
                header.masthead {
                    h1 { "フレンズ判定器 " span.en lang="en" { "Friends Judge" } }
                }
                main {
                    section #headline {
                        h2 { (ja) " " span.en lang="en" { (en) } }
                        p { (about) " " span.en lang="en" { (about_en) } }
                    }
                    img.shared src=(image) width="1200" height="630" alt="";
                    a.button.primary href="/" {
                        span { "写真を判定してみる " span.en lang="en" { "Have a photo judged" } }
                    }
                }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_scheme_and_a_host() {
        assert_eq!(site("https://friends.example/path?x"), Some("https://friends.example".into()));
        assert_eq!(site("http://127.0.0.1:8080"), Some("http://127.0.0.1:8080".into()));
        for wrong in ["javascript:alert(1)", "friends.example", "/r/x", "ftp://friends.example", ""]
        {
            assert_eq!(site(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_picture_that_a_page_names_is_there() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/friends");
        for slug in PORTRAITS.into_iter().chain([EVERYONE]) {
            assert!(folder.join(format!("{slug}-wide.jpg")).is_file(), "{slug}");
        }
        let label = |slug: &str| {
            let name = || slug.to_owned();
            Label {
                slug: name(),
                ja: name(),
                en: name(),
                color: "#000000".into(),
                line: None,
                threshold: 0.5,
            }
        };
        for (slug, picture) in [("serval", "serval"), ("alice", EVERYONE)] {
            let story = Story {
                title: Line { ja: "A".into(), en: "A".into() },
                line: None,
                picture: Some(&label(slug)),
            };
            let html = page(&story, "https://friends.example", "/r/x");
            assert!(
                html.contains(&format!("https://friends.example/friends/{picture}-wide.jpg")),
                "{html}"
            );
        }
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let title = Line { ja: "<b>\"&".into(), en: "<script>".into() };
        let html =
            page(&Story { title, line: None, picture: None }, "https://friends.example", "/r/x");
        assert!(
            html.contains("&lt;b&gt;&quot;&amp;")
                && !html.contains("<b>")
                && !html.contains("<script>")
        );
    }
}
