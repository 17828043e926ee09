//! Bytes become a picture and parts of it, or nothing; a part is a part of the whole.
#![no_main]

use friends_jpeg::{Area, Jpeg, Picture, Scale};

/// Larger pictures are not decoded.
const PIXELS: usize = 1_000_000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(jpeg) = Jpeg::open(bytes) else { return };
    let (width, height) = jpeg.size();
    if width * height > PIXELS {
        return;
    }
    let first = Scale::ALL[bytes.len() % 4];
    let Some((jpeg, picture)) = jpeg.index(first) else { return };
    let area = Area { x: width / 3, y: height / 2, width: width / 4 + 1, height: height / 3 + 1 };
    let part = jpeg.region(area, first).expect("a stream that was walked can be walked again");
    assert!(is_part_of(&part, &picture));
    for scale in Scale::ALL {
        assert!(jpeg.region(area, scale).is_some(), "{scale:?}");
    }
});

/// Whether a part has the samples that the whole has there.
fn is_part_of(part: &Picture, whole: &Picture) -> bool {
    part.planes.iter().zip(&whole.planes).all(|(part_plane, plane)| {
        let (left, top) = (part.x / plane.step.0, part.y / plane.step.1);
        (0..part_plane.height).all(|row| {
            let at = (top + row) * plane.width + left;
            part_plane.samples[row * part_plane.width..][..part_plane.width]
                == plane.samples[at..][..part_plane.width]
        })
    })
}
