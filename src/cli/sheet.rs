//! HTML pages that hold everything in themselves: figures, plots, small pictures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// JPEG quality of small pictures.
const QUALITY: u8 = 82;

const STYLE: &str = include_str!("sheet.css");

/// A page with a title in both languages.
pub fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="ja" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    page.into_string()
}

/// A table that is scrolled sideways where it is too wide: its heads, and its rows.
pub fn table(heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div.wide {
            table {
                tr { @for head in heads { th { (head) } } }
                (rows)
            }
        }
    }
}

/// A small picture with lines of text below it.
///
/// # Errors
/// When the picture cannot be written as a JPEG.
pub fn figure(picture: &RgbImage, caption: &Markup) -> anyhow::Result<Markup> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(picture)?;
    let (width, height) = picture.dimensions();
    Ok(html! {
        figure {
            img src=(data_url(&jpeg)) width=(width) height=(height) alt="";
            figcaption { (caption) }
        }
    })
}

/// The address of a JPEG that stands in the page itself.
pub fn data_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
}
