//! The report of a measurement: one page with figures, plots and the worst mistakes.

use friends_core::verdict::{Thresholds, Verdict};
use friends_training::examples::{Example, Framing};
use friends_training::metrics::{Evaluation, Judged, Verdicts, wilson};
use friends_training::open_set::OpenSet;
use maud::{Markup, html};

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
///
/// # Errors
/// When a photo of a mistake cannot be read any more.
pub fn page(measured: &Measured<'_>, framing: &Framing) -> anyhow::Result<String> {
    let figures = measured.figures;
    let unknown = figures.open_set.as_ref().map_or(0, |open| open.unknown_n);
    let body = html! {
        p {
            (measured.bundle) " · 既知 / known " (figures.n)
            " (" (measured.sources) " 出どころ / sources) · 未知 / unknown " (unknown)
        }
        div.cards { (cards(figures)) }
        h2 { "グラフ / Plots" }
        div.plots {
            (reliability(figures))
            (histogram(measured))
            @if figures.open_set.is_some() { (acceptance(measured)) }
        }
        (classes(figures))
        (matrix(figures))
        @if let Some(open) = &figures.open_set { (squashings(open)) }
        (mistakes(measured, framing)?)
    };
    Ok(sheet::page("判定の成績 / How good the bundle is", &body))
}

/// The figures that count most.
fn cards(figures: &Evaluation) -> Markup {
    let card = |name: &str, value: f64, note: &str| {
        html! { div { (name) b { (format!("{value:.3}")) } span.small { (note) } } }
    };
    let interval = |(low, high): (f64, f64)| format!("{low:.3} – {high:.3}");
    let of_share = |share: f64, n: usize| interval(wilson((share * n as f64).round() as usize, n));
    html! {
        (card("top-1", figures.top1, &interval(figures.top1_interval)))
        (card("macro F1", figures.macro_f1, ""))
        (card("ECE", figures.ece, "0 がよい / 0 is best"))
        @if let Some(open) = &figures.open_set {
            (card("AUROC", open.separation.auroc, "既知と未知 / known over unknown"))
            (card(
                "既知の名ざし / known named",
                open.known_accepted,
                &of_share(open.known_accepted, figures.n),
            ))
            (card(
                "未知の名ざし / unknown named",
                open.unknown_accepted,
                &of_share(open.unknown_accepted, open.unknown_n),
            ))
        }
    }
}

/// How often photos of a score are right; on the broken line scores are frequencies.
fn reliability(figures: &Evaluation) -> Markup {
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
fn histogram(measured: &Measured<'_>) -> Markup {
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
fn acceptance(measured: &Measured<'_>) -> Markup {
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

fn classes(figures: &Evaluation) -> Markup {
    let interval = |(low, high): (f64, f64)| format!("{low:.2} – {high:.2}");
    let rows = html! {
        @for class in &figures.per_class {
            tr {
                td { (class.friend) }
                td { (class.n) }
                td { (format!("{:.3}", class.precision)) }
                td { (interval(class.precision_interval)) }
                td { (format!("{:.3}", class.recall)) }
                td { (interval(class.recall_interval)) }
            }
        }
    };
    let Verdicts { right, either, wrong, none } = figures.verdicts;
    html! {
        h2 { "フレンズごと / By Friend" }
        (sheet::table(
            &["", "n", "適合率 / precision", "95 %", "再現率 / recall", "95 %"],
            &rows,
        ))
        p {
            "既知の写真の判定 / Verdicts on known photos: 正解 / right " (right)
            " · ふたりのどちらか / right among two " (either) " · まちがい / wrong " (wrong)
            " · だれでもない / nobody " (none)
        }
        @if !figures.confusions.is_empty() {
            p {
                "よくある取りちがえ / Most frequent confusions: "
                @for (place, pair) in figures.confusions.iter().take(5).enumerate() {
                    @if place > 0 { " · " }
                    (pair.friend) " → " (pair.said) " (" (pair.n) ")"
                }
            }
        }
    }
}

/// Rows are the truth, columns what is said; the darker, the larger the share of the row.
fn matrix(figures: &Evaluation) -> Markup {
    let style = |truth: &str, named: &str, count: usize, row: &[usize]| {
        let color = if named == truth { COLORS[2] } else { COLORS[0] };
        let share = (100 * count).div_ceil(row.iter().sum::<usize>().max(1));
        format!("background:color-mix(in srgb,{color} {share}%,transparent)")
    };
    let rows = html! {
        @for (truth, row) in figures.labels.iter().zip(&figures.confusion) {
            tr {
                td { (truth) }
                @for (named, &count) in figures.labels.iter().zip(row) {
                    td style=(style(truth, named, count, row)) { @if count > 0 { (count) } }
                }
            }
        }
    };
    let heads: Vec<&str> =
        std::iter::once("").chain(figures.labels.iter().map(|label| &**label)).collect();
    html! {
        h2 { "混同行列 / Confusion matrix" }
        p.small {
            "行: 正解 / rows: the truth · 列: いちばん高い値 / columns: the highest score"
        }
        (sheet::table(&heads, &rows))
    }
}

/// The diary's second day: what a softmax would have said of unknowns.
fn squashings(open: &OpenSet) -> Markup {
    let rows = html! {
        @for (name, by) in [("sigmoid", open.separation), ("softmax", open.softmax)] {
            tr {
                td { (name) }
                @for value in [
                    by.auroc,
                    by.unknown_over_one_half,
                    by.known_over_one_half,
                    by.fpr_at_tpr90,
                    by.fpr_at_tpr95,
                ] {
                    td { (format!("{value:.3}")) }
                }
            }
        }
    };
    html! {
        h2 { "シグモイドとソフトマックス / Sigmoid against softmax" }
        (sheet::table(&[
            "",
            "AUROC",
            "未知 ≥ ½ / unknown ≥ ½",
            "既知 ≥ ½ / known ≥ ½",
            "既知 90 % のとき / at 90 % known",
            "既知 95 % のとき / at 95 % known",
        ], &rows))
    }
}

/// The surest mistakes: one Friend taken for another, unknowns that are named, Friends that are
/// not.
fn mistakes(measured: &Measured<'_>, framing: &Framing) -> anyhow::Result<Markup> {
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
    let mut sections = Vec::new();
    for (number, (title, mut found)) in kinds.into_iter().enumerate() {
        if found.is_empty() {
            continue;
        }
        // Mistakes by the highest score first; of those who were missed, the lowest.
        found.sort_by(|(_, a), (_, b)| score(b).total_cmp(&score(a)));
        if number == 2 {
            found.reverse();
        }
        let mut figures = Vec::new();
        for (example, photo) in found.iter().take(SHOWN) {
            let path = &example.sample.path;
            let caption = html! {
                (photo.truth.map_or("unknown", |truth| measured.labels[truth])) " → "
                b { (measured.labels[photo.highest().0]) } (format!(" {:.2}", score(photo))) br;
                (path.file_name().unwrap_or_default().to_string_lossy())
            };
            figures.push(sheet::figure(&framing.picture(path, SIDE)?.1, &caption)?);
        }
        sections.push(html! {
            h2 { (title) " (" (found.len()) ")" }
            div.pictures { @for figure in &figures { (figure) } }
        });
    }
    Ok(html! { @for section in &sections { (section) } })
}
