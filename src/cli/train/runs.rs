//! How runs of fine-tuning went: how many failed to learn, how far the others differ, and their
//! curves.

use std::fmt::Write as _;

use friends_training::fine_tune::{FineTuning, TuningRun};
use maud::html;

use crate::plot::{COLORS, Plot};
use crate::sheet;

/// What is said of the runs; nothing of one that went well.
pub fn sentences(fits: &[TuningRun]) -> String {
    let runs: Vec<&TuningRun> = checked(fits).collect();
    let mut lines = String::new();
    for run in runs.iter().filter(|run| run.collapsed) {
        _ = writeln!(
            lines,
            "the run of seed {} failed to learn: {} of the photos that it had not seen right at its end, {} before it",
            run.seed,
            share(run.last),
            share(run.initial)
        );
    }
    if runs.len() > 1 {
        _ = writeln!(lines, "{}", spread(&runs));
    }
    lines
}

/// A page with a curve and a row for each run.
pub fn page(bundle: &str, settings: &FineTuning, fits: &[TuningRun]) -> String {
    let runs: Vec<&TuningRun> = checked(fits).collect();
    let failed = failed(&runs);
    let mut plot = Plot::new(
        "学習のようす / Runs",
        "学習の進み · share of the epochs",
        "見ていない写真の当たり · right of photos not seen",
    );
    let initial = runs.iter().find_map(|run| run.initial);
    if let Some(initial) = initial {
        plot.guide((0.0, initial), (1.0, initial));
    }
    for run in &runs {
        let epochs = f64::from(settings.epochs.max(1));
        let points = run
            .curve
            .iter()
            .enumerate()
            .map(|(epoch, &right)| ((epoch + 1) as f64 / epochs, right));
        plot.line(points, COLORS[usize::from(!run.collapsed)]);
    }
    plot.key(COLORS[1], &format!("学べた / learnt ({})", runs.len() - failed));
    plot.key(COLORS[0], &format!("学べなかった / failed to learn ({failed})"));
    if let Some(initial) = initial {
        plot.key(COLORS[6], &format!("破線: 学習の前 / broken line: before ({initial:.3})"));
    }

    let rows = html! {
        @for run in &runs {
            tr {
                td { (run.seed) }
                td { (share(run.last)) }
                td { (share(run.best)) }
                td { (format!("{:.0}", run.seconds)) }
                td { @if run.collapsed { "いいえ / no" } @else { "はい / yes" } }
            }
        }
    };
    let FineTuning { epochs, rate, warm_up, .. } = settings;
    let body = html! {
        p { (bundle) " · " (epochs) " epochs · rate " (rate) " · warm-up " (warm_up) }
        p { (runs.len()) "回のうち" (failed) "回、学べませんでした。" }
        p { (spread(&runs)) }
        (plot.finish())
        (sheet::table(
            &["seed", "最後 / last", "最高 / best", "秒 / seconds", "学べた / learnt"],
            &rows,
        ))
    };
    sheet::page("学習のくりかえし / Runs of fine-tuning", &body)
}

/// Runs that left photos out; the fit on all photos has nothing to be checked on.
fn checked(fits: &[TuningRun]) -> impl Iterator<Item = &TuningRun> {
    fits.iter().filter(|fit| fit.fit == "checked")
}

fn failed(runs: &[&TuningRun]) -> usize {
    runs.iter().filter(|run| run.collapsed).count()
}

/// How many failed; mean, standard deviation and range of the others' last accuracies.
fn spread(runs: &[&TuningRun]) -> String {
    let failed = failed(runs);
    let right: Vec<f64> =
        runs.iter().filter(|run| !run.collapsed).filter_map(|run| run.last).collect();
    let mut summary = format!("{} runs, {failed} failed to learn", runs.len());
    if let (Some(least), Some(most)) =
        (right.iter().copied().reduce(f64::min), right.iter().copied().reduce(f64::max))
    {
        let count = right.len() as f64;
        let mean = right.iter().sum::<f64>() / count;
        let squares: f64 = right.iter().map(|share| (share - mean).powi(2)).sum();
        let deviation = if right.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        _ = write!(
            summary,
            "; the others had {mean:.3} ± {deviation:.3} of the photos that they had not seen right, {least:.3} to {most:.3}"
        );
    }
    summary
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
