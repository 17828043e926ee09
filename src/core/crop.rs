//! From a face to the head that is judged.
//!
//! Detectors frame the skin between brow and chin. What names a Friend lies around it: hair, ears,
//! hat, feathers. So a face is grown into a square head before it is judged.

use crate::face::Face;
use crate::geometry::{PixelRect, Rect, Size, suppress};

/// Side of the head square as a multiple of the longer side of the face box.
const HEAD_GROWTH: f32 = 2.8;
/// How far the centre moves up, as a share of the longer side of the face box: ears and hats are
/// above, not below.
const HEAD_LIFT: f32 = 0.33;
/// Heads that overlap by more than this are one head.
const SAME_HEAD_IOU: f32 = 0.5;

/// Heads whose shorter side has fewer pixels are small. Of new drawings cut to the head, the bundle
/// names 0.99 at 48 pixels and 0.93 at 32.
pub const SMALL_HEAD: u32 = 48;

/// What part of the photo a verdict speaks of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RegionKind {
    /// A detected face, grown to a head with ears and hat.
    Head,
    /// No face was found: the whole photo.
    Photo,
    /// The box that the caller drew.
    Drawn,
}

/// A part of the photo to be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Where, in pixels of the upright photo, inside it.
    pub area: PixelRect,
    /// How the region came about.
    pub kind: RegionKind,
    /// The detector's confidence that this is a face, 0 to 1; 1 where nothing had to be detected.
    pub confidence: f32,
}

impl Region {
    /// The whole photo.
    #[must_use]
    pub fn whole(photo: Size) -> Self {
        Self { area: photo.pixels(), kind: RegionKind::Photo, confidence: 1.0 }
    }

    /// Whether it is a head, found or drawn, of so few pixels that a verdict on it is not to be
    /// relied on.
    #[must_use]
    pub fn is_small(&self) -> bool {
        self.kind != RegionKind::Photo && self.area.width.min(self.area.height) < SMALL_HEAD
    }

    /// The box that a caller drew, clamped to the photo; `None` when it lies outside.
    #[must_use]
    pub fn drawn(rect: Rect, photo: Size) -> Option<Self> {
        Some(Self { area: rect.pixels_within(photo)?, kind: RegionKind::Drawn, confidence: 1.0 })
    }
}

/// The square around a face that holds its hair, ears and hat; it may reach outside the photo.
#[must_use]
pub fn head_around(face: Rect) -> Rect {
    let longer = face.width.max(face.height);
    let side = longer * HEAD_GROWTH;
    let (x, y) = face.center();
    Rect::new(x - side / 2.0, y - longer * HEAD_LIFT - side / 2.0, side, side)
}

/// The regions to judge: the `most` strongest heads, one each, from left to right; the whole photo
/// when there is none.
#[must_use]
pub fn regions(faces: &[Face], photo: Size, most: usize) -> Vec<Region> {
    let heads = suppress(
        faces.to_vec(),
        |a, b| a.iou(b) > SAME_HEAD_IOU,
        |face| (head_around(face.rect), face.confidence),
    );
    let mut regions: Vec<Region> = heads
        .iter()
        .filter_map(|face| {
            let area = head_around(face.rect).pixels_within(photo)?;
            Some(Region { area, kind: RegionKind::Head, confidence: face.confidence })
        })
        .take(most)
        .collect();
    if regions.is_empty() {
        regions.push(Region::whole(photo));
    }
    regions.sort_by_key(|region| (region.area.x, region.area.y));
    regions
}
