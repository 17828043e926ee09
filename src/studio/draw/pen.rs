//! The pen: fills and outlines shapes in the style of the scene, and measures what it draws.

use tiny_skia::{
    FillRule, GradientStop, LinearGradient, Path, PathSegment, PixmapMut, RadialGradient, Shader,
    SpreadMode, Transform,
};

use crate::canvas::{opaque, paint, rounded};
use crate::color::Color;
use crate::geometry::{Extent, Point, between, mapped};
use crate::random::scatter;
use crate::scene::Scene;
use crate::scene::{LineColor, Shading, Style};

/// How a shape is colored.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    color: Color,
    fade: Option<(Color, Point, Point)>,
    shaded: bool,
    line: f32,
    opacity: f32,
}

impl Ink {
    /// One color, shaded and outlined in the style of the scene.
    pub(super) fn new(color: Color) -> Self {
        Self { color, fade: None, shaded: true, line: 1.0, opacity: 1.0 }
    }

    /// One color without shading or outline: a detail inside another shape.
    pub(super) fn detail(color: Color) -> Self {
        Self { shaded: false, line: 0.0, ..Self::new(color) }
    }

    /// Only the outline that a surface of this color would have.
    pub(super) fn outline(color: Color) -> Self {
        Self { shaded: false, opacity: 0.0, ..Self::new(color) }
    }

    /// Fades into `color` between two points.
    pub(super) fn fading(mut self, color: Color, from: Point, to: Point) -> Self {
        self.fade = Some((color, from, to));
        self
    }

    /// Outlines with `factor` times the usual line width; 0 for no outline.
    pub(super) fn lined(mut self, factor: f32) -> Self {
        self.line = factor;
        self
    }

    /// Without shading.
    pub(super) fn unshaded(mut self) -> Self {
        self.shaded = false;
        self
    }

    /// See-through: 0 invisible, 1 opaque.
    pub(super) fn opacity(mut self, opacity: f32) -> Self {
        self.opacity = opacity;
        self
    }
}

/// Which part of the figure is being drawn, for measuring.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Hair, ears, hat and other things on the head.
    Head,
    /// The skin of the face.
    Face,
    /// Everything else.
    Body,
}

/// Sizes of the parts drawn so far, in the coordinates the pen was created with.
#[derive(Clone, Copy)]
pub(crate) struct Extents {
    pub(crate) head: Extent,
    pub(crate) face: Extent,
    pub(crate) figure: Extent,
}

/// Draws with the style of a scene. Without a canvas it only measures.
pub(crate) struct Pen<'a> {
    canvas: Option<PixmapMut<'a>>,
    style: Style,
    seed: u64,
    base: Transform,
    /// Canvas coordinates back to head coordinates, the inverse of `base`.
    to_head: Transform,
    local: Transform,
    part: Part,
    extents: Extents,
}

/// Below this line, in head radii under the middle of the head, hair no longer counts as head.
const SHOULDER_LINE: f32 = 1.3;

/// Above this line the forehead is usually hidden by hair and does not count as face.
const HAIRLINE: f32 = -0.4;

impl<'a> Pen<'a> {
    /// A pen whose figure coordinates are mapped to the canvas by `base`.
    pub(crate) fn new(canvas: Option<PixmapMut<'a>>, scene: &Scene, base: Transform) -> Self {
        Self {
            canvas,
            style: scene.style,
            seed: scene.seed,
            base,
            to_head: base.invert().unwrap_or_default(),
            local: Transform::identity(),
            part: Part::Body,
            extents: Extents { head: Extent::EMPTY, face: Extent::EMPTY, figure: Extent::EMPTY },
        }
    }

    /// What was drawn so far.
    pub(crate) fn extents(&self) -> Extents {
        self.extents
    }

    /// The style of the scene.
    pub(super) fn style(&self) -> &Style {
        &self.style
    }

    /// Counts what follows as `part`.
    pub(super) fn part(&mut self, part: Part) {
        self.part = part;
    }

    /// Draws with `transform` applied on top of the present coordinates.
    pub(super) fn within(&mut self, transform: Transform, draw: impl FnOnce(&mut Self)) {
        let outer = self.local;
        self.local = outer.pre_concat(transform);
        draw(self);
        self.local = outer;
    }

