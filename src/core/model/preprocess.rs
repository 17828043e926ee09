//! From a region of a photo to the network's input: the only copy, shared by serving, evaluation
//! and training.

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::geometry::{PixelRect, Size, letterbox};
use crate::network::normalize;
use crate::photo::Photo;

/// What the network expects: an RGB picture of fixed size, `(value - mean) / std` for each channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// For red, green and blue, on the scale 0 to 255.
    pub mean: [f32; 3],
    /// For red, green and blue, on the scale 0 to 255; not zero.
    pub std: [f32; 3],
}

impl Input {
    /// Width and height of the network's input.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// The region evenly scaled into the middle of the input; what stays free is white, as paper
    /// is.
    #[must_use]
    pub fn picture(&self, photo: &Photo, area: PixelRect) -> RgbImage {
        let content = letterbox(area.into(), self.size());
        let size = Size { width: content.width, height: content.height };
        let view = photo.view(area.into(), size);
        if size == self.size() {
            return view;
        }
        let mut picture = RgbImage::from_pixel(self.width, self.height, image::Rgb([255; 3]));
        image::imageops::replace(&mut picture, &view, i64::from(content.x), i64::from(content.y));
        picture
    }

    /// The picture as the network sees it, `[height, width, 3]`, row-major.
    ///
    /// # Panics
    /// When the picture does not have the input's size.
    #[must_use]
    pub fn tensor(&self, picture: &RgbImage) -> Vec<f32> {
        assert_eq!(
            picture.dimensions(),
            (self.width, self.height),
            "a picture of the input's size"
        );
        let level =
            |channel: usize, value: usize| (value as f32 - self.mean[channel]) / self.std[channel];
        let levels =
            std::array::from_fn(|channel| std::array::from_fn(|value| level(channel, value)));
        let mut tensor = vec![0.0; picture.as_raw().len()];
        normalize(picture.as_raw(), &levels, &mut tensor);
        tensor
    }

    /// The picture behind a bundle's golden vector: smooth waves of three periods, the same on
    /// every machine.
    #[must_use]
    pub fn golden_picture(&self) -> RgbImage {
        // A triangle wave in whole numbers, so that no platform's rounding can differ.
        let wave = |position: u32, period: u32| {
            let phase = (position % period) * 510 / period;
            (if phase > 255 { 510 - phase } else { phase }) as u8
        };
        RgbImage::from_fn(self.width, self.height, |x, y| {
            image::Rgb([wave(x + y, 64), wave(x * 2 + y, 96), wave(y * 3, 80)])
        })
    }
}
