//! A plain JPEG that is decoded where it is looked at: the whole at a fraction that the first look
//! needs, then heads, each at the scale that it needs. Planes are resized before they become RGB.

use std::sync::OnceLock;

use fast_image_resize::pixels::U8;
use friends_jpeg::{Area, IndexedJpeg, Jpeg, Picture, Plane, Scale};
use image::RgbImage;

use super::Header;
use crate::geometry::{Rect, Size};
use crate::photo::pixels::resize;

/// Pixels of the longer side that the first look at a photo takes: the face detector's.
const FIRST_LOOK: f32 = 320.0;

/// A look at the whole photo has so many times as many pixels as it needs, since a detector looks
/// for what is small.
const MARGIN: f32 = 1.5;

/// A JPEG whose parts are decoded when they are looked at.
pub struct IndexedPhoto {
    jpeg: IndexedJpeg,
    /// The whole, as it was decoded first.
    overview: Picture,
    /// The whole at a half and a quarter, once somebody looks at it so closely.
    closer: [OnceLock<Option<Picture>>; 2],
}

impl IndexedPhoto {
    /// Reads a whole, plain JPEG; `None` for every other one.
    pub fn read(bytes: &[u8], header: &Header) -> Option<Self> {
        let jpeg = Jpeg::open(bytes).filter(|_| header.has_end)?;
        let Size { width, height } = header.size;
        (jpeg.size() == (width as usize, height as usize)).then_some(())?;
        let scale = scale_for(width.max(height) as f32, MARGIN * FIRST_LOOK);
        let (jpeg, overview) = jpeg.index(scale)?;
        Some(Self { jpeg, overview, closer: Default::default() })
    }

    /// How many times smaller than the photo its pixels are kept.
    pub fn divisor(&self) -> u32 {
        self.overview.scale.divisor() as u32
    }

    /// Bytes of the pixels that are kept.
    pub fn bytes(&self) -> usize {
        self.overview.planes.iter().map(|plane| plane.samples.len()).sum()
    }

    /// A region, cut out and resized.
    pub fn view(&self, region: Rect, size: Size) -> RgbImage {
        let part;
        let picture = if let Some(whole) = self.whole_for(region, size) {
            whole
        } else {
            part = self.jpeg.region(area(region), scale_for(longer(region), needed(size)));
            // A stream that was walked once can be walked again.
            part.as_ref().unwrap_or(&self.overview)
        };
        let planes = picture.planes.iter().map(|plane| {
            let (across, down) = (plane.step.0 as f32, plane.step.1 as f32);
            let left = (region.x - picture.x as f32) / across;
            let top = (region.y - picture.y as f32) / down;
            let cut = Rect::new(left, top, region.width / across, region.height / down);
            resized(plane, cut, size)
        });
        rgb(&planes.collect::<Vec<_>>(), size)
    }

    /// The whole picture, if it serves for this region: where what is kept is fine enough, or where
    /// the region is most of the photo.
    fn whole_for(&self, region: Rect, size: Size) -> Option<&Picture> {
        let kept = self.overview.scale.divisor() as f32;
        if self.overview.scale == Scale::Full || longer(region) / kept >= needed(size) {
            return Some(&self.overview);
        }
        let (width, height) = self.jpeg.size();
        let is_most = 2.0 * region.width * region.height >= (width * height) as f32;
        let scale = scale_for(longer(region), MARGIN * needed(size));
        let closer = match scale {
            Scale::Half => &self.closer[0],
            Scale::Quarter => &self.closer[1],
            Scale::Full | Scale::Eighth => return None,
        };
        let closer = is_most.then(|| closer.get_or_init(|| self.jpeg.whole(scale)));
        closer.and_then(Option::as_ref)
    }
}

/// The coarsest scale that leaves `needed` of so many pixels.
fn scale_for(pixels: f32, needed: f32) -> Scale {
    let is_enough = |scale: &Scale| pixels / scale.divisor() as f32 >= needed;
    Scale::ALL.into_iter().find(is_enough).unwrap_or(Scale::Full)
}

fn longer(region: Rect) -> f32 {
    region.width.max(region.height)
}

fn needed(size: Size) -> f32 {
    size.width.max(size.height) as f32
}

/// The whole pixels that hold a region.
fn area(region: Rect) -> Area {
    let (x, y) = (region.x.max(0.0) as usize, region.y.max(0.0) as usize);
    let (right, bottom) = (region.right().ceil() as usize, region.bottom().ceil() as usize);
    Area { x, y, width: right.saturating_sub(x).max(1), height: bottom.saturating_sub(y).max(1) }
}

fn resized(plane: &Plane, region: Rect, size: Size) -> Vec<u8> {
    let mut samples = vec![0; size.width as usize * size.height as usize];
    let dimensions = (plane.width as u32, plane.height as u32);
    resize::<U8>(&plane.samples, dimensions, region, &mut samples, size);
    samples
}

/// Planes of gray, or of luma and two chromas, as RGB (ITU-T T.871, 7).
fn rgb(planes: &[Vec<u8>], size: Size) -> RgbImage {
    /// Binary places of the factors below.
    const PLACES: i32 = 16;
    let mut picture = RgbImage::new(size.width, size.height);
    let pixels = picture.as_chunks_mut::<3>().0.iter_mut();
    match planes {
        [luma, blue, red] => {
            for (((pixel, &luma), &blue), &red) in pixels.zip(luma).zip(blue).zip(red) {
                let luma = (i32::from(luma) << PLACES) + (1 << (PLACES - 1));
                let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
                // 1.402; 0.344136 and 0.714136; 1.772.
                let color = [
                    luma + 91_881 * red,
                    luma - 22_554 * blue - 46_802 * red,
                    luma + 116_130 * blue,
                ];
                *pixel = color.map(|value| (value >> PLACES).clamp(0, 255) as u8);
            }
        }
        planes => pixels.zip(&planes[0]).for_each(|(pixel, &gray)| *pixel = [gray; 3]),
    }
    picture
}
