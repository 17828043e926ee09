//! The page of misses: photos in which a detector missed a face, or saw one where there is none.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use friends_core::geometry::Rect;
use friends_service::html::escaped;
use friends_studio::boxes::Boxed;
use friends_training::detection::{Figures, Findings, Outcome, Truth, outcomes};

use super::curve::svg;

/// Longer side of a photo on the page, in pixels.
const SIDE: u32 = 360;
/// JPEG quality of a photo on the page.
const QUALITY: u8 = 80;

/// The page, with everything in it.
pub fn html(
    rows: &[Figures],
    findings: &Findings,
    photos: &[Boxed],
    truth: &[Truth],
) -> anyhow::Result<String> {
    let mut page = format!(
        r#"<!doctype html><html lang="ja"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>見のがしと誤検出 / Misses and false alarms</title>
<style>:root{{color-scheme:light dark}}body{{font-family:sans-serif;margin:1rem;max-width:80rem}}svg{{max-width:48rem;width:100%}}
.photos{{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:1rem}}figure{{margin:0}}
figure svg,figure img{{width:100%;height:auto;display:block}}figcaption{{font-size:.8rem;overflow-wrap:anywhere}}
.found{{stroke:#009e73}}.missed{{stroke:#56b4e9}}.alarm{{stroke:#d55e00}}rect{{fill:none;vector-effect:non-scaling-stroke;stroke-width:3}}</style>
<h1>見のがしと誤検出 / Misses and false alarms</h1>{}
<p><b style="color:#56b4e9">見のがし / missed</b> · <b style="color:#d55e00">誤検出 / false alarm</b> · <b style="color:#009e73">検出 / found</b> · {}</p>
<div class="photos">
"#,
        svg(rows),
        escaped(&findings.detector)
    );
    for ((finding, boxed), truth) in findings.pictures.iter().zip(photos).zip(truth) {
        let faces: Vec<_> = finding
            .faces()
            .into_iter()
            .filter(|face| face.confidence >= findings.threshold)
            .collect();
        let outcomes = outcomes(&faces, truth);
        let found =
            |number: usize| outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Found(number));
        let missed: Vec<Rect> = truth
            .faces
            .iter()
            .enumerate()
            .filter(|(number, _)| truth.counts(*number) && !found(*number))
            .map(|(_, face)| *face)
            .collect();
        if missed.is_empty() && outcomes.iter().all(|(_, outcome)| *outcome != Outcome::FalseAlarm)
        {
            continue;
        }
        let photo = super::open(&boxed.path)?;
        let (full, size) = (photo.size(), photo.size().shrunk_to(SIDE));
        let jpeg = STANDARD.encode(photo.to_jpeg(size, QUALITY)?);
        _ = write!(
            page,
            r#"<figure><svg viewBox="0 0 {w} {h}"><image href="data:image/jpeg;base64,{jpeg}" width="{w}" height="{h}"/>"#,
            w = full.width,
            h = full.height
        );
        let kinds = outcomes.iter().map(|(face, outcome)| match outcome {
            Outcome::Found(_) => (face.rect, "found"),
            Outcome::FalseAlarm => (face.rect, "alarm"),
            Outcome::Neither => (face.rect, "neither"),
        });
        for (rect, kind) in kinds.chain(missed.into_iter().map(|rect| (rect, "missed"))) {
            let Rect { x, y, width, height } = rect;
            _ = write!(
                page,
                r#"<rect class="{kind}" x="{x:.0}" y="{y:.0}" width="{width:.0}" height="{height:.0}"/>"#
            );
        }
        _ = writeln!(page, "</svg><figcaption>{}</figcaption></figure>", escaped(&boxed.file));
    }
    page.push_str("</div></html>\n");
    Ok(page)
}
