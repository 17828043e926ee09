//! Faces, as detectors frame them.

use crate::geometry::Rect;

/// A face: the skin between brow and chin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// Where, in pixels of the upright photo; it may reach over the border.
    pub rect: Rect,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
}
