//! `friends studio`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use friends_judge::studio::{self, Character, Scene};
use friends_judge::training::dataset::{self, Names};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::progress;

/// JPEG quality of what is drawn; scenes bring their own compression as part of the picture.
const QUALITY: u8 = 92;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw training pictures: OUT/<slug>/ for each description, OUT/unknown/ for random characters
    Draw {
        /// Descriptions: *.toml, one character each
        #[arg(long, value_name = "DIR", default_value = "models/friends")]
        characters: PathBuf,
        /// Where the pictures go
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Pictures of each described character
        #[arg(long, default_value_t = 100)]
        each: u32,
        /// Pictures of random characters, a new one each
        #[arg(long, default_value_t = 0)]
        unknown: u32,
        /// Width and height in pixels
        #[arg(long, default_value_t = 160)]
        size: u32,
        /// The same seed draws the same pictures
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Draw a contact sheet: a row for each character, plain first, then random scenes
    Sheet {
        /// Descriptions: *.toml, one character each
        #[arg(long, value_name = "DIR", default_value = "models/friends")]
        characters: PathBuf,
        /// The picture (png or jpg)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Pictures in a row
        #[arg(long, default_value_t = 8)]
        columns: u32,
        /// Width and height of a picture in pixels
        #[arg(long, default_value_t = 160)]
        cell: u32,
        /// The same seed draws the same sheet
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Draw { characters, out, each, unknown, size, seed } => {
            draw(&described(&characters)?, &out, each, unknown, size, seed)?;
        }
        Command::Sheet { characters, out, columns, cell, seed } => {
            let people: Vec<Character> = described(&characters)?.into_iter().map(|(_, character)| character).collect();
            let sheet = studio::sheet(&people, columns, cell, seed);
            sheet.save(&out).with_context(|| format!("{} cannot be written", out.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// All descriptions in a folder, by file name.
fn described(dir: &Path) -> anyhow::Result<Vec<(String, Character)>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    anyhow::ensure!(!files.is_empty(), "{} holds no descriptions (*.toml)", dir.display());
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let character = Character::from_toml(&text).with_context(|| path.display().to_string())?;
            Ok((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), character))
        })
        .collect()
}

/// Each picture has a seed of its own, so that more pictures do not change the first ones.
fn draw(people: &[(String, Character)], out: &Path, each: u32, unknown: u32, size: u32, seed: u64) -> anyhow::Result<()> {
    let known = people.iter().flat_map(|(slug, character)| (0..each).map(move |number| (slug.as_str(), Some(character), number)));
    let jobs: Vec<_> = known.chain((0..unknown).map(|number| ("unknown", None, number))).collect();
    for (slug, ..) in &jobs {
        let dir = out.join(slug);
        std::fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    }
    let names: BTreeMap<&str, &Names> =
        people.iter().filter_map(|(slug, character)| Some((slug.as_str(), character.shown.as_ref()?))).collect();
    let to = out.join(dataset::NAMES);
    std::fs::write(&to, serde_json::to_vec_pretty(&names)?).with_context(|| format!("{} cannot be written", to.display()))?;
    let bar = progress::bar(jobs.len(), "drawing");
    jobs.par_iter().try_for_each(|&(slug, character, number)| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream(slug, number));
        let picture = match character {
            Some(character) => studio::render(character, &Scene::sample(&mut random), size),
            None => studio::render(&studio::random_character(&mut random), &Scene::sample(&mut random), size),
        };
        bar.inc(1);
        save(&picture.image, &out.join(slug).join(format!("{number:04}.jpg")))
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// A stream of random numbers for each picture: the slug's FNV-1a hash, and the picture's number.
fn stream(slug: &str, number: u32) -> u64 {
    let hash = slug.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u64::from(hash) << 32 | u64::from(number)
}

fn save(picture: &RgbImage, path: &Path) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture)?;
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
