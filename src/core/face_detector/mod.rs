//! The detector inside the program: a small convolutional network that finds faces, of cosplayers
//! and other people, masked, bare or drawn.
//!
//! A network of residual blocks says for each cell of 16×16 and of 32×32 input pixels whether there
//! are faces, and where. `models/face-detector/README.md` says what it was trained on and how often
//! it errs. From the face to the head that is judged: [`crop`](crate::crop).

mod decode;
mod looks;

use bytes::Bytes;
use serde::Deserialize;
use tract_onnx::prelude::*;

use crate::error::Fault;
use crate::face::Face;
use crate::geometry::{Rect, suppress};
use crate::network::{Network, normalize};
use crate::photo::Photo;

pub use decode::Frame;
pub use looks::Looks;

/// The network, ONNX, 0.6 MB.
static NETWORK: &[u8] = include_bytes!("../../../models/face-detector/faces.onnx");
/// What belongs to the network.
static MANIFEST: &str = include_str!("../../../models/face-detector/manifest.json");

/// The sides of an input are multiples of it, the coarsest of the network's strides.
const STRIDE: u32 = 32;
/// What a photo leaves free of the input: black, as in training.
const MARGIN: f32 = -1.0;
/// Of two faces that overlap by this much, as intersection over union, the stronger stays.
const SAME_FACE_IOU: f32 = 0.3;
/// A face of which this share lies in a stronger one, or that covers this share of it, is the same
/// face.
const SAME_FACE_SHARE: f32 = 0.7;

/// `models/face-detector/manifest.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form's version, 2.
    pub schema: u32,
    /// What the network is called.
    pub name: String,
    /// The network's file.
    pub network: String,
    /// SHA-256 of that file.
    pub sha256: String,
    /// What the file is and what it was made of, for people to read.
    pub source: String,
    /// How large a photo is looked at.
    pub looks: Looks,
    /// The least score that counts as a face, 0 to 1.
    pub threshold: f32,
    /// The shorter side of the smallest face that counts, in pixels of the photo.
    pub smallest_face: f32,
    /// How the network's boxes become ours.
    pub frame: Frame,
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
    pub fn load() -> Result<Self, Fault> {
        let broken = |error: &dyn std::fmt::Display| {
            Fault::new("loading the face detector", error.to_string())
        };
        let manifest: Manifest = serde_json::from_str(MANIFEST).map_err(|error| broken(&error))?;
        let side = manifest.looks.first as usize;
        let network = Network::load(Bytes::from_static(NETWORK), [side, side])
            .map_err(|error| broken(&error))?;
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

    /// The faces in a photo, from the surest to the least sure; their boxes may reach over the
    /// border.
    ///
    /// # Errors
    /// When the network breaks, which no photo makes it do.
    pub fn find(&self, photo: &Photo) -> Result<Vec<Face>, Fault> {
        self.find_above(photo, self.manifest.threshold)
    }

    /// As [`FaceDetector::find`], with a threshold of the caller's: for curves of recall over false
    /// alarms.
    ///
    /// # Errors
    /// As [`FaceDetector::find`].
    pub fn find_above(&self, photo: &Photo, threshold: f32) -> Result<Vec<Face>, Fault> {
        let (size, looks) = (photo.size(), self.manifest.looks);
        let mut faces = self.look(photo, looks::side(size, looks.first), threshold)?;
        let mut sure = self.sure(&faces);
        if sure.is_empty() {
            faces.extend(self.look(photo, looks::side(size, looks.near), threshold)?);
            sure = self.sure(&faces);
        }
        if let Some(side) = looks.last(size, &sure) {
            faces.extend(self.look(photo, looks::side(size, side), threshold)?);
        }
        Ok(one_each(faces))
    }

    /// Those that count as faces, one box each.
    fn sure(&self, faces: &[Face]) -> Vec<Face> {
        one_each(
            faces
                .iter()
                .filter(|face| face.confidence >= self.manifest.threshold)
                .copied()
                .collect(),
        )
    }

    /// One run of the network on a photo that is scaled to this longer side. Several boxes may
    /// frame one face.
    fn look(&self, photo: &Photo, side: u32, threshold: f32) -> Result<Vec<Face>, Fault> {
        let broke = |error: TractError| Fault::new("running the face detector", error.to_string());
        let (tensor, size) = tensor(photo, side);
        let outputs = self.network.run(tensor, size).map_err(broke)?;
        let views = outputs.iter().map(|output| output.to_plain_array_view::<f32>());
        let views = views.collect::<TractResult<Vec<_>>>().map_err(broke)?;
        let numbers: Option<Vec<&[f32]>> = views.iter().map(|view| view.as_slice()).collect();
        let numbers = numbers.and_then(|numbers| <[&[f32]; 4]>::try_from(numbers).ok());
        let numbers = numbers
            .ok_or_else(|| Fault::new("running the face detector", "its outputs are not four"))?;
        let mut faces = decode::faces(numbers, size, threshold, &self.manifest.frame);
        let photo = photo.size();
        let scale = photo.width.max(photo.height) as f32 / side as f32;
        for face in &mut faces {
            face.rect = face.rect.scaled(scale, scale);
        }
        faces.retain(|face| face.rect.width.min(face.rect.height) >= self.manifest.smallest_face);
        Ok(faces)
    }
}

