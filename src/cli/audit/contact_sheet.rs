//! The contact sheet of an audit: every suspect with a picture, and what each label lacks.

use std::fmt::Write as _;

use friends_service::html::escaped;
use friends_training::audit::{LabelReport, Suspect, Suspicion};
use friends_training::dataset::Sample;
use friends_training::examples::Framing;

use super::Row;
use crate::sheet;

/// Longer side of a picture in pixels.
const SIDE: u32 = 144;

/// The page; `rows` say of `suspects` what is printed.
pub fn html(
    suspects: &[Suspect],
    rows: &[Row],
    samples: &[Sample],
    labels: &[LabelReport],
    framing: &Framing,
) -> anyhow::Result<String> {
    let mut body = String::from(
        "<h2>フレンズごと / By Friend</h2><div class=\"wide\"><table><tr><th></th><th>写真 / photos</th><th>出どころ / sources</th>\
         <th>のけて当たる割合 / recognised when left out</th><th>足りないもの / needs</th></tr>",
    );
    for label in labels {
        let recall = label.recall.map_or_else(
            || "–".to_owned(),
            |(share, (low, high))| format!("{share:.2} ({low:.2} – {high:.2})"),
        );
        _ = writeln!(
            body,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{recall}</td><td>{}</td></tr>",
            escaped(&label.friend),
            label.photos,
            label.sources,
            escaped(&label.needs.join("; "))
        );
    }
    body.push_str("</table></div>\n");
    for (suspicion, title) in [
        (Suspicion::Label, "ラベルちがい？ / Wrong label?"),
        (Suspicion::Duplicate, "同じ写真 / The same picture"),
        (Suspicion::Small, "頭が小さい・見つからない / Head too small or not found"),
    ] {
        let found: Vec<(&Suspect, &Row)> =
            suspects.iter().zip(rows).filter(|(_, row)| row.suspect == suspicion).collect();
        _ = write!(body, "<h2>{title} ({})</h2><div class=\"pictures\">", found.len());
        for (suspect, row) in found {
            let suggested = row
                .suggested
                .as_ref()
                .map_or_else(String::new, |to| format!(" → <b>{}</b>", escaped(to)));
            let caption = format!(
                "{}{suggested} {:.2}<br>{}",
                escaped(&row.label),
                row.score,
                escaped(&row.file.display().to_string())
            );
            let (_, picture) = framing.picture(&samples[suspect.sample].path, SIDE)?;
            body.push_str(&sheet::figure(&picture, &caption)?);
        }
        body.push_str("</div>\n");
    }
    Ok(sheet::page("写真の点検 / Audit of photos", &body))
}
