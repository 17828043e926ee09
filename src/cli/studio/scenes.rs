//! `friends studio scenes`

use std::path::PathBuf;

use anyhow::Context as _;
use friends_studio::{FaceScene, face_scene, photographed};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::save;
use crate::output::say;
use crate::progress;

#[derive(clap::Args)]
pub struct Scenes {
    /// Where the pictures and boxes.json go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many pictures
    #[arg(long, value_name = "N", default_value_t = 1000)]
    count: u32,
    /// Photographed faces (DIR/boxes.json): part of the pictures are costumes worn in these photos
    #[arg(long, value_name = "DIR")]
    faces: Option<PathBuf>,
    /// The same seed draws the same pictures
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Each picture has a seed of its own, so that more pictures do not change the first ones.
pub fn draw(args: &Scenes) -> anyhow::Result<()> {
    let photos = args.faces.as_deref().map(photographed::read).transpose()?.unwrap_or_default();
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("{} cannot be made", args.out.display()))?;
    let bar = progress::bar(args.count as usize, "drawing");
    let scene = |number: u32| -> anyhow::Result<Value> {
        let mut random = ChaCha8Rng::seed_from_u64(args.seed);
        random.set_stream(number.into());
        let FaceScene { image, faces } = face_scene(&photos, &mut random);
        let file = format!("{number:05}.jpg");
        save(&image, &args.out.join(&file))?;
        bar.inc(1);
        let boxes: Vec<[f32; 4]> =
            faces.iter().map(|(face, _)| [face.x, face.y, face.width, face.height]).collect();
        let labels: Vec<&str> = faces.iter().map(|(_, kind)| kind.name()).collect();
        Ok(
            json!({"file": file, "width": image.width(), "height": image.height(), "boxes": boxes, "labels": labels}),
        )
    };
    let entries =
        (0..args.count).into_par_iter().map(scene).collect::<anyhow::Result<Vec<Value>>>()?;
    bar.finish_and_clear();
    let list = args.out.join("boxes.json");
    std::fs::write(&list, serde_json::to_vec(&entries)?)
        .with_context(|| format!("{} cannot be written", list.display()))?;
    say!("{}: {} pictures", args.out.display(), entries.len());
    Ok(())
}