    /// Fills and outlines a shape.
    pub(super) fn fill(&mut self, path: Option<Path>, ink: Ink) {
        let Some(path) = path else { return };
        let stroke = ink.line * self.style.line;
        self.measure(&path, stroke / 2.0);
        let transform = self.base.pre_concat(self.local);
        let tone = self.tone(ink.color);
        let shader = match ink.fade {
            Some((end, from, to)) => linear((tone, self.tone(end)), from, to, ink.opacity)
                .unwrap_or_else(|| Shader::SolidColor(opaque(tone, ink.opacity))),
            None => Shader::SolidColor(opaque(tone, ink.opacity)),
        };
        let shade = if ink.shaded { self.shade(&path, tone.luma()) } else { None };
        let line = self.line_color(tone);
        let Some(canvas) = self.canvas.as_mut() else {
            return;
        };
        if ink.opacity > 0.0 {
            for shader in std::iter::once(shader).chain(shade) {
                canvas.fill_path(&path, &paint(shader), FillRule::Winding, transform, None);
            }
        }
        if stroke > 0.0 {
            let stroke = rounded(stroke);
            let ink = paint(Shader::SolidColor(opaque(line, 1.0)));
            canvas.stroke_path(&path, &ink, &stroke, transform, None);
        }
    }

    /// Draws a line of the given width in `color`, without outline.
    pub(super) fn stroke(&mut self, path: Option<Path>, color: Color, width: f32) {
        if let Some(path) = path {
            self.trace(&path, self.tone(color), width);
        }
    }

    /// Draws a line inside a surface of `color` (a fold, a strand) in the scene's line style.
    pub(super) fn crease(&mut self, path: Option<Path>, color: Color, factor: f32) {
        let Some(path) = path else { return };
        let width = (self.style.line * factor).max(0.012);
        let tone = self.tone(color);
        let line = if self.style.line > 0.0 {
            self.line_color(tone)
        } else {
            tone.shadowed().dimmed(0.85)
        };
        self.trace(&path, line, width);
    }

    /// Draws a thick, outlined line: an arm, a leg, a strap.
    pub(super) fn limb(&mut self, path: Option<Path>, color: Color, width: f32) {
        let Some(path) = path else { return };
        let (tone, line) = (self.tone(color), self.style.line);
        if line > 0.0 {
            self.trace(&path, self.line_color(tone), width + line);
        }
        self.trace(&path, tone, width - line);
    }

    /// Draws a line in exactly this color.
    fn trace(&mut self, path: &Path, tone: Color, width: f32) {
        self.measure(path, width / 2.0);
        let transform = self.base.pre_concat(self.local);
        let ink = paint(Shader::SolidColor(opaque(tone, 1.0)));
        if let Some(canvas) = self.canvas.as_mut() {
            canvas.stroke_path(path, &ink, &rounded(width), transform, None);
        }
    }

    /// The line color for a surface of (already toned) color `tone`.
    fn line_color(&self, tone: Color) -> Color {
        match self.style.line_color {
            LineColor::Ink => Color::INK,
            LineColor::Brown => Color::new(0.33, 0.22, 0.19),
            LineColor::Own => {
                let (hue, saturation, value) = tone.to_hsv();
                Color::from_hsv(hue, (saturation * 1.2).min(0.7), value * 0.42)
            }
        }
    }

    /// A color as this picture's palette renders it.
    fn tone(&self, color: Color) -> Color {
        let palette = self.style.palette;
        let [red, green, blue] = color.to_bytes();
        let key = u64::from(u32::from_be_bytes([0, red, green, blue])) << 2;
        let own = |index: u64| scatter(self.seed, key | index) * palette.spread;
        let (hue, saturation, value) = color.to_hsv();
        // White paper stays white and black ink black: the shift fades out towards both ends.
        let room = (4.0 * value * (1.0 - value) + 0.15).min(1.0);
        Color::from_hsv(
            hue + palette.hue + own(0) * 0.02,
            (saturation * palette.saturation * (1.0 + own(1) * 0.2)).min(1.0),
            (value + (palette.value + own(2) * 0.08) * room).clamp(0.0, 1.0),
        )
    }

