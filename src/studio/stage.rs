//! Puts one character into one picture.

use image::RgbImage;
use tiny_skia::{Pixmap, PixmapMut, PixmapPaint, PremultipliedColorU8, Transform};

use crate::character::Character;
use crate::draw;
use crate::draw::pen::{Extents, Pen};
use crate::geometry::{Rect, rotation};
use crate::scene::{Framing, Scene};

/// A finished picture and where the character is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The picture.
    pub image: RgbImage,
    /// The head with hair (down to the shoulders), ears, wings and hat, clipped to the picture.
    pub head: Rect,
    /// The skin of the face, clipped to the picture; always inside `head`.
    pub face: Rect,
}

/// Draws `character` in `scene` as a square picture of `size` × `size` pixels.
///
/// `size` is kept between 16 and 4096.
#[must_use]
pub fn render(character: &Character, scene: &Scene, size: u32) -> Rendered {
    let size = size.clamp(16, 4096);
    let mut canvas = canvas(size, size);
    let whole = frame(&canvas.as_mut());
    scene.background.paint(&mut canvas.as_mut(), scene.seed);
    if let Some(mount) = &scene.mount {
        mount.paint(&mut canvas.as_mut(), scene.seed);
    }
    let transform = placement(character, scene, whole);
    let (head, face) = pose(&mut canvas.as_mut(), character, scene, transform);
    Rendered { image: develop(canvas, scene), head, face }
}

/// An empty canvas; both sides must lie between 1 and 4096.
pub(crate) fn canvas(width: u32, height: u32) -> Pixmap {
    Pixmap::new(width, height).expect("sides between 1 and 4096 give a valid size")
}

/// The rectangle of the whole canvas.
#[expect(clippy::cast_precision_loss, reason = "canvases are at most 4096 pixels wide")]
pub(crate) fn frame(canvas: &PixmapMut<'_>) -> Rect {
    Rect::from_edges(0.0, 0.0, canvas.width() as f32, canvas.height() as f32)
}

/// Where the figure must be put so that the framed part of it fills `cell`.
pub(crate) fn placement(character: &Character, scene: &Scene, cell: Rect) -> Transform {
    let pose = &scene.pose;
    let flip = if pose.mirrored { -1.0 } else { 1.0 };
    let turn = rotation(pose.roll).pre_scale(flip, 1.0);
    let mut gauge = Pen::new(None, scene, turn);
    draw::figure(&mut gauge, character, scene);
    let framed = framed(gauge.extents(), scene.framing);

    let margin = scene.mount.as_ref().map_or(pose.margin, |mount| pose.margin.max(mount.margin()));
    let room = (1.0 - 2.0 * (margin + scene.style.border)).max(0.1);
    let scale = (cell.width / framed.width).min(cell.height / framed.height) * room;
    let x = cell.x + cell.width * (0.5 + pose.shift.0) - (framed.x + framed.width / 2.0) * scale;
    let y = cell.y + cell.height * (0.5 + pose.shift.1) - (framed.y + framed.height / 2.0) * scale;
    turn.post_scale(scale, scale).post_translate(x, y)
}

/// The part of the figure that the framing shows.
fn framed(extents: Extents, framing: Framing) -> Rect {
    let head = extents.head.rect();
    let longer = |share: f32| Rect { height: head.height + share, ..head };
    match framing {
        Framing::Badge => head,
        Framing::Head => longer(0.15),
        Framing::Bust => longer(0.95),
        Framing::Full => extents.figure.rect(),
    }
}

/// Draws the figure onto the canvas; returns the boxes of head and face.
pub(crate) fn pose(
    target: &mut PixmapMut<'_>,
    character: &Character,
    scene: &Scene,
    transform: Transform,
) -> (Rect, Rect) {
    let whole = frame(target);
    let mut layer = canvas(target.width(), target.height());
    let mut pen = Pen::new(Some(layer.as_mut()), scene, transform);
    draw::figure(&mut pen, character, scene);
    let extents = pen.extents();
    if scene.style.border > 0.0 {
        let width = scene.style.border * whole.width.min(whole.height);
        border(target, &layer, width);
    }
    let paint = PixmapPaint::default();
    target.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::identity(), None);
    let head = extents.head.rect().clipped_to(whole);
    (head, extents.face.rect().clipped_to(head))
}

