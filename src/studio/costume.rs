//! Cosplay: a character's wig, ears, hat and clothes worn by a photographed person.
//!
//! The costume's layers are drawn as for a drawing, behind and in front of the photographed face,
//! in the light of the photo.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tiny_skia::{Pixmap, PixmapPaint, PremultipliedColorU8, Transform};

use crate::character::Character;
use crate::color::Color;
use crate::draw::pen::Pen;
use crate::draw::{self, Layer, Worn};
use crate::geometry::Rect;
use crate::photographed::Wearer;
use crate::random::{Dice, scatter};
use crate::scene::{Framing, LineColor, Scene, Shading};
use crate::stage::{self, Rendered};

/// Where a photographed face lies in figure coordinates: hairline, chin and half its width.
const HAIRLINE: f32 = -0.48;
const CHIN: f32 = 0.93;
const HALF_WIDTH: f32 = 0.78;
/// Skin under white light, which tells the light of a photo.
const SKIN: Color = Color::new(0.85, 0.68, 0.58);

/// Dresses `wearer` as `character`: a square picture of `size` × `size` pixels (kept between 16 and
/// 4096).
///
/// Of `scene`, framing, small turns of the head, occlusion and camera count; a whole figure is
/// shown as a bust.
#[must_use]
pub fn dress(character: &Character, wearer: &Wearer, scene: &Scene, size: u32) -> Rendered {
    dress_within(character, wearer, scene, size.clamp(16, 4096), None)
}

/// As [`dress`], with all of the photo around the wearer, in its own size (4096 pixels a side at
/// most).
#[must_use]
pub fn dress_in_photo(character: &Character, wearer: &Wearer, scene: &Scene) -> Rendered {
    let (width, height) = wearer.photo.dimensions();
    let side = width.max(height).clamp(16, 4096);
    let whole =
        Rect { x: 0.0, y: 0.0, width: width.max(height) as f32, height: width.max(height) as f32 };
    let Rendered { image, head, face } = dress_within(character, wearer, scene, side, Some(whole));
    let image = imageops::crop_imm(&image, 0, 0, width.min(side), height.min(side)).to_image();
    let inside =
        Rect { x: 0.0, y: 0.0, width: image.width() as f32, height: image.height() as f32 };
    Rendered { image, head: head.clipped_to(inside), face: face.clipped_to(inside) }
}

/// `part`: what is shown of the photo, a square; otherwise as the scene's framing says.
fn dress_within(
    character: &Character,
    wearer: &Wearer,
    scene: &Scene,
    size: u32,
    part: Option<Rect>,
) -> Rendered {
    let mut rng = ChaCha8Rng::seed_from_u64(scene.seed ^ 0xc05b);
    let scene = costume(scene, &mut rng);
    let light = light(wearer);
    let worn =
        Worn { clothes: rng.chance(0.7), hair: rng.chance(0.85) || !has_headgear(character) };
    let mut character = character.clone();
    character.skin = mean(wearer);
    if rng.chance(0.8) {
        // In a portrait a tail is hardly ever seen.
        character.tail = None;
    }

    let to_photo = fit(wearer.face, scene.pose.mirrored);
    let mut gauge = Pen::new(None, &scene, to_photo);
    for layer in [Layer::Behind, Layer::Front] {
        draw::layer(&mut gauge, &character, &scene, layer, worn);
    }
    let shown = part.unwrap_or_else(|| shown(gauge.extents().head.rect(), wearer.face, &scene));
    let scale = stage_side(size) / shown.width;
    let to_canvas = |transform: Transform| {
        transform.post_translate(-shown.x, -shown.y).post_scale(scale, scale)
    };

    let mut canvas = photo(wearer, shown, size);
    let face = Rect {
        x: (wearer.face.x - shown.x) * scale,
        y: (wearer.face.y - shown.y) * scale,
        width: wearer.face.width * scale,
        height: wearer.face.height * scale,
    };
    let own = canvas.clone();
    let mut head = face;
    for layer in [Layer::Behind, Layer::Front] {
        let mut cloth = stage::canvas(size, size);
        let mut pen = Pen::new(Some(cloth.as_mut()), &scene, to_canvas(to_photo));
        draw::layer(&mut pen, &character, &scene, layer, worn);
        head = union(head, pen.extents().head.rect());
        weave(&mut cloth, scene.seed, light);
        if layer == Layer::Front {
            cast_shadow(&mut canvas, &cloth, face.height * 0.05);
        }
        canvas.draw_pixmap(
            0,
            0,
            cloth.as_ref(),
            &PixmapPaint::default(),
            Transform::identity(),
            None,
        );
        if layer == Layer::Behind {
            reveal_face(&mut canvas, &own, face);
        }
    }
    let whole = stage::frame(&canvas.as_mut());
    let head = head.clipped_to(whole);
    Rendered { image: stage::develop(canvas, &scene), head, face: face.clipped_to(head) }
}

