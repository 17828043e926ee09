//! Recall over false alarms, as a picture.

use friends_training::detection::Figures;
use maud::Markup;

use crate::plot::{COLORS, Plot};

/// A picture in SVG; the right edge stands for one false alarm a photo.
pub fn svg(rows: &[Figures]) -> Markup {
    let mut plot = Plot::new(
        "検出率と誤検出 / Recall over false alarms",
        "誤検出 / 写真 · false alarms a photo",
        "検出率 · recall",
    );
    for (number, row) in rows.iter().enumerate() {
        let color = COLORS[number % COLORS.len()];
        let within: Vec<(f64, f64)> =
            row.curve.iter().copied().take_while(|(alarms, _)| *alarms <= 1.0).collect();
        // The curve goes on beyond the edge: it is drawn as far as there.
        let edge = within
            .last()
            .filter(|_| within.len() < row.curve.len())
            .map(|(_, recall)| (1.0, *recall));
        plot.line(within.iter().copied().chain(edge), color);
        plot.dot((row.false_alarms as f64 / row.pictures.max(1) as f64, row.recall[0]), 5.0, color);
        plot.key(color, &row.detector);
    }
    plot.finish()
}
