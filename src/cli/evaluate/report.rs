//! The report of a measurement: one page with figures, plots and the worst mistakes.

use std::fmt::Write as _;

use friends_core::verdict::{Thresholds, Verdict};
use friends_service::html::escaped;
use friends_training::examples::{Example, Framing};
use friends_training::metrics::{Evaluation, Judged, Verdicts, wilson};
use friends_training::open_set::{OpenSet, Separation};

use crate::plot::{COLORS, Plot};
use crate::sheet;

/// Mistakes shown of each kind.
const SHOWN: usize = 24;
/// Longer side of a mistake's picture in pixels.
const SIDE: u32 = 144;
/// Bins of the histogram of scores.
const BINS: usize = 20;

/// What was measured.
pub struct Measured<'a> {
    /// The bundle's name.
    pub bundle: &'a str,
    /// The bundle's labels.
    pub labels: &'a [&'a str],
    /// What verdicts are made with.
    pub thresholds: &'a Thresholds,
    /// The photos.
    pub examples: &'a [Example],
    /// What was said of each of them.
    pub judged: &'a [Judged],
    /// The figures.
    pub figures: &'a Evaluation,
    /// Different sources of known photos.
    pub sources: usize,
}

/// The page.
pub fn html(measured: &Measured<'_>, framing: &Framing) -> anyhow::Result<String> {
    let figures = measured.figures;
    let mut body = format!(
        r#"<p>{} · 既知 / known {} ({} 出どころ / sources) · 未知 / unknown {}</p><div class="cards">"#,
        escaped(measured.bundle),
        figures.n,
        measured.sources,
        figures.open_set.as_ref().map_or(0, |open| open.unknown_n)
    );
    let (low, high) = figures.top1_interval;
    card(&mut body, "top-1", figures.top1, &format!("{low:.3} – {high:.3}"));
    card(&mut body, "macro F1", figures.macro_f1, "");
    card(&mut body, "ECE", figures.ece, "0 がよい / 0 is best");
    if let Some(open) = &figures.open_set {
        let interval = |share: f64, n: usize| {
            let (low, high) = wilson((share * n as f64).round() as usize, n);
            format!("{low:.3} – {high:.3}")
        };
        card(&mut body, "AUROC", open.separation.auroc, "既知と未知 / known over unknown");
        card(
            &mut body,
            "既知の名ざし / known named",
            open.known_accepted,
            &interval(open.known_accepted, figures.n),
        );
        card(
            &mut body,
            "未知の名ざし / unknown named",
            open.unknown_accepted,
            &interval(open.unknown_accepted, open.unknown_n),
        );
    }
    body.push_str("</div>\n<h2>グラフ / Plots</h2><div class=\"plots\">");
    body.push_str(&reliability(figures));
    body.push_str(&histogram(measured));
    if figures.open_set.is_some() {
        body.push_str(&acceptance(measured));
    }
    body.push_str("</div>\n");
    classes(&mut body, figures);
    matrix(&mut body, figures);
    if let Some(open) = &figures.open_set {
        squashings(&mut body, open);
    }
    mistakes(&mut body, measured, framing)?;
    Ok(sheet::page("判定の成績 / How good the bundle is", &body))
}

fn card(body: &mut String, name: &str, value: f64, note: &str) {
    _ = write!(body, "<div>{name}<b>{value:.3}</b><span class=\"small\">{note}</span></div>");
}

/// How often photos of a score are right; on the broken line scores are frequencies.
fn reliability(figures: &Evaluation) -> String {
    let mut plot = Plot::new(
        "信頼度 / Reliability",
        "いちばん高い値 · highest score",
        "当たりの割合 · share that is right",
    );
    plot.guide((0.0, 0.0), (1.0, 1.0));
    let most = figures.reliability.iter().map(|bin| bin.n).max().unwrap_or(1);
    plot.line(figures.reliability.iter().map(|bin| (bin.score, bin.right)), COLORS[1]);
    for bin in &figures.reliability {
        plot.dot(
            (bin.score, bin.right),
            3.0 + 9.0 * (bin.n as f64 / most as f64).sqrt(),
            COLORS[1],
        );
    }
    plot.key(COLORS[1], "点の大きさ: 枚数");
    plot.finish()
}