    /// The shadow on the side of the shape that faces away from the light (up and left). Pale
    /// surfaces of brightness `luma` take less of it.
    fn shade(&self, path: &Path, luma: f32) -> Option<Shader<'static>> {
        let strength = self.style.shade * (0.42 - 0.22 * luma);
        let clear = tiny_skia::Color::from_rgba(0.25, 0.12, 0.22, 0.0)?;
        let dark = tiny_skia::Color::from_rgba(0.25, 0.12, 0.22, strength.min(1.0))?;
        let bounds = path.bounds();
        let light = tiny_skia::Point::from_xy(
            bounds.left() + bounds.width() * 0.34,
            bounds.top() + bounds.height() * 0.24,
        );
        let reach = (bounds.width() + bounds.height()) * 0.5;
        let (from, to) = match self.style.shading {
            Shading::Flat => return None,
            Shading::Cel => (0.66, 0.69),
            Shading::Soft => (0.3, 1.1),
        };
        let stops = vec![
            GradientStop::new(0.0, clear),
            GradientStop::new(from / 1.2, clear),
            GradientStop::new(to / 1.2, dark),
            GradientStop::new(1.0, dark),
        ];
        let identity = Transform::identity();
        RadialGradient::new(light, 0.0, light, reach * 1.2, stops, SpreadMode::Pad, identity)
    }

    /// Widens the extents by a shape with a border of `radius`.
    fn measure(&mut self, path: &Path, radius: f32) {
        let transform = self.base.pre_concat(self.local);
        let (scale, _) = self.base.get_scale();
        let radius = radius * scale;
        let (to_canvas, to_head) = (self.base, self.to_head);
        let part = self.part;
        let extents = &mut self.extents;
        along(path, |point| {
            let point = mapped(transform, point);
            extents.figure.include(point, radius);
            let (x, y) = mapped(to_head, point);
            match part {
                Part::Body => {}
                Part::Face => {
                    let below = mapped(to_canvas, (x, y.max(HAIRLINE)));
                    extents.face.include(below, 0.0);
                    extents.head.include(point, radius);
                }
                Part::Head => {
                    let above = mapped(to_canvas, (x, y.min(SHOULDER_LINE)));
                    extents.head.include(above, radius);
                }
            }
        });
    }
}

/// Visits points close together along a path.
fn along(path: &Path, mut visit: impl FnMut(Point)) {
    let pair = |point: &tiny_skia::Point| (point.x, point.y);
    let mut last = (0.0, 0.0);
    for segment in path.segments() {
        let (controls, end) = match &segment {
            PathSegment::MoveTo(end) | PathSegment::LineTo(end) => (None, pair(end)),
            PathSegment::QuadTo(control, end) => {
                let (control, end) = (pair(control), pair(end));
                let toward = |from| between(from, control, 2.0 / 3.0);
                (Some((toward(last), toward(end))), end)
            }
            PathSegment::CubicTo(first, second, end) => {
                (Some((pair(first), pair(second))), pair(end))
            }
            PathSegment::Close => continue,
        };
        if let Some((first, second)) = controls {
            for share in [0.2, 0.4, 0.6, 0.8] {
                // De Casteljau's construction of a point on the curve.
                let middle = between(first, second, share);
                let near = between(between(last, first, share), middle, share);
                let far = between(middle, between(second, end, share), share);
                visit(between(near, far, share));
            }
        }
        visit(end);
        last = end;
    }
}

/// A shader fading between two colors.
fn linear(
    (start, end): (Color, Color),
    from: Point,
    to: Point,
    opacity: f32,
) -> Option<Shader<'static>> {
    let stops = vec![
        GradientStop::new(0.0, opaque(start, opacity)),
        GradientStop::new(1.0, opaque(end, opacity)),
    ];
    LinearGradient::new(
        tiny_skia::Point::from_xy(from.0, from.1),
        tiny_skia::Point::from_xy(to.0, to.1),
        stops,
        SpreadMode::Pad,
        Transform::identity(),
    )
}
