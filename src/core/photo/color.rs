//! Color profiles (ICC.1): a photo with wider colors than sRGB, as most phones take them, is shown
//! with the colors that a browser would show.

use std::fmt;
use std::sync::Arc;

use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};

/// Turns colors of a profile into sRGB.
#[derive(Clone)]
pub struct ToSrgb(Arc<dyn TransformExecutor<u8> + Send + Sync>);

impl fmt::Debug for ToSrgb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ToSrgb")
    }
}

impl ToSrgb {
    /// From a profile; `None` where it cannot be read, is not for RGB, or changes nothing that can
    /// be seen, which is so for sRGB itself.
    #[must_use]
    pub fn new(profile: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        if profile.color_space != DataColorSpace::Rgb {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let transform = profile.create_transform_8bit(
            Layout::Rgb,
            &srgb,
            Layout::Rgb,
            TransformOptions::default(),
        );
        let transform = Self(transform.ok()?);
        transform.changes_colors().then_some(transform)
    }

    /// Converts all pixels of a picture.
    pub fn apply(&self, picture: &mut RgbImage) {
        let stored = picture.as_raw().clone();
        // Both have the same number of whole pixels, which is all that it asks for.
        let _ = self.0.transform(&stored, picture);
    }

    /// Whether any of some colors, evenly spread, changes by more than rounding.
    fn changes_colors(&self) -> bool {
        const STEPS: u32 = 6;
        let color = |index: u32| [index % STEPS, index / STEPS % STEPS, index / STEPS / STEPS];
        let colors = RgbImage::from_fn(STEPS * STEPS * STEPS, 1, |x, _| {
            image::Rgb(color(x).map(|step| (step * 51) as u8))
        });
        let mut converted = colors.clone();
        self.apply(&mut converted);
        colors
            .as_raw()
            .iter()
            .zip(converted.as_raw())
            .any(|(before, after)| before.abs_diff(*after) > 2)
    }
}
