//! The page of misses: photos in which a detector missed a face, or saw one where there is none.

use friends_core::geometry::Rect;
use friends_studio::boxes::Boxed;
use friends_training::detection::{Figures, Findings, Outcome, Truth, outcomes};
use maud::html;

use super::curve::svg;
use crate::sheet;

/// Longer side of a photo on the page, in pixels.
const SIDE: u32 = 360;
/// JPEG quality of a photo on the page.
const QUALITY: u8 = 80;

/// The page, with everything in it.
pub fn page(
    rows: &[Figures],
    findings: &Findings,
    photos: &[Boxed],
    truth: &[Truth],
) -> anyhow::Result<String> {
    let mut figures = Vec::new();
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
        let jpeg = photo.to_jpeg(size, QUALITY)?;
        let kinds = outcomes.iter().map(|(face, outcome)| match outcome {
            Outcome::Found(_) => (face.rect, "found"),
            Outcome::FalseAlarm => (face.rect, "alarm"),
            Outcome::Neither => (face.rect, "neither"),
        });
        let (w, h) = (full.width, full.height);
        figures.push(html! {
            figure {
                svg viewBox=(format!("0 0 {w} {h}")) {
                    image href=(sheet::data_url(&jpeg)) width=(w) height=(h) {}
                    @for (rect, kind) in kinds.chain(missed.into_iter().map(|rect| (rect, "missed"))) {
                        @let Rect { x, y, width, height } = rect;
                        rect class=(kind) x=(format!("{x:.0}")) y=(format!("{y:.0}"))
                            width=(format!("{width:.0}")) height=(format!("{height:.0}")) {}
                    }
                }
                figcaption { (boxed.file) }
            }
        });
    }
    let body = html! {
        (svg(rows))
        p {
            b style="color:#56b4e9" { "見のがし / missed" } " · "
            b style="color:#d55e00" { "誤検出 / false alarm" } " · "
            b style="color:#009e73" { "検出 / found" } " · " (findings.detector)
        }
        div.photos { @for figure in &figures { (figure) } }
    };
    Ok(sheet::page("見のがしと誤検出 / Misses and false alarms", &body))
}
