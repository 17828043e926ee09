//! Outlines made of curved edges, and the smooth shapes built from them.

use tiny_skia::{Path, PathBuilder};

use crate::geometry::Point;

/// An outline under construction.
pub(super) struct Contour {
    builder: PathBuilder,
    last: Point,
}

impl Contour {
    /// Starts at a point.
    pub(super) fn from(start: Point) -> Self {
        let mut builder = PathBuilder::new();
        builder.move_to(start.0, start.1);
        Self { builder, last: start }
    }

    /// A straight edge.
    pub(super) fn line(mut self, to: Point) -> Self {
        self.builder.line_to(to.0, to.1);
        self.last = to;
        self
    }

    /// An edge that bulges to its left (seen along the edge) by `bulge` times its length.
    pub(super) fn bow(mut self, to: Point, bulge: f32) -> Self {
        let (dx, dy) = (to.0 - self.last.0, to.1 - self.last.1);
        let middle =
            (self.last.0 + dx / 2.0 + dy * bulge * 2.0, self.last.1 + dy / 2.0 - dx * bulge * 2.0);
        self.builder.quad_to(middle.0, middle.1, to.0, to.1);
        self.last = to;
        self
    }

    /// A smooth curve through all of `points`, starting at the current end.
    pub(super) fn through(mut self, points: &[Point]) -> Self {
        let mut knots = vec![self.last, self.last];
        knots.extend_from_slice(points);
        if let Some(&end) = points.last() {
            knots.push(end);
            self.last = end;
        }
        for quad in knots.windows(4) {
            spline_edge(&mut self.builder, [quad[0], quad[1], quad[2], quad[3]]);
        }
        self
    }

    /// The closed outline; `None` if it has no extent.
    pub(super) fn close(mut self) -> Option<Path> {
        self.builder.close();
        self.builder.finish()
    }

    /// The open line; `None` if it has no extent.
    pub(super) fn open(self) -> Option<Path> {
        self.builder.finish()
    }
}

/// One edge of a Catmull-Rom spline, from the second knot to the third.
fn spline_edge(builder: &mut PathBuilder, [before, from, to, after]: [Point; 4]) {
    builder.cubic_to(
        from.0 + (to.0 - before.0) / 6.0,
        from.1 + (to.1 - before.1) / 6.0,
        to.0 - (after.0 - from.0) / 6.0,
        to.1 - (after.1 - from.1) / 6.0,
        to.0,
        to.1,
    );
}

/// A smooth closed shape through `points` (at least three).
pub(super) fn blob(points: &[Point]) -> Option<Path> {
    let count = points.len();
    let knot = |index: usize| points[index % count];
    let mut builder = PathBuilder::new();
    builder.move_to(points.first()?.0, points.first()?.1);
    for index in 0..count {
        let quad = [knot(index + count - 1), knot(index), knot(index + 1), knot(index + 2)];
        spline_edge(&mut builder, quad);
    }
    builder.close();
    builder.finish()
}

/// A shape with straight edges.
pub(super) fn polygon(points: &[Point]) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    rest.iter().fold(Contour::from(*first), |contour, &point| contour.line(point)).close()
}

/// An ellipse with the given middle and half axes.
pub(super) fn ellipse(middle: Point, half_width: f32, half_height: f32) -> Option<Path> {
    let bounds = tiny_skia::Rect::from_ltrb(
        middle.0 - half_width,
        middle.1 - half_height,
        middle.0 + half_width,
        middle.1 + half_height,
    )?;
    PathBuilder::from_oval(bounds)
}

/// A smooth open line through `points`.
pub(super) fn line_through(points: &[Point]) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    Contour::from(*first).through(rest).open()
}

/// A pointed strand from the edge `left`–`right` to `tip`, with both sides curving the same way.
pub(super) fn strand(left: Point, tip: Point, right: Point, bend: f32) -> Option<Path> {
    Contour::from(left).bow(tip, bend).bow(right, -bend).bow(left, 0.0).close()
}
