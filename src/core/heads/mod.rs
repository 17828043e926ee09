//! The detector inside the program: a small convolutional network that finds faces, drawn, masked or bare.
//!
//! `MobileNetV1` at a quarter of its width, cut where its stride is 16, and one 1×1 convolution that says for each cell of 8×8 input
//! pixels whether a face has its middle there, and how large it is. `models/heads/README.md` says what it was trained on and how often
//! it errs. From the face to the head that is judged: [`crop`](crate::crop).

mod decode;
mod tiles;

use bytes::Bytes;
use serde::Deserialize;
use tract_onnx::prelude::*;

use crate::error::Error;
use crate::face::Face;
use crate::geometry::{PixelRect, Rect, Size, suppress};
use crate::network::{Network, normalize};
use crate::photo::Photo;

/// The network, ONNX, 0.2 MB.
static NETWORK: &[u8] = include_bytes!("../../../models/heads/faces.onnx");
/// What belongs to the network.
static MANIFEST: &str = include_str!("../../../models/heads/manifest.json");

/// What the photo leaves free of the input: middle gray, as in training.
const MARGIN: f32 = 127.0;
/// Of two faces that overlap by this much, as intersection over union, the stronger stays.
const SAME_FACE_IOU: f32 = 0.3;
/// A face of which this share lies in a stronger one, or that covers this share of it, is the same face.
const SAME_FACE_SHARE: f32 = 0.7;

/// `models/heads/manifest.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form's version, 1.
    pub schema: u32,
    /// What the network is called.
    pub name: String,
    /// The network's file.
    pub network: String,
    /// SHA-256 of that file.
    pub sha256: String,
    /// Width and height of the network's input in pixels, a multiple of 16.
    pub input_side: u32,
    /// The least score that counts as a face, 0 to 1.
    pub threshold: f32,
    /// The shorter side of the smallest face that counts, in pixels of the photo.
    pub smallest_face: f32,
}

/// A loaded detector.
pub struct FaceDetector {
    network: Network,
    manifest: Manifest,
}

impl FaceDetector {
    /// Loads the network from the program itself.
    ///
    /// # Errors
    /// Never with an unaltered program.
    pub fn load() -> Result<Self, Error> {
        let broken = |error: &dyn std::fmt::Display| Error::fault("loading the face detector", error.to_string());
        let manifest: Manifest = serde_json::from_str(MANIFEST).map_err(|error| broken(&error))?;
        let side = manifest.input_side as usize;
        let network = Network::load(Bytes::from_static(NETWORK), [side, side]).map_err(|error| broken(&error))?;
        Ok(Self { network, manifest })
    }

    /// What runs the network on this machine, for people to read.
    #[must_use]
    pub fn operator(&self) -> &str {
        self.network.operator()
    }

    /// What belongs to the network.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The faces in a photo, from the surest to the least sure; their boxes may reach over the border.
    ///
    /// # Errors
    /// When the network breaks, which no photo makes it do.
    pub fn find(&self, photo: &Photo) -> Result<Vec<Face>, Error> {
        self.find_above(photo, self.manifest.threshold)
    }

    /// As [`FaceDetector::find`], with a threshold of the caller's: for curves of recall over false alarms.
    ///
    /// # Errors
    /// As [`FaceDetector::find`].
    pub fn find_above(&self, photo: &Photo, threshold: f32) -> Result<Vec<Face>, Error> {
        let size = photo.size();
        let large_enough = |face: &Face| face.rect.width.min(face.rect.height) >= self.manifest.smallest_face;
        let mut faces = self.look(photo, size.pixels(), threshold)?;
        faces.retain(large_enough);
        let sure: Vec<Face> = faces.iter().copied().filter(|face| face.confidence >= self.manifest.threshold).collect();
        if let Some(side) = tiles::side(size, &one_each(sure)) {
            for tile in tiles::tiles(size, side) {
                let seen = self.look(photo, tile, threshold)?;
                faces.extend(seen.into_iter().filter(|face| large_enough(face) && tiles::whole_and_small(face.rect, tile, size)));
            }
        }
        Ok(one_each(faces))
    }

    /// One run of the network on a part of a photo. Several boxes may frame one face.
    fn look(&self, photo: &Photo, part: PixelRect, threshold: f32) -> Result<Vec<Face>, Error> {
        let side = self.manifest.input_side;
        let broke = |error: TractError| Error::fault("running the face detector", error.to_string());
        let outputs = self.network.run(self.tensor(photo, part), [side as usize; 2]).map_err(broke)?;
        let map = outputs[0].to_plain_array_view::<f32>().map_err(broke)?;
        let map = map.as_slice().ok_or_else(|| Error::fault("running the face detector", "its output is not contiguous"))?;
        let scale = part.width.max(part.height) as f32 / side as f32;
        let in_photo = |face: Face| {
            let rect = face.rect.scaled(scale, scale);
            Face { rect: Rect::new(rect.x + part.x as f32, rect.y + part.y as f32, rect.width, rect.height), ..face }
        };
        Ok(decode::faces(map, side as usize / 16, threshold).map(in_photo).collect())
    }

    /// The part scaled into the upper left corner of the input, `value / 127.5 - 1`, as `[side, side, 3]`.
    fn tensor(&self, photo: &Photo, part: PixelRect) -> Vec<f32> {
        let side = self.manifest.input_side;
        let size = Size { width: part.width, height: part.height };
        let view = photo.view(part.into(), size.scaled_to(side));
        let levels = [std::array::from_fn(|value| normalized(value as f32)); 3];
        let row = 3 * side as usize;
        let mut tensor = vec![normalized(MARGIN); row * side as usize];
        for (pixels, numbers) in view.as_raw().chunks_exact(3 * view.width() as usize).zip(tensor.chunks_exact_mut(row)) {
            normalize(pixels, &levels, numbers);
        }
        tensor
    }
}

/// From 0 to 255 to -1 to 1, as the network was trained.
fn normalized(value: f32) -> f32 {
    value / 127.5 - 1.0
}

/// One box a face, the surest first.
fn one_each(faces: Vec<Face>) -> Vec<Face> {
    suppress(faces, same_face, |face| (face.rect, face.confidence))
}

/// Whether two boxes frame one face.
fn same_face(a: Rect, b: Rect) -> bool {
    let shared = a.intersection(b).map_or(0.0, Rect::area);
    a.iou(b) >= SAME_FACE_IOU || shared >= SAME_FACE_SHARE * a.area().min(b.area())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    #[test]
    fn the_manifest_is_of_the_network_that_is_shipped() {
        let detector = FaceDetector::load().unwrap();
        let manifest = detector.manifest();
        assert_eq!((manifest.schema, manifest.input_side % 16), (1, 0));
        assert_eq!(manifest.sha256, sha256(NETWORK));
    }

    #[test]
    fn a_face_in_a_face_is_the_same_one() {
        let face = Rect::new(0.0, 0.0, 100.0, 100.0);
        assert!(same_face(face, Rect::new(10.0, 10.0, 40.0, 40.0)), "inside");
        assert!(same_face(face, Rect::new(40.0, 0.0, 100.0, 100.0)), "much of both");
        assert!(!same_face(face, Rect::new(80.0, 0.0, 100.0, 100.0)), "a neighbour");
    }
}