/// A portrait of `wearer` as they are: an unknown.
#[must_use]
pub fn portrait(wearer: &Wearer, scene: &Scene, size: u32) -> RgbImage {
    let size = size.clamp(16, 4096);
    let mut rng = ChaCha8Rng::seed_from_u64(scene.seed ^ 0xc05b);
    let scene = costume(scene, &mut rng);
    let hair = wearer.face.height * rng.between(0.1, 0.6);
    let head = Rect { y: wearer.face.y - hair, height: wearer.face.height + hair, ..wearer.face };
    stage::develop(photo(wearer, shown(head, wearer.face, &scene), size), &scene)
}

/// The scene as a costume wants it: soft shading, hardly any lines, a fringe that leaves the eyes
/// free.
fn costume(scene: &Scene, rng: &mut ChaCha8Rng) -> Scene {
    let mut scene = scene.clone();
    if scene.framing == Framing::Full {
        scene.framing = Framing::Bust;
    }
    let style = &mut scene.style;
    style.line = if rng.chance(0.6) { 0.0 } else { rng.between(0.005, 0.02) };
    style.line_color = LineColor::Own;
    style.shading = Shading::Soft;
    style.shade = rng.between(0.5, 1.0);
    style.heads = rng.between(4.2, 6.0);
    style.fringe = rng.between(-0.4, -0.12);
    style.border = 0.0;
    style.careless_fringe = None;
    scene.pose.yaw = scene.pose.yaw.clamp(-12.0, 12.0);
    scene.pose.pitch = 0.0;
    scene.pose.arms = (rng.between(0.0, 0.2), rng.between(0.0, 0.2));
    scene.pose.shift = (rng.approx_normal(0.04), rng.approx_normal(0.04));
    scene.pose.margin = rng.between(-0.05, 0.15);
    scene.mount = None;
    scene
}

fn has_headgear(character: &Character) -> bool {
    character.ears.is_some()
        || character.wings.is_some()
        || character.hat.is_some()
        || character.crest.is_some()
}

/// From figure coordinates to the photo: the drawn face onto the photographed one.
fn fit(face: Rect, mirrored: bool) -> Transform {
    let (across, down) = (face.width / (2.0 * HALF_WIDTH), face.height / (CHIN - HAIRLINE));
    let across_signed = if mirrored { -across } else { across };
    Transform::from_row(
        across_signed,
        0.0,
        0.0,
        down,
        face.x + face.width / 2.0,
        face.y - HAIRLINE * down,
    )
}

/// The square of the photo that the picture shows.
fn shown(head: Rect, face: Rect, scene: &Scene) -> Rect {
    let below = if scene.framing == Framing::Bust { 0.9 } else { 0.2 };
    let (top, bottom) = (head.y.min(face.y), (face.y + face.height) + face.height * below);
    let side = (bottom - top).max(head.width) / (1.0 - 2.0 * scene.pose.margin);
    let middle = (
        head.x + head.width / 2.0 + side * scene.pose.shift.0,
        f32::midpoint(top, bottom) + side * scene.pose.shift.1,
    );
    Rect { x: middle.0 - side / 2.0, y: middle.1 - side / 2.0, width: side, height: side }
}

#[expect(clippy::cast_precision_loss, reason = "pictures are at most 4096 pixels wide")]
fn stage_side(size: u32) -> f32 {
    size as f32
}

