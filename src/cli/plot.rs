//! Plots of shares over shares as SVG, for pages and for files; lines and words take the colors of
//! the page that they stand on.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

/// One color a line, told apart by all kinds of color vision (Okabe and Ito, 2008).
pub const COLORS: [&str; 7] =
    ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777"];

/// The plot's area in the picture: left, top, width, height.
const AREA: (f64, f64, f64, f64) = (64.0, 44.0, 520.0, 320.0);
/// Width of the picture.
const WIDTH: f64 = 600.0;
/// Where the key begins, and the height of each of its lines.
const KEY: (f64, f64) = (432.0, 24.0);

/// Colors of the plot itself, light and dark.
const STYLE: &str = "svg{color:#222;background:#fff}text{fill:currentColor}\
    @media(prefers-color-scheme:dark){svg{color:#ddd;background:#181818}}";

/// A plot that is being drawn; both axes go from 0 to 1.
pub struct Plot {
    parts: Vec<Markup>,
    keys: usize,
}

impl Plot {
    /// Empty axes.
    pub fn new(title: &str, across: &str, upwards: &str) -> Self {
        let (left, top, width, height) = AREA;
        let (right, bottom) = (left + width, top + height);
        let axes = html! {
            title { (title) }
            text x=(WIDTH / 2.0) y="26" text-anchor="middle" font-weight="bold" { (title) }
            @for share in (0..=5).map(|step| f64::from(step) / 5.0) {
                @let ((x, _), (_, y)) = (at((share, 0.0)), at((0.0, share)));
                path d=(format!("M{left} {y:.1}H{right}M{x:.1} {top}V{bottom}"))
                    stroke="currentColor" stroke-opacity=".15" fill="none" {}
                text x=(pixels(left - 8.0)) y=(pixels(y + 5.0)) text-anchor="end" {
                    (pixels(share))
                }
                text x=(pixels(x)) y=(pixels(bottom + 20.0)) text-anchor="middle" {
                    (pixels(share))
                }
            }
            text x=(pixels(left + width / 2.0)) y=(pixels(bottom + 44.0)) text-anchor="middle" {
                (across)
            }
            text transform=(format!("translate(18 {:.1}) rotate(-90)", top + height / 2.0))
                text-anchor="middle" { (upwards) }
        };
        Self { parts: vec![axes], keys: 0 }
    }

    /// A line through points `(across, upwards)`, each 0 to 1.
    pub fn line(&mut self, points: impl IntoIterator<Item = (f64, f64)>, color: &str) {
        let mut path = String::new();
        for (place, point) in points.into_iter().enumerate() {
            let (x, y) = at(point);
            _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        self.parts.push(html! { path d=(path) stroke=(color) stroke-width="2" fill="none" {} });
    }

    /// A thin broken line for comparison.
    pub fn guide(&mut self, from: (f64, f64), to: (f64, f64)) {
        let ((a, b), (c, d)) = (at(from), at(to));
        self.parts.push(html! {
            path d=(format!("M{a:.1} {b:.1}L{c:.1} {d:.1}")) stroke="currentColor"
                stroke-opacity=".5" stroke-dasharray="5 4" fill="none" {}
        });
    }

    /// A dot of a radius in pixels.
    pub fn dot(&mut self, point: (f64, f64), radius: f64, color: &str) {
        let (x, y) = at(point);
        self.parts.push(html! {
            circle cx=(pixels(x)) cy=(pixels(y)) r=(pixels(radius)) fill=(color) {}
        });
    }

    /// An entry of the key below the plot.
    pub fn key(&mut self, color: &str, words: &str) {
        let (x, y) = (AREA.0, KEY.0 + KEY.1 * self.keys as f64);
        self.parts.push(html! {
            path d=(format!("M{x} {y}h24")) stroke=(color) stroke-width="4" {}
            text x=(pixels(x + 32.0)) y=(pixels(y + 5.0)) { (words) }
        });
        self.keys += 1;
    }

    /// The picture.
    pub fn finish(self) -> Markup {
        let height = KEY.0 + KEY.1 * self.keys as f64;
        html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}"))
                role="img" font-family="sans-serif" font-size="15" {
                style { (PreEscaped(STYLE)) }
                @for part in &self.parts { (part) "\n" }
            }
        }
    }
}

fn pixels(length: f64) -> String {
    format!("{length:.1}")
}

fn at((across, upwards): (f64, f64)) -> (f64, f64) {
    let (left, top, width, height) = AREA;
    (left + width * across.clamp(0.0, 1.0), top + height * (1.0 - upwards.clamp(0.0, 1.0)))
}