/// Highest scores of known photos, right and wrong, and of unknowns; each kind's highest bin
/// reaches the top.
fn histogram(measured: &Measured<'_>) -> String {
    let kind = |photo: &Judged| match photo.truth {
        Some(truth) if truth == photo.highest().0 => 0,
        Some(_) => 1,
        None => 2,
    };
    let mut bins = [[0usize; BINS]; 3];
    for photo in measured.judged {
        bins[kind(photo)][((f64::from(photo.highest().1) * BINS as f64) as usize).min(BINS - 1)] +=
            1;
    }
    let mut plot = Plot::new(
        "値の分布 / Scores",
        "いちばん高い値 · highest score",
        "割合 · share of the kind",
    );
    let names = ["既知・正解 / right", "既知・誤り / wrong", "未知 / unknown"];
    for ((counts, color), name) in bins.iter().zip([COLORS[2], COLORS[0], COLORS[6]]).zip(names) {
        let all: usize = counts.iter().sum();
        if all == 0 {
            continue;
        }
        let steps = counts.iter().enumerate().flat_map(|(bin, &count)| {
            let height = count as f64 / all as f64;
            [(bin as f64 / BINS as f64, height), ((bin + 1) as f64 / BINS as f64, height)]
        });
        plot.line(steps, color);
        plot.key(color, &format!("{name} ({all})"));
    }
    let mut thresholds = measured.thresholds.accept.clone();
    thresholds.dedup();
    for threshold in thresholds {
        plot.guide((f64::from(threshold), 0.0), (f64::from(threshold), 1.0));
    }
    plot.finish()
}

/// Known photos that are named over unknowns that are, as the threshold moves.
fn acceptance(measured: &Measured<'_>) -> String {
    let mut plot = Plot::new(
        "しきい値を動かすと / As the threshold moves",
        "名ざされた未知 · unknown named",
        "名ざされた既知 · known named",
    );
    plot.guide((0.0, 0.0), (1.0, 1.0));
    let mut photos: Vec<(f32, bool)> =
        measured.judged.iter().map(|photo| (photo.highest().1, photo.truth.is_some())).collect();
    photos.sort_by(|a, b| b.0.total_cmp(&a.0));
    let known = photos.iter().filter(|(_, known)| *known).count().max(1) as f64;
    let unknown = (photos.len() as f64 - known).max(1.0);
    let mut point = (0.0, 0.0);
    let points = photos.iter().map(|&(_, is_known)| {
        if is_known {
            point.1 += 1.0 / known;
        } else {
            point.0 += 1.0 / unknown;
        }
        point
    });
    plot.line(std::iter::once((0.0, 0.0)).chain(points.collect::<Vec<_>>()), COLORS[1]);
    if let Some(open) = &measured.figures.open_set {
        plot.dot((open.unknown_accepted, open.known_accepted), 6.0, COLORS[0]);
        plot.key(COLORS[0], "このバンドル / this bundle");
    }
    plot.finish()
}

fn classes(body: &mut String, figures: &Evaluation) {
    body.push_str(
        "<h2>フレンズごと / By Friend</h2><div class=\"wide\"><table><tr><th></th><th>n</th><th>適合率 / precision</th><th>95 %</th>\
         <th>再現率 / recall</th><th>95 %</th></tr>",
    );
    for class in &figures.per_class {
        let interval = |(low, high): (f64, f64)| format!("{low:.2} – {high:.2}");
        _ = writeln!(
            body,
            "<tr><td>{}</td><td>{}</td><td>{:.3}</td><td>{}</td><td>{:.3}</td><td>{}</td></tr>",
            escaped(&class.friend),
            class.n,
            class.precision,
            interval(class.precision_interval),
            class.recall,
            interval(class.recall_interval)
        );
    }
    body.push_str("</table></div>\n");
    let Verdicts { right, either, wrong, none } = figures.verdicts;
    _ = writeln!(
        body,
        "<p>既知の写真の判定 / Verdicts on known photos: 正解 / right {right} · ふたりのどちらか / right among two {either} · まちがい / wrong {wrong} · \
         だれでもない / nobody {none}</p>"
    );
    if !figures.confusions.is_empty() {
        body.push_str("<p>よくある取りちがえ / Most frequent confusions: ");
        let named = figures.confusions.iter().take(5);
        let named: Vec<String> = named
            .map(|pair| format!("{} → {} ({})", escaped(&pair.friend), escaped(&pair.said), pair.n))
            .collect();
        body.push_str(&named.join(" · "));
        body.push_str("</p>\n");
    }
}