/// The shown part of the photo on a canvas; beyond its edges the edges go on.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pictures are far smaller than 2^24 pixels, and places are clamped to them"
)]
fn photo(wearer: &Wearer, shown: Rect, size: u32) -> Pixmap {
    let photo = &wearer.photo;
    let inside =
        shown.clipped_to(Rect::from_edges(0.0, 0.0, photo.width() as f32, photo.height() as f32));
    let (left, top) = (inside.x as u32, inside.y as u32);
    let (width, height) = ((inside.width as u32).max(1), (inside.height as u32).max(1));
    let scale = stage_side(size) / shown.width;
    let scaled = |side: u32| ((side as f32 * scale).round() as u32).clamp(1, size * 2);
    let part = imageops::crop_imm(
        photo,
        left.min(photo.width() - 1),
        top.min(photo.height() - 1),
        width,
        height,
    )
    .to_image();
    let part = imageops::resize(&part, scaled(width), scaled(height), FilterType::Triangle);
    let (dx, dy) = ((inside.x - shown.x) * scale, (inside.y - shown.y) * scale);
    let mut canvas = stage::canvas(size, size);
    for (index, pixel) in (0..).zip(canvas.pixels_mut()) {
        let (x, y) = ((index % size) as f32 - dx, (index / size) as f32 - dy);
        let place = |at: f32, side: u32| (at.max(0.0) as u32).min(side - 1);
        let Rgb([r, g, b]) = *part.get_pixel(place(x, part.width()), place(y, part.height()));
        *pixel = PremultipliedColorU8::from_rgba(r, g, b, 255).unwrap_or(*pixel);
    }
    canvas
}

/// The mean color of the middle of the upper half of the face, which masks leave free.
fn mean(wearer: &Wearer) -> Color {
    let face = wearer.face;
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for row in 0..8_u8 {
        for column in 0..8_u8 {
            let x = face.x + face.width * (0.25 + 0.5 * f32::from(column) / 7.0);
            let y = face.y + face.height * (0.2 + 0.25 * f32::from(row) / 7.0);
            if let Some(Rgb(pixel)) = pixel_at(&wearer.photo, x, y) {
                for (sum, channel) in sum.iter_mut().zip(pixel) {
                    *sum += f32::from(channel) / 255.0;
                }
                count += 1.0;
            }
        }
    }
    if count < 1.0 { SKIN } else { Color::new(sum[0] / count, sum[1] / count, sum[2] / count) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative places become 0 and are inside"
)]
fn pixel_at(photo: &RgbImage, x: f32, y: f32) -> Option<Rgb<u8>> {
    photo.get_pixel_checked(x.max(0.0) as u32, y.max(0.0) as u32).copied()
}

/// How the photo's light changes red, green and blue: mostly brightness, for skins differ.
fn light(wearer: &Wearer) -> [f32; 3] {
    let skin = mean(wearer);
    let brightness = (skin.luma() / SKIN.luma()).clamp(0.3, 1.15).sqrt();
    let cast = |is: f32, neutral: f32| {
        brightness * (1.0 + 0.4 * ((is / neutral) / (skin.luma() / SKIN.luma()).max(0.1) - 1.0))
    };
    [cast(skin.red, SKIN.red), cast(skin.green, SKIN.green), cast(skin.blue, SKIN.blue)]
        .map(|factor| factor.clamp(0.25, 1.2))
}

/// Gives the flat colors of a layer strands and the light of the photo.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values stay between 0 and the pixel's opacity"
)]
fn weave(cloth: &mut Pixmap, seed: u64, light: [f32; 3]) {
    let width = cloth.width() as usize;
    for (index, pixel) in cloth.pixels_mut().iter_mut().enumerate() {
        let alpha = pixel.alpha();
        if alpha == 0 {
            continue;
        }
        let (x, y) = (index % width, index / width);
        // Strands: columns that waver slowly downwards; and the grain of a sensor.
        let strand = scatter(seed, x.midpoint(y / 9) as u64) * 0.07;
        let grain = scatter(seed ^ 0x6a17, index as u64) * 0.03;
        let tone = |channel: u8, light: f32| {
            (f32::from(channel) * light * (1.0 + strand + grain)).clamp(0.0, f32::from(alpha)) as u8
        };
        let (red, green, blue) = (
            tone(pixel.red(), light[0]),
            tone(pixel.green(), light[1]),
            tone(pixel.blue(), light[2]),
        );
        *pixel = PremultipliedColorU8::from_rgba(red, green, blue, alpha).unwrap_or(*pixel);
    }
}

/// Darkens the canvas a little below the layer that lies on it.
fn cast_shadow(canvas: &mut Pixmap, cloth: &Pixmap, drop: f32) {
    let mut shadow = cloth.clone();
    for pixel in shadow.pixels_mut() {
        *pixel = PremultipliedColorU8::from_rgba(0, 0, 0, pixel.alpha()).unwrap_or(*pixel);
    }
    for share in [0.4, 0.7, 1.0] {
        let paint = PixmapPaint { opacity: 0.14, ..PixmapPaint::default() };
        let at = Transform::from_translate(0.0, drop * share);
        canvas.draw_pixmap(0, 0, shadow.as_ref(), &paint, at, None);
    }
}

