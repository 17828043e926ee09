//! Plots of shares over shares as SVG, for pages and for files; lines and words take the colors of
//! the page that they stand on.

use std::fmt::Write as _;

use friends_service::html::escaped;

/// One color a line, told apart by all kinds of color vision (Okabe and Ito, 2008).
pub const COLORS: [&str; 7] =
    ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777"];

/// The plot's area in the picture: left, top, width, height.
const AREA: (f64, f64, f64, f64) = (64.0, 44.0, 520.0, 320.0);
/// Width of the picture.
const WIDTH: f64 = 600.0;
/// Where the key begins, and the height of each of its lines.
const KEY: (f64, f64) = (432.0, 24.0);

/// A plot that is being drawn; both axes go from 0 to 1.
pub struct Plot {
    svg: String,
    keys: usize,
}

impl Plot {
    /// Empty axes.
    pub fn new(title: &str, across: &str, upwards: &str) -> Self {
        let (left, top, width, height) = AREA;
        let (right, bottom) = (left + width, top + height);
        let mut svg = format!(
            r#"<title>{0}</title>
<text x="{1}" y="26" text-anchor="middle" font-weight="bold">{0}</text>
"#,
            escaped(title),
            WIDTH / 2.0
        );
        for step in 0..=5 {
            let share = f64::from(step) / 5.0;
            let ((x, _), (_, y)) = (at((share, 0.0)), at((0.0, share)));
            _ = writeln!(
                svg,
                r#"<path d="M{left} {y:.1}H{right}M{x:.1} {top}V{bottom}" stroke="currentColor" stroke-opacity=".15" fill="none"/>
<text x="{:.1}" y="{:.1}" text-anchor="end">{share:.1}</text><text x="{x:.1}" y="{:.1}" text-anchor="middle">{share:.1}</text>"#,
                left - 8.0,
                y + 5.0,
                bottom + 20.0
            );
        }
        _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>
<text transform="translate(18 {:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            left + width / 2.0,
            bottom + 44.0,
            escaped(across),
            top + height / 2.0,
            escaped(upwards)
        );
        Self { svg, keys: 0 }
    }

    /// A line through points `(across, upwards)`, each 0 to 1.
    pub fn line(&mut self, points: impl IntoIterator<Item = (f64, f64)>, color: &str) {
        let mut path = String::new();
        for (place, point) in points.into_iter().enumerate() {
            let (x, y) = at(point);
            _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        _ = writeln!(
            self.svg,
            r#"<path d="{path}" stroke="{color}" stroke-width="2" fill="none"/>"#
        );
    }

    /// A thin broken line for comparison.
    pub fn guide(&mut self, from: (f64, f64), to: (f64, f64)) {
        let ((a, b), (c, d)) = (at(from), at(to));
        _ = writeln!(
            self.svg,
            r#"<path d="M{a:.1} {b:.1}L{c:.1} {d:.1}" stroke="currentColor" stroke-opacity=".5" stroke-dasharray="5 4" fill="none"/>"#
        );
    }

    /// A dot of a radius in pixels.
    pub fn dot(&mut self, point: (f64, f64), radius: f64, color: &str) {
        let (x, y) = at(point);
        _ = writeln!(
            self.svg,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="{color}"/>"#
        );
    }

    /// An entry of the key below the plot.
    pub fn key(&mut self, color: &str, words: &str) {
        let (x, y) = (AREA.0, KEY.0 + KEY.1 * self.keys as f64);
        _ = writeln!(
            self.svg,
            r#"<path d="M{x} {y}h24" stroke="{color}" stroke-width="4"/><text x="{}" y="{:.1}">{}</text>"#,
            x + 32.0,
            y + 5.0,
            escaped(words)
        );
        self.keys += 1;
    }

    /// The picture.
    pub fn finish(self) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {}" role="img" font-family="sans-serif" font-size="15">
<style>svg{{color:#222;background:#fff}}@media(prefers-color-scheme:dark){{svg{{color:#ddd;background:#181818}}}}text{{fill:currentColor}}</style>
{}</svg>
"#,
            KEY.0 + KEY.1 * self.keys as f64,
            self.svg
        )
    }
}

fn at((across, upwards): (f64, f64)) -> (f64, f64) {
    let (left, top, width, height) = AREA;
    (left + width * across.clamp(0.0, 1.0), top + height * (1.0 - upwards.clamp(0.0, 1.0)))
}
