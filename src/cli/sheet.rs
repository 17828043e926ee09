//! HTML pages that hold everything in themselves: figures, plots, small pictures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use friends_service::html::escaped;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

/// JPEG quality of small pictures.
const QUALITY: u8 = 82;

/// A page with a title in both languages.
pub fn page(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html><html lang="ja"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font-family:system-ui,sans-serif;margin:1rem auto;padding:0 1rem;max-width:72rem;line-height:1.5}}
svg{{max-width:44rem;width:100%;border-radius:.5rem}}table{{border-collapse:collapse;margin:.5rem 0}}.wide{{overflow-x:auto}}
th,td{{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #8884}}td{{white-space:nowrap}}th:first-child,td:first-child{{text-align:left}}
.small{{font-size:.85rem;opacity:.8}}.pictures{{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem;margin:.5rem 0 1.5rem}}
figure{{margin:0}}figure img{{width:100%;height:auto;display:block;border-radius:.5rem}}figcaption{{font-size:.8rem;overflow-wrap:anywhere}}
.plots{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:1rem}}h2{{margin-top:2rem}}
.cards{{display:flex;flex-wrap:wrap;gap:1rem}}.cards div{{border:1px solid #8886;border-radius:.5rem;padding:.5rem 1rem}}.cards b{{display:block;font-size:1.6rem}}</style>
<h1>{title}</h1>
{body}</html>
"#,
        title = escaped(title)
    )
}

/// A small picture with lines of text below it; the text must have been escaped.
pub fn figure(picture: &RgbImage, caption: &str) -> anyhow::Result<String> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(picture)?;
    let (width, height) = picture.dimensions();
    Ok(format!(
        r#"<figure><img src="data:image/jpeg;base64,{}" width="{width}" height="{height}" alt=""><figcaption>{caption}</figcaption></figure>
"#,
        STANDARD.encode(jpeg)
    ))
}