/// Puts the photographed face back over what lies behind it: an oval with a soft edge, from the
/// forehead to the chin.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of bytes"
)]
fn reveal_face(canvas: &mut Pixmap, own: &Pixmap, face: Rect) {
    let width = canvas.width() as usize;
    let middle = (face.x + face.width / 2.0, face.y + face.height * 0.45);
    let (across, down) = (face.width * 0.54, face.height * 0.57);
    for (index, (pixel, own)) in canvas.pixels_mut().iter_mut().zip(own.pixels()).enumerate() {
        let (x, y) =
            ((index % width) as f32 + 0.5 - middle.0, (index / width) as f32 + 0.5 - middle.1);
        let distance = ((x / across).powi(2) + (y / down).powi(2)).sqrt();
        let share = ((1.04 - distance) / 0.12).clamp(0.0, 1.0);
        let blend = |below: u8, above: u8| {
            (f32::from(below) + (f32::from(above) - f32::from(below)) * share).round() as u8
        };
        let (red, green, blue) = (
            blend(pixel.red(), own.red()),
            blend(pixel.green(), own.green()),
            blend(pixel.blue(), own.blue()),
        );
        *pixel = PremultipliedColorU8::from_rgba(red, green, blue, 255).unwrap_or(*pixel);
    }
}

fn union(a: Rect, b: Rect) -> Rect {
    Rect::from_edges(
        a.x.min(b.x),
        a.y.min(b.y),
        a.right().max(b.right()),
        a.bottom().max(b.bottom()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::character::invent::random_character;
    use crate::degrade::Camera;
    use crate::stage::render;

    /// A drawn person stands in for a photographed one.
    fn wearer() -> Wearer {
        let person = random_character(&mut ChaCha8Rng::seed_from_u64(5));
        let drawing = render(&person, &Scene::plain(), 160);
        Wearer { photo: drawing.image, face: drawing.face }
    }

    fn scenes() -> impl Iterator<Item = (Character, Scene)> {
        let mut rng = ChaCha8Rng::seed_from_u64(21);
        (0..40).map(move |_| {
            (
                random_character(&mut rng),
                Scene { camera: Camera::none(), ..Scene::sample(&mut rng) },
            )
        })
    }

    #[test]
    fn the_same_seed_dresses_the_same() {
        for (character, scene) in scenes().take(5) {
            assert_eq!(
                dress(&character, &wearer(), &scene, 96),
                dress(&character, &wearer(), &scene, 96)
            );
        }
    }

    #[test]
    fn the_face_lies_in_the_head_lies_in_the_picture() {
        let whole = Rect::from_edges(0.0, 0.0, 96.0, 96.0);
        for (character, scene) in scenes() {
            let picture = dress(&character, &wearer(), &scene, 96);
            assert!(
                whole.contains(picture.head) && picture.head.contains(picture.face),
                "{picture:?}"
            );
            assert!(picture.face.width > 10.0, "{:?}", picture.face);
        }
    }

    #[test]
    fn the_costume_covers_the_hair_and_leaves_the_mouth() {
        let grey = Wearer {
            photo: RgbImage::from_pixel(160, 160, Rgb([120; 3])),
            face: Rect::from_edges(60.0, 60.0, 100.0, 110.0),
        };
        for (character, mut scene) in scenes() {
            scene.occlusion.clear();
            scene.framing = Framing::Head;
            let picture = dress(&character, &grey, &scene, 96);
            let at = |x: f32, y: f32| pixel_at(&picture.image, x, y).unwrap();
            let Rect { x, y, width, height } = picture.face;
            let mouth = at(x + width * 0.5, y + height * 0.75);
            assert!(mouth.0.iter().all(|&channel| channel.abs_diff(120) < 30), "{mouth:?}");
        }
    }

    #[test]
    fn a_dark_photo_darkens_the_costume() {
        let lit = |value: u8| {
            let photo = RgbImage::from_pixel(160, 160, Rgb([value; 3]));
            light(&Wearer { photo, face: Rect::from_edges(60.0, 60.0, 100.0, 110.0) })
        };
        assert!(lit(60).iter().zip(lit(180)).all(|(dark, bright)| dark + 0.1 < bright));
    }
}
