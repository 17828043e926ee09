//! Share pages: who was in a photo, as a page of its own with tags and a picture for feeds, and
//! without the photo.
//!
//! A page is written when the opener of a ticket asks for it. Its id follows from the ticket's
//! delete token: whoever has the page learns neither the token nor the ticket, and whoever has the
//! token finds the page and takes it back with the result.

use axum::http::Uri;
use friends_core::judged_face::JudgedFace;
use friends_core::model::{Label, Line};
use maud::html;
use serde::Deserialize;

use super::deletion;
use super::{DeleteToken, TicketId};
use crate::error::{Error, Failure};
use crate::judgement::Judgement;
use crate::site_page::{self, bilingual};
use crate::storage::{Storage, StorageKey};

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
    // The ticket may have been deleted meanwhile: the page goes, too.
    if storage.result(&id).await?.is_none() {
        deletion::delete_share_page(storage, &token).await?;
        return Err(Failure::not_found().into());
    }
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
    line: Option<Line>,
    /// The Friend whose picture is shown.
    picture: Option<&'a Label>,
}

impl<'a> Story<'a> {
    fn of(judgement: &Judgement, labels: &'a [Label]) -> Self {
        let find = |slug: &str| labels.iter().find(|label| label.slug == slug);
        let named = |face: &JudgedFace| -> Vec<&'a Label> {
            face.verdict.friends().iter().filter_map(|slug| find(slug)).collect()
        };
        let [face] = &judgement.faces[..] else {
            return Self::of_group(&judgement.faces.iter().map(named).collect::<Vec<_>>());
        };
        match named(face)[..] {
            [] => {
                let nearest = face.scores.first().and_then(|score| find(&score.friend));
                Self { title: nobody(), line: nearest.map(near), picture: nearest }
            }
            [friend] => {
                Self { title: name(friend), line: friend.line.clone(), picture: Some(friend) }
            }
            [a, b, ..] => {
                let title = Line {
                    ja: format!("{}か{}か…", a.ja, b.ja),
                    en: format!("{} or {}…", a.en, b.en),
                };
                Self { title, line: None, picture: Some(a) }
            }
        }
    }

    /// Names every Friend of a group once, in the order in which they stand, and counts the others.
    fn of_group(faces: &[Vec<&'a Label>]) -> Self {
        let all = faces.len();
        let found: Vec<&Label> = faces.iter().filter_map(|names| names.first().copied()).collect();
        let Some(&picture) = found.first() else {
            let title = Line {
                ja: format!("{all}人とも、フレンズではなさそう"),
                en: format!("{all} people, and no Friend we know"),
            };
            return Self { title, line: None, picture: None };
        };
        let mut named: Vec<(&Label, usize)> = Vec::new();
        for &friend in &found {
            match named.iter_mut().find(|(label, _)| label.slug == friend.slug) {
                Some((_, count)) => *count += 1,
                None => named.push((friend, 1)),
            }
        }
        let others = all - found.len();
        let list = |comma: &str, and: &str, write: fn(&Label, usize) -> String| {
            let names: Vec<String> =
                named.iter().map(|&(label, count)| write(label, count)).collect();
            match names.split_last() {
                Some((last, before)) if others == 0 && !before.is_empty() => {
                    format!("{}{and}{last}", before.join(comma))
                }
                _ => names.join(comma),
            }
        };
        let ja = list("と", "と", |Label { ja, .. }, count| match count {
            1 => ja.clone(),
            _ => format!("{ja}{count}人"),
        });
        let en = list(", ", " and ", |Label { en, .. }, count| match count {
            1 => en.clone(),
            _ => format!("{en} × {count}"),
        });
        let (ja, en) = match others {
            0 => (ja, en),
            1 => (format!("{ja}、ほか1人"), format!("{en} and 1 other")),
            _ => (format!("{ja}、ほか{others}人"), format!("{en} and {others} others")),
        };
        Self { title: Line { ja, en }, line: None, picture: Some(picture) }
    }
}

fn name(friend: &Label) -> Line {
    Line { ja: friend.ja.clone(), en: friend.en.clone() }
}

/// Who is none of the Friends.
fn nobody() -> Line {
    Line { ja: "フレンズではなさそう".into(), en: "No Friend we know".into() }
}

/// Whom somebody comes nearest to who is none of them: that speaks of the costume alone.
fn near(friend: &Label) -> Line {
    Line {
        ja: format!("しいて言えば、衣装と色がいちばん近いのは{}。", friend.ja),
        en: format!("If we had to say: its costume and colours come nearest to {}.", friend.en),
    }
}

/// The page, with Open Graph's tags and those of X.
fn page(story: &Story<'_>, site: &str, path: &str) -> String {
    let Story { title: Line { ja, en }, line, picture } = story;
    let about = line.as_ref().map_or("フレンズ判定器の答えです。", |line| &line.ja);
    let about_en = line.as_ref().map_or("Says Friends Judge.", |line| &line.en);
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
    let head = html! {
        meta name="twitter:card" content="summary_large_image";
        @for (property, content) in tags {
            meta property=(property) content=(content);
        }
    };
    let main = html! {
        section #headline {
            h2 { (bilingual(ja, en)) }
            p { (bilingual(about, about_en)) }
        }
        img.shared src=(image) width="1200" height="630" alt="";
    };
    site_page::page(&names, head, main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_scheme_and_a_host() {
        assert_eq!(site("https://friends.example/path?x"), Some("https://friends.example".into()));
        assert_eq!(site("http://127.0.0.1:8080"), Some("http://127.0.0.1:8080".into()));
        for refused in
            ["javascript:alert(1)", "friends.example", "/r/x", "ftp://friends.example", ""]
        {
            assert_eq!(site(refused), None, "{refused}");
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
    fn a_group_is_told_by_its_names() {
        let label = |name: &str| Label {
            slug: name.to_lowercase(),
            ja: format!("{name}ちゃん"),
            en: name.to_owned(),
            color: "#000000".into(),
            line: None,
            threshold: 0.5,
        };
        let (a, b) = (label("A"), label("B"));
        let title = |faces: &[Vec<&Label>]| {
            let Line { ja, en } = Story::of_group(faces).title;
            (ja, en)
        };
        let is = |ja: &str, en: &str| (ja.to_owned(), en.to_owned());
        assert_eq!(title(&[vec![&a], vec![&b]]), is("AちゃんとBちゃん", "A and B"));
        assert_eq!(
            title(&[vec![], vec![&a], vec![&a, &b], vec![&b], vec![]]),
            is("Aちゃん2人とBちゃん、ほか2人", "A × 2, B and 2 others")
        );
        assert_eq!(title(&[vec![&a], vec![]]), is("Aちゃん、ほか1人", "A and 1 other"));
        assert_eq!(
            title(&[vec![], vec![]]),
            is("2人とも、フレンズではなさそう", "2 people, and no Friend we know")
        );
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
