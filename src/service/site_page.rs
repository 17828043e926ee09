//! The pages that the service writes itself, beside the static ones: what frames each, and the one
//! that says that there is nothing.

use maud::{DOCTYPE, Markup, html};

/// Such a page loads our style, our pictures and the script that chooses the reader's language.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Text in both languages. The style shows the reader's, and both where no script runs.
#[must_use]
pub fn bilingual(ja: &str, en: &str) -> Markup {
    html! { span lang="ja" { (ja) } " " span lang="en" { (en) } }
}

/// A page with the site's header, and the way to the start below what it says.
///
/// `head` comes after the usual tags.
#[must_use]
pub fn page(title: &str, head: Markup, main: Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="ja" {
            head {
                meta charset="utf-8";
                title { (title) " – フレンズ判定器 Friends Judge" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                (head)
                link rel="icon" href="/icon.svg";
                script src="/language.js" {}
                link rel="stylesheet" href="/style.css";
            }
            body data-state="shared" {
                header.masthead { h1 { (bilingual("フレンズ判定器", "Friends Judge")) } }
                main {
                    (main)
                    a.button.primary href="/" {
                        span { (bilingual("写真を判定してみる", "Have a photo judged")) }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// What a reader sees whose link is wrong, or whose page is gone.
#[must_use]
pub fn missing() -> String {
    let main = html! {
        section #headline {
            h2 { (bilingual("このページはありません", "This page is not here")) }
            p {
                (bilingual(
                    "共有されたページは、7日たつか、つくった人が消すとなくなります。アドレスが途中で切れていないかも、たしかめてください。",
                    "A shared page goes after 7 days, or when whoever made it deletes it. Please check \
                     too that the address is whole.",
                ))
            }
        }
    };
    page("このページはありません / Not here", html! {}, main)
}