/// Rows are the truth, columns what is said; the darker, the larger the share of the row.
fn matrix(body: &mut String, figures: &Evaluation) {
    body.push_str("<h2>混同行列 / Confusion matrix</h2><p class=\"small\">行: 正解 / rows: the truth · 列: いちばん高い値 / columns: the highest score</p><div class=\"wide\"><table><tr><th></th>");
    for label in &figures.labels {
        _ = write!(body, "<th>{}</th>", escaped(label));
    }
    body.push_str("</tr>\n");
    for (label, row) in figures.labels.iter().zip(&figures.confusion) {
        let all = row.iter().sum::<usize>().max(1);
        _ = write!(body, "<tr><td>{}</td>", escaped(label));
        for (said, &count) in figures.labels.iter().zip(row) {
            let color = if said == label { COLORS[2] } else { COLORS[0] };
            let share = (100 * count).div_ceil(all);
            _ = write!(
                body,
                r#"<td style="background:color-mix(in srgb,{color} {share}%,transparent)">{}</td>"#,
                if count == 0 { String::new() } else { count.to_string() }
            );
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</table></div>\n");
}

/// The diary's second day: what a softmax would have said of unknowns.
fn squashings(body: &mut String, open: &OpenSet) {
    body.push_str(
        "<h2>シグモイドとソフトマックス / Sigmoid against softmax</h2><div class=\"wide\"><table><tr><th></th><th>AUROC</th>\
         <th>未知 ≥ ½ / unknown ≥ ½</th><th>既知 ≥ ½ / known ≥ ½</th><th>既知 90 % のとき / at 90 % known</th>\
         <th>既知 95 % のとき / at 95 % known</th></tr>",
    );
    for (name, by) in [("sigmoid", open.separation), ("softmax", open.softmax)] {
        let Separation {
            auroc,
            fpr_at_tpr90,
            fpr_at_tpr95,
            unknown_over_one_half,
            known_over_one_half,
        } = by;
        _ = writeln!(
            body,
            "<tr><td>{name}</td><td>{auroc:.3}</td><td>{unknown_over_one_half:.3}</td><td>{known_over_one_half:.3}</td>\
             <td>{fpr_at_tpr90:.3}</td><td>{fpr_at_tpr95:.3}</td></tr>"
        );
    }
    body.push_str("</table></div>\n");
}

/// The surest mistakes: one Friend taken for another, unknowns that are named, Friends that are
/// not.
fn mistakes(body: &mut String, measured: &Measured<'_>, framing: &Framing) -> anyhow::Result<()> {
    let score = |photo: &Judged| photo.highest().1;
    let is_named =
        |photo: &Judged| measured.thresholds.judge(&photo.scores, measured.labels) != Verdict::None;
    let photos = |wanted: &dyn Fn(&Judged) -> bool| {
        measured
            .examples
            .iter()
            .zip(measured.judged)
            .filter(|(_, photo)| wanted(photo))
            .collect::<Vec<_>>()
    };
    let is_wrong = |photo: &Judged| photo.truth.is_some_and(|truth| truth != photo.highest().0);
    let kinds = [
        ("取りちがえ / Taken for another", photos(&is_wrong)),
        (
            "名ざされた未知 / Unknowns that are named",
            photos(&|photo| photo.truth.is_none() && is_named(photo)),
        ),
        (
            "名ざされない既知 / Known, yet called unknown",
            photos(&|photo| photo.truth.is_some() && !is_wrong(photo) && !is_named(photo)),
        ),
    ];
    for (number, (title, mut found)) in kinds.into_iter().enumerate() {
        if found.is_empty() {
            continue;
        }
        // Mistakes by the highest score first; of those who were missed, the lowest.
        found.sort_by(|(_, a), (_, b)| score(b).total_cmp(&score(a)));
        if number == 2 {
            found.reverse();
        }
        _ = write!(body, "<h2>{title} ({})</h2><div class=\"pictures\">", found.len());
        for (example, photo) in found.into_iter().take(SHOWN) {
            let truth = photo.truth.map_or("unknown", |truth| measured.labels[truth]);
            let caption = format!(
                "{} → <b>{}</b> {:.2}<br>{}",
                escaped(truth),
                escaped(measured.labels[photo.highest().0]),
                score(photo),
                escaped(&example.sample.path.file_name().unwrap_or_default().to_string_lossy())
            );
            body.push_str(&sheet::figure(
                &framing.picture(&example.sample.path, SIDE)?.1,
                &caption,
            )?);
        }
        body.push_str("</div>\n");
    }
    Ok(())
}
