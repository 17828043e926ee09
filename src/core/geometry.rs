//! Boxes and how they move between pictures.
//!
//! There is one coordinate system: pixels of the upright photo, origin at the top-left corner, x to
//! the right, y down. A [`Rect`] is continuous: the photo covers `0..width` by `0..height`, the
//! first pixel `0..1`.

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right, at least 1.
    pub width: u32,
    /// Pixels from top to bottom, at least 1.
    pub height: u32,
}

impl Size {
    /// The rectangle that covers everything of this size.
    #[must_use]
    pub fn rect(self) -> Rect {
        Rect { x: 0.0, y: 0.0, width: self.width as f32, height: self.height as f32 }
    }

    /// All pixels of everything of this size.
    #[must_use]
    pub fn pixels(self) -> PixelRect {
        PixelRect { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The largest size of the same shape whose longer side is at most `longest` (never enlarged,
    /// never under 1).
    #[must_use]
    pub fn shrunk_to(self, longest: u32) -> Self {
        if longest >= self.width.max(self.height) { self } else { self.scaled_to(longest) }
    }

    /// The size of the same shape whose longer side is `longest` (neither side under 1).
    #[must_use]
    pub fn scaled_to(self, longest: u32) -> Self {
        let scale = f64::from(longest) / f64::from(self.width.max(self.height));
        let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        Self { width: side(self.width), height: side(self.height) }
    }
}

/// An axis-parallel rectangle in continuous pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Extent to the right, not negative.
    pub width: f32,
    /// Extent downwards, not negative.
    pub height: f32,
}

impl Rect {
    /// A rectangle from its corner and extents.
    #[must_use]
    pub fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self { x, y, width, height }
    }

    /// The rectangle between two corners; empty when the second is not beyond the first.
    #[must_use]
    pub fn from_edges(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self { x: left, y: top, width: (right - left).max(0.0), height: (bottom - top).max(0.0) }
    }

    /// Right edge.
    #[must_use]
    pub fn right(self) -> f32 {
        self.x + self.width
    }

    /// Bottom edge.
    #[must_use]
    pub fn bottom(self) -> f32 {
        self.y + self.height
    }

    /// Horizontal and vertical centre.
    #[must_use]
    pub fn center(self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Square pixels.
    #[must_use]
    pub fn area(self) -> f32 {
        self.width * self.height
    }

    /// The part that both share, if they share any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = self.right().min(other.right()) - x;
        let height = self.bottom().min(other.bottom()) - y;
        (width > 0.0 && height > 0.0).then_some(Self { x, y, width, height })
    }

    /// The part that lies inside `other`; empty, and on its border, if they do not meet.
    #[must_use]
    pub fn clipped_to(self, other: Self) -> Self {
        let left = self.x.clamp(other.x, other.right());
        let top = self.y.clamp(other.y, other.bottom());
        Self::from_edges(
            left,
            top,
            self.right().clamp(left, other.right()),
            self.bottom().clamp(top, other.bottom()),
        )
    }

    /// Whether `other` lies wholly inside, edges included and rounding forgiven.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        const SLACK: f32 = 1e-3;
        other.x >= self.x - SLACK
            && other.y >= self.y - SLACK
            && other.right() <= self.right() + SLACK
            && other.bottom() <= self.bottom() + SLACK
    }

    /// Intersection over union, 0 (apart) to 1 (the same).
    #[must_use]
    pub fn iou(self, other: Self) -> f32 {
        let shared = self.intersection(other).map_or(0.0, Self::area);
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }

    /// The rectangle multiplied by `(horizontal, vertical)` factors: the same place in a resized
    /// picture.
    #[must_use]
    pub fn scaled(self, horizontal: f32, vertical: f32) -> Self {
        Self {
            x: self.x * horizontal,
            y: self.y * vertical,
            width: self.width * horizontal,
            height: self.height * vertical,
        }
    }

    /// The whole pixels that the part inside a picture of `size` touches; `None` when it lies
    /// outside.
    #[must_use]
    pub fn pixels_within(self, size: Size) -> Option<PixelRect> {
        let inside = self.intersection(size.rect())?;
        let x = inside.x.floor() as u32;
        let y = inside.y.floor() as u32;
        let right = (inside.right().ceil() as u32).min(size.width);
        let bottom = (inside.bottom().ceil() as u32).min(size.height);
        (right > x && bottom > y).then(|| PixelRect { x, y, width: right - x, height: bottom - y })
    }
}

/// A rectangle of whole pixels, as the result document carries it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct PixelRect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Number of columns, at least 1.
    pub width: u32,
    /// Number of rows, at least 1.
    pub height: u32,
}

impl From<PixelRect> for Rect {
    fn from(pixels: PixelRect) -> Self {
        Self {
            x: pixels.x as f32,
            y: pixels.y as f32,
            width: pixels.width as f32,
            height: pixels.height as f32,
        }
    }
}

/// Non-maximum suppression: of items whose boxes are the `same`, the strongest stays.
///
/// `key` gives an item's box and confidence. The result is ordered from the strongest to the
/// weakest.
pub fn suppress<T>(
    mut items: Vec<T>,
    same: impl Fn(Rect, Rect) -> bool,
    key: impl Fn(&T) -> (Rect, f32),
) -> Vec<T> {
    items.sort_by(|a, b| key(b).1.total_cmp(&key(a).1));
    let mut kept: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        let (rect, _) = key(&item);
        if kept.iter().all(|strong| !same(key(strong).0, rect)) {
            kept.push(item);
        }
    }
    kept
}

/// The pixels of a frame of `frame` pixels that `source` (positive extents) covers when it is
/// scaled evenly until it fits and then centred; the rest of the frame is margin.
#[must_use]
pub fn letterbox(source: Rect, frame: Size) -> PixelRect {
    let scale = (frame.width as f32 / source.width).min(frame.height as f32 / source.height);
    let side = |length: f32, limit: u32| ((length * scale).round() as u32).clamp(1, limit);
    let (width, height) = (side(source.width, frame.width), side(source.height, frame.height));
    PixelRect { x: (frame.width - width) / 2, y: (frame.height - height) / 2, width, height }
}
