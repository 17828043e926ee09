//! Recall over false alarms, as a picture.

use std::fmt::Write as _;

use friends_judge::service::html::escaped;
use friends_judge::training::detection::Figures;

/// False alarms a photo at the right edge.
const RIGHT: f64 = 1.0;
/// The plot's area in the picture: left, top, width, height.
const PLOT: (f64, f64, f64, f64) = (56.0, 16.0, 520.0, 320.0);
/// One color a detector, told apart by all kinds of color vision (Okabe and Ito, 2008).
const COLORS: [&str; 7] = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777"];

/// A picture in SVG; its lines and words take the color of the page that it stands on.
pub fn svg(rows: &[Figures]) -> String {
    let (left, top, width, height) = PLOT;
    let at = |(alarms, recall): (f64, f64)| (left + width * alarms.min(RIGHT) / RIGHT, top + height * (1.0 - recall));
    let mut svg = String::from(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 400" role="img" font-family="sans-serif" font-size="13">
<style>svg{color:#222;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ddd;background:#181818}}text{fill:currentColor}</style>
<title>検出率と誤検出 / Recall over false alarms</title>
"#,
    );
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        let ((x, _), (_, y)) = (at((share * RIGHT, 0.0)), at((0.0, share)));
        let (right, bottom) = (left + width, top + height);
        _ = writeln!(
            svg,
            r#"<path d="M{left} {y:.1}H{right}M{x:.1} {top}V{bottom}" stroke="currentColor" stroke-opacity=".15" fill="none"/>
<text x="{:.1}" y="{:.1}" text-anchor="end">{share:.1}</text><text x="{x:.1}" y="{:.1}" text-anchor="middle">{:.1}</text>"#,
            left - 8.0,
            y + 4.0,
            bottom + 18.0,
            share * RIGHT
        );
    }
    _ = writeln!(
        svg,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">誤検出 / 写真 · false alarms a photo</text>
<text transform="translate(16 {:.1}) rotate(-90)" text-anchor="middle">検出率 · recall</text>"#,
        left + width / 2.0,
        top + height + 42.0,
        top + height / 2.0
    );
    for (number, row) in rows.iter().enumerate() {
        let color = COLORS[number % COLORS.len()];
        let mut line = String::new();
        let within = row.curve.iter().take_while(|(alarms, _)| *alarms <= RIGHT);
        let ends = row.curve.iter().take_while(|(alarms, _)| *alarms <= RIGHT).last().map(|(_, recall)| (RIGHT, *recall));
        for (place, point) in
            within.copied().chain(ends.filter(|_| row.curve.last().is_some_and(|(a, _)| *a > RIGHT))).enumerate()
        {
            let (x, y) = at(point);
            _ = write!(line, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        let (x, y) = at((row.false_alarms as f64 / row.pictures.max(1) as f64, row.recall[0]));
        let key = top + 16.0 + 22.0 * number as f64;
        _ = writeln!(
            svg,
            r#"<path d="{line}" stroke="{color}" stroke-width="2" fill="none"/><circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{color}"/>
<path d="M{0} {key}h24" stroke="{color}" stroke-width="3"/><text x="{1}" y="{2:.1}">{3}</text>"#,
            left + width + 16.0,
            left + width + 46.0,
            key + 4.0,
            escaped(&row.detector)
        );
    }
    svg.push_str("</svg>\n");
    svg
}