/// Paints a white border of `width` pixels around what is drawn on `layer`.
#[expect(clippy::cast_possible_truncation, reason = "borders are a few pixels wide")]
fn border(target: &mut PixmapMut<'_>, layer: &Pixmap, width: f32) {
    let mut silhouette = layer.clone();
    for pixel in silhouette.pixels_mut() {
        let alpha = pixel.alpha();
        if let Some(white) = PremultipliedColorU8::from_rgba(alpha, alpha, alpha, alpha) {
            *pixel = white;
        }
    }
    let paint = PixmapPaint::default();
    for step in 0..12_u8 {
        let (sine, cosine) =
            crate::geometry::sin_cos(f32::from(step) * std::f32::consts::TAU / 12.0);
        let (x, y) = ((cosine * width).round() as i32, (sine * width).round() as i32);
        target.draw_pixmap(x, y, silhouette.as_ref(), &paint, Transform::identity(), None);
    }
}

/// Adds what is in front of the character and takes the picture.
pub(crate) fn develop(mut canvas: Pixmap, scene: &Scene) -> RgbImage {
    for occlusion in &scene.occlusion {
        occlusion.paint(&mut canvas.as_mut(), scene.seed);
    }
    // The background covers everything, so the canvas is opaque and needs no unmultiplying.
    let bytes = canvas
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let drawing = RgbImage::from_raw(canvas.width(), canvas.height(), bytes)
        .expect("three bytes per pixel of the canvas");
    scene.camera.take(drawing, scene.seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::character::invent::random_character;
    use crate::geometry::Extent;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn same_seed_same_bytes() {
        let picture = || {
            let mut rng = ChaCha8Rng::seed_from_u64(11);
            let character = random_character(&mut rng);
            render(&character, &Scene::sample(&mut rng), 64)
        };
        assert_eq!(picture(), picture());
    }

    #[test]
    fn face_lies_in_head_lies_in_picture() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        let whole = Rect::from_edges(0.0, 0.0, 64.0, 64.0);
        for _ in 0..60 {
            let character = random_character(&mut rng);
            let picture = render(&character, &Scene::sample(&mut rng), 64);
            assert!(whole.contains(picture.head), "{:?}", picture.head);
            assert!(picture.head.contains(picture.face), "{:?}", picture.face);
            assert!(picture.face.width > 3.0 && picture.face.height > 3.0);
        }
    }

    #[test]
    fn head_box_fits_the_drawn_head() {
        let text = "name = \"plain\"\n[hair]\ncolor = \"#402010\"\n[ears]\nkind = \"cat\"\n";
        let character = Character::from_toml(text).unwrap();
        let mut scene = Scene::plain();
        scene.framing = Framing::Badge;
        scene.pose.roll = 17.0;
        scene.pose.yaw = 20.0;
        let picture = render(&character, &scene, 200);
        let mut drawn = Extent::EMPTY;
        for (x, y, pixel) in picture.image.enumerate_pixels() {
            if pixel.0 != [255; 3] {
                let middle = |index: u32| f32::from(u16::try_from(index).unwrap()) + 0.5;
                drawn.include((middle(x), middle(y)), 0.5);
            }
        }
        let (drawn, head) = (drawn.rect(), picture.head);
        for (a, b) in [
            (drawn.x, head.x),
            (drawn.y, head.y),
            (drawn.right(), head.right()),
            (drawn.bottom(), head.bottom()),
        ] {
            assert!((a - b).abs() < 2.0, "{drawn:?} {head:?}");
        }
    }

    #[test]
    fn boxes_scale_with_the_picture() {
        let character = random_character(&mut ChaCha8Rng::seed_from_u64(13));
        let small = render(&character, &Scene::plain(), 100).head;
        let large = render(&character, &Scene::plain(), 200).head;
        assert!((large.x - 2.0 * small.x).abs() < 0.5);
        assert!((large.height - 2.0 * small.height).abs() < 0.5);
    }
}
