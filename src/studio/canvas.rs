//! Paints simple things onto backgrounds and in front of characters.

use rand_chacha::ChaCha8Rng;
use tiny_skia::{
    FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, PixmapMut,
    Point, Shader, SpreadMode, Stroke, Transform,
};

use crate::color::Color;
use crate::geometry::{rotation, sin_cos};
use crate::random::Dice;

/// Paints simple things at places given as shares of the canvas.
pub(crate) struct Canvas<'c, 'p> {
    pixmap: &'c mut PixmapMut<'p>,
}

impl<'c, 'p> Canvas<'c, 'p> {
    pub(crate) fn new(pixmap: &'c mut PixmapMut<'p>) -> Self {
        Self { pixmap }
    }

    #[expect(clippy::cast_precision_loss, reason = "pictures are far smaller than 2^24 pixels")]
    fn size(&self) -> (f32, f32) {
        (self.pixmap.width() as f32, self.pixmap.height() as f32)
    }

    /// The shorter side in pixels.
    fn unit(&self) -> f32 {
        let (width, height) = self.size();
        width.min(height)
    }

    pub(crate) fn cover(&mut self, color: Color) {
        self.pixmap.fill(opaque(color, 1.0));
    }

    /// Covers the canvas with a fade; the angle is in degrees, 0 from left to right.
    pub(crate) fn gradient(&mut self, from: Color, to: Color, angle: f32) {
        self.cover(from);
        let (width, height) = self.size();
        let (sine, cosine) = sin_cos(angle.to_radians());
        let (x, y) = (cosine * width / 2.0, sine * height / 2.0);
        let shader = LinearGradient::new(
            Point::from_xy(width / 2.0 - x, height / 2.0 - y),
            Point::from_xy(width / 2.0 + x, height / 2.0 + y),
            vec![
                GradientStop::new(0.0, opaque(from, 1.0)),
                GradientStop::new(1.0, opaque(to, 1.0)),
            ],
            SpreadMode::Pad,
            Transform::identity(),
        );
        let whole = tiny_skia::Rect::from_xywh(0.0, 0.0, width, height);
        if let (Some(shader), Some(whole)) = (shader, whole) {
            self.pixmap.fill_rect(whole, &paint(shader), Transform::identity(), None);
        }
    }

    /// Fills a path given in units of the shorter side around the place `at`.
    fn fill(&mut self, path: Option<Path>, at: (f32, f32), angle: f32, color: Color, opacity: f32) {
        let transform = self.place(at, angle);
        if let Some(path) = path {
            let ink = paint(Shader::SolidColor(opaque(color, opacity)));
            self.pixmap.fill_path(&path, &ink, FillRule::Winding, transform, None);
        }
    }

    fn place(&self, at: (f32, f32), angle: f32) -> Transform {
        let (width, height) = self.size();
        Transform::from_translate(at.0 * width, at.1 * height)
            .pre_concat(rotation(angle))
            .pre_scale(self.unit(), self.unit())
    }

    pub(crate) fn disc(&mut self, at: (f32, f32), radius: f32, color: Color, opacity: f32) {
        self.fill(PathBuilder::from_circle(0.0, 0.0, radius), at, 0.0, color, opacity);
    }

    /// A rectangle (x, y, width, height relative to `at`), turned about `at`.
    pub(crate) fn box_at(
        &mut self,
        at: (f32, f32),
        (x, y, width, height): (f32, f32, f32, f32),
        angle: f32,
        color: Color,
        opacity: f32,
    ) {
        let rect = tiny_skia::Rect::from_xywh(x, y, width, height);
        self.fill(rect.map(PathBuilder::from_rect), at, angle, color, opacity);
    }

    /// Straight lines from each of `points` (shares of the canvas) to the next.
    fn through(&self, points: &[(f32, f32)]) -> PathBuilder {
        let (wide, tall) = self.size();
        let mut builder = PathBuilder::new();
        for (index, &(x, y)) in points.iter().enumerate() {
            if index == 0 {
                builder.move_to(x * wide, y * tall);
            } else {
                builder.line_to(x * wide, y * tall);
            }
        }
        builder
    }

    /// A filled polygon (shares of the canvas).
    pub(crate) fn polygon(&mut self, corners: &[(f32, f32)], color: Color) {
        let mut builder = self.through(corners);
        builder.close();
        if let Some(path) = builder.finish() {
            let ink = paint(Shader::SolidColor(opaque(color, 1.0)));
            self.pixmap.fill_path(&path, &ink, FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A line through `points` (shares of the canvas) with a width in units of the shorter side.
    pub(crate) fn line(&mut self, points: &[(f32, f32)], width: f32, color: Color) {
        let builder = self.through(points);
        let stroke = rounded(width * self.unit());
        if let Some(path) = builder.finish() {
            let ink = paint(Shader::SolidColor(opaque(color, 1.0)));
            self.pixmap.stroke_path(&path, &ink, &stroke, Transform::identity(), None);
        }
    }

    /// A random rectangle, disc or bar.
    pub(crate) fn shape(&mut self, rng: &mut ChaCha8Rng, color: Color) {
        let at = (rng.between(-0.1, 1.1), rng.between(-0.1, 1.1));
        let opacity = rng.between(0.3, 1.0);
        match rng.whole(0, 2) {
            0 => self.disc(at, rng.between(0.03, 0.25), color, opacity),
            1 => {
                let (width, height) = (rng.between(0.05, 0.4), rng.between(0.05, 0.4));
                let angle = rng.between(0.0, 180.0);
                self.box_at(
                    at,
                    (-width / 2.0, -height / 2.0, width, height),
                    angle,
                    color,
                    opacity,
                );
            }
            _ => {
                let width = rng.between(0.01, 0.05);
                self.box_at(
                    at,
                    (-1.0, -width / 2.0, 2.0, width),
                    rng.between(0.0, 180.0),
                    color,
                    opacity,
                );
            }
        }
    }

    /// A line of letter-like strokes starting at `at`, of the given length and letter height.
    pub(crate) fn writing(
        &mut self,
        rng: &mut ChaCha8Rng,
        at: (f32, f32),
        length: f32,
        height: f32,
        ink: Color,
    ) {
        let mut x = at.0;
        while x + height < at.0 + length {
            for _ in 0..rng.whole(2, 3) {
                let mut point = || {
                    (x + rng.between(0.05, 0.85) * height, at.1 + rng.between(0.0, 1.0) * height)
                };
                let stroke = [point(), point(), point()];
                self.line(&stroke, height * 0.13, ink);
            }
            x += height * 1.05;
        }
    }
}

/// A color with an opacity, as the renderer wants it.
pub(crate) fn opaque(color: Color, opacity: f32) -> tiny_skia::Color {
    let clamp = |component: f32| component.clamp(0.0, 1.0);
    tiny_skia::Color::from_rgba(
        clamp(color.red),
        clamp(color.green),
        clamp(color.blue),
        clamp(opacity),
    )
    .unwrap_or(tiny_skia::Color::BLACK)
}

/// Anti-aliased paint.
pub(crate) fn paint(shader: Shader<'_>) -> Paint<'_> {
    Paint { shader, ..Paint::default() }
}

/// A stroke with round ends and corners.
pub(crate) fn rounded(width: f32) -> Stroke {
    Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() }
}
