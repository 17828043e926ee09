//! The contact sheet of an audit: every suspect with a picture, and what each label lacks.

use friends_training::audit::{LabelReport, Suspect, Suspicion};
use friends_training::dataset::Sample;
use friends_training::examples::Framing;
use maud::html;

use super::Row;
use crate::sheet;

/// Longer side of a picture in pixels.
const SIDE: u32 = 144;

/// The page; `rows` say of `suspects` what is printed.
pub fn page(
    suspects: &[Suspect],
    rows: &[Row],
    samples: &[Sample],
    labels: &[LabelReport],
    framing: &Framing,
) -> anyhow::Result<String> {
    let needs = html! {
        @for label in labels {
            tr {
                td { (label.friend) }
                td { (label.photos) }
                td { (label.sources) }
                td {
                    @if let Some((share, (low, high))) = label.recall {
                        (format!("{share:.2} ({low:.2} – {high:.2})"))
                    } @else { "–" }
                }
                td { (label.needs.join("; ")) }
            }
        }
    };
    let mut body = html! {
        h2 { "フレンズごと / By Friend" }
        (sheet::table(&[
            "",
            "写真 / photos",
            "出どころ / sources",
            "のけて当たる割合 / recognised when left out",
            "足りないもの / needs",
        ], &needs))
    };
    for (suspicion, title) in [
        (Suspicion::Label, "ラベルちがい？ / Wrong label?"),
        (Suspicion::Duplicate, "同じ写真 / The same picture"),
        (Suspicion::Small, "頭が小さい・見つからない / Head too small or not found"),
    ] {
        let mut figures = Vec::new();
        for (suspect, row) in suspects.iter().zip(rows) {
            if row.suspect != suspicion {
                continue;
            }
            let caption = html! {
                (row.label)
                @if let Some(suggested) = &row.suggested { " → " b { (suggested) } }
                (format!(" {:.2}", row.score)) br;
                (row.file.display())
            };
            let (_, picture) = framing.picture(&samples[suspect.sample].path, SIDE)?;
            figures.push(sheet::figure(&picture, &caption)?);
        }
        body = html! {
            (body)
            h2 { (title) " (" (figures.len()) ")" }
            div.pictures { @for figure in &figures { (figure) } }
        };
    }
    Ok(sheet::page("写真の点検 / Audit of photos", &body))
}