/// The photo scaled to this longer side, in the upper left corner of an input that is as large as
/// it must be: `value / 127.5 - 1` as `[rows, columns, 3]`, and rows and columns.
fn tensor(photo: &Photo, side: u32) -> (Vec<f32>, [usize; 2]) {
    let scaled = photo.size().scaled_to(side);
    let view = photo.view(photo.size().rect(), scaled);
    let [rows, columns] =
        [scaled.height, scaled.width].map(|length| length.next_multiple_of(STRIDE) as usize);
    let levels = [std::array::from_fn(|value| normalized(value as f32)); 3];
    let row = 3 * columns;
    let mut tensor = vec![MARGIN; row * rows];
    for (pixels, numbers) in
        view.as_raw().chunks_exact(3 * scaled.width as usize).zip(tensor.chunks_exact_mut(row))
    {
        normalize(pixels, &levels, numbers);
    }
    (tensor, [rows, columns])
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
        assert_eq!(manifest.schema, 2);
        assert_eq!(manifest.sha256, sha256(NETWORK));
    }

    #[test]
    fn an_input_is_as_large_as_the_photo_needs_and_black_beside_it() {
        let white = |width, height| {
            Photo::from_upright(image::RgbImage::from_pixel(width, height, image::Rgb([255; 3])))
        };
        for ((width, height), side, (rows, columns)) in [
            ((300, 200), 256, (192, 256)),
            ((200, 300), 320, (320, 224)),
            ((640, 20), 320, (32, 320)),
            ((9, 9), 128, (128, 128)),
        ] {
            let photo = white(width, height);
            let (tensor, size) = tensor(&photo, side);
            assert_eq!(size, [rows, columns]);
            assert_eq!(tensor.len(), 3 * rows * columns);
            let bright = tensor.iter().filter(|number| **number > 0.9).count();
            let scaled = photo.size().scaled_to(side);
            assert_eq!(bright, 3 * (scaled.width * scaled.height) as usize);
            assert_eq!(
                tensor.iter().filter(|number| **number == MARGIN).count(),
                tensor.len() - bright
            );
        }
    }

    #[test]
    fn a_face_in_a_face_is_the_same_one() {
        let face = Rect::new(0.0, 0.0, 100.0, 100.0);
        assert!(same_face(face, Rect::new(10.0, 10.0, 40.0, 40.0)), "inside");
        assert!(same_face(face, Rect::new(40.0, 0.0, 100.0, 100.0)), "much of both");
        assert!(!same_face(face, Rect::new(80.0, 0.0, 100.0, 100.0)), "a neighbour");
    }
}
