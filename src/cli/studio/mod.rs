//! `friends studio`

mod scenes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::Subcommand;
use friends_core::model::{NAMES, Names, UNKNOWN};
use friends_studio::{Character, Scene, photographed};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::output::say;
use crate::progress;

/// JPEG quality of what is drawn; scenes bring their own compression as part of the picture.
const QUALITY: u8 = 92;
/// Width and height of a small portrait in pixels: the start page shows all of them.
const SMALL: u32 = 160;
/// The folder for portraits of people as a class of their own.
const PEOPLE: &str = "people";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw training pictures: OUT/<slug>/ for each character, OUT/unknown/ for unknowns
    Draw(Draw),
    /// Draw pictures to learn finding faces from, with boxes around all faces: OUT/boxes.json
    Scenes(scenes::Scenes),
    /// Draw each character once, plain, as the page shows them: OUT/<slug>.jpg, small
    /// OUT/<slug>-small.jpg, and wide for feeds OUT/<slug>-wide.jpg, OUT/everyone-wide.jpg
    Portraits {
        /// Descriptions: *.toml, one character each
        #[arg(long, value_name = "DIR", default_value = "models/characters")]
        characters: PathBuf,
        /// Where the pictures go
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Width and height of a picture in pixels
        #[arg(long, default_value_t = 480)]
        size: u32,
    },
    /// Draw a contact sheet: a row for each character, plain first, then random scenes
    Sheet {
        /// Descriptions: *.toml, one character each
        #[arg(long, value_name = "DIR", default_value = "models/characters")]
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

#[derive(clap::Args)]
struct Draw {
    /// Descriptions: *.toml, one character each
    #[arg(long, value_name = "DIR", default_value = "models/characters")]
    characters: PathBuf,
    /// Where the pictures go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Pictures of each described character
    #[arg(long, value_name = "N", default_value_t = 100)]
    each: u32,
    /// Invent this many more characters, each with a folder of its own: OUT/random-0001/
    #[arg(long, value_name = "N", default_value_t = 0)]
    random: u32,
    /// Pictures of each invented character
    #[arg(long, value_name = "N", default_value_t = 10)]
    each_random: u32,
    /// The share of pictures that are cut to the head, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    head_crops: f32,
    /// Pictures of unknowns: an invented character each, some of them half like a described one
    #[arg(long, value_name = "N", default_value_t = 0)]
    unknown: u32,
    /// Photographed faces (DIR/boxes.json): part of the pictures are costumes on them
    #[arg(long, value_name = "DIR")]
    faces: Option<PathBuf>,
    /// With --faces: the share of pictures that are costumes on photographed faces, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.25, requires = "faces")]
    worn: f32,
    /// With --faces: portraits of people without a costume, to unknown/
    #[arg(long, value_name = "N", default_value_t = 0, requires = "faces")]
    bare: u32,
    /// With --faces: portraits of people without a costume, as a class of their own: OUT/people/
    #[arg(long, value_name = "N", default_value_t = 0, requires = "faces")]
    people: u32,
    /// Width and height in pixels
    #[arg(long, default_value_t = 160)]
    size: u32,
    /// The same seed draws the same pictures
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A picture to be drawn.
#[derive(Clone, Copy)]
enum Subject<'a> {
    /// This character.
    Character(&'a Character),
    /// A new character who is none of the described.
    Unknown,
    /// A photographed person as they are.
    Person,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Draw(args) => draw(&args)?,
        Command::Scenes(args) => scenes::draw(&args)?,
        Command::Portraits { characters, out, size } => {
            std::fs::create_dir_all(&out)
                .with_context(|| format!("{} cannot be made", out.display()))?;
            let people = described(&characters)?;
            for (slug, character) in &people {
                for (name, size) in
                    [(format!("{slug}.jpg"), size), (format!("{slug}-small.jpg"), SMALL)]
                {
                    save(
                        &friends_studio::render(character, &Scene::plain(), size).image,
                        &out.join(name),
                    )?;
                }
                save(
                    &friends_studio::wide(std::slice::from_ref(character)),
                    &out.join(format!("{slug}-wide.jpg")),
                )?;
            }
            let everyone: Vec<Character> =
                people.into_iter().map(|(_, character)| character).collect();
            save(&friends_studio::wide(&everyone), &out.join("everyone-wide.jpg"))?;
        }
        Command::Sheet { characters, out, columns, cell, seed } => {
            let people: Vec<Character> =
                described(&characters)?.into_iter().map(|(_, character)| character).collect();
            let sheet = friends_studio::sheet(&people, columns, cell, seed);
            sheet.save(&out).with_context(|| format!("{} cannot be written", out.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// All descriptions in a folder, by file name.
fn described(dir: &Path) -> anyhow::Result<Vec<(String, Character)>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    anyhow::ensure!(!files.is_empty(), "{} holds no descriptions (*.toml)", dir.display());
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let character =
                Character::from_toml(&text).with_context(|| path.display().to_string())?;
            Ok((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), character))
        })
        .collect()
}

/// Each picture has a seed of its own, so that more pictures do not change the first ones.
fn draw(args: &Draw) -> anyhow::Result<()> {
    let people = described(&args.characters)?;
    let known: Vec<Character> = people.iter().map(|(_, character)| character.clone()).collect();
    let invented = invented(&known, args.random, args.seed);
    let wearers = args.faces.as_deref().map(photographed::wearers).transpose()?.unwrap_or_default();
    let mut jobs: Vec<(&str, Subject<'_>, u32)> = Vec::new();
    for (people, count) in [(&people, args.each), (&invented, args.each_random)] {
        for (folder, character) in people {
            jobs.extend(
                (0..count).map(|number| (folder.as_str(), Subject::Character(character), number)),
            );
        }
    }
    jobs.extend((0..args.unknown).map(|number| (UNKNOWN, Subject::Unknown, number)));
    jobs.extend(
        (args.unknown..args.unknown + args.bare).map(|number| (UNKNOWN, Subject::Person, number)),
    );
    jobs.extend((0..args.people).map(|number| (PEOPLE, Subject::Person, number)));
    let folders: BTreeSet<&str> = jobs.iter().map(|(folder, ..)| *folder).collect();
    for folder in folders {
        let dir = args.out.join(folder);
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("{} cannot be made", dir.display()))?;
    }
    let names: BTreeMap<&str, &Names> = people
        .iter()
        .filter_map(|(slug, character)| Some((slug.as_str(), character.shown.as_ref()?)))
        .collect();
    let to = args.out.join(NAMES);
    std::fs::write(&to, serde_json::to_vec_pretty(&names)?)
        .with_context(|| format!("{} cannot be written", to.display()))?;
    let bar = progress::bar(jobs.len(), "drawing");
    let start = Instant::now();
    jobs.par_iter().try_for_each(|&(folder, subject, number)| {
        let mut random = ChaCha8Rng::seed_from_u64(args.seed);
        random.set_stream(stream(folder, number));
        let unknown = friends_studio::unknown_character(&known, &mut random);
        let scene = Scene::sample(&mut random);
        let wearer = wearers.choose(&mut random);
        let worn = random.random::<f32>() < args.worn;
        let cropped = random.random::<f32>() < args.head_crops;
        let size = if cropped { args.size * 5 / 2 } else { args.size };
        let mut dressed = |character| {
            let picture = match wearer.filter(|_| worn) {
                Some(wearer) => friends_studio::dress(character, wearer, &scene, size),
                None => friends_studio::render(character, &scene, size),
            };
            if cropped {
                friends_studio::head_crop(&picture, args.size, &mut random)
            } else {
                picture.image
            }
        };
        let picture = match (subject, wearer) {
            (Subject::Character(character), _) => dressed(character),
            (Subject::Person, Some(wearer)) => friends_studio::portrait(wearer, &scene, args.size),
            (Subject::Unknown | Subject::Person, _) => dressed(&unknown),
        };
        bar.inc(1);
        save(&picture, &args.out.join(folder).join(format!("{number:04}.jpg")))
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    say!(
        "{}: {} pictures in {seconds:.1} s, {:.0} a second on {} thread(s)",
        args.out.display(),
        jobs.len(),
        jobs.len() as f64 / seconds,
        rayon::current_num_threads()
    );
    Ok(())
}

/// Invented characters, each unlike the few before it. Every fourth is like one of `known` in
/// parts, the others like one of the few before them in half of the cases.
fn invented(known: &[Character], count: u32, seed: u64) -> Vec<(String, Character)> {
    /// How many of the last ones count: enough for kin, too few to run out of looks.
    const NEIGHBOURS: usize = 8;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut people: Vec<Character> = Vec::new();
    for number in 0..count {
        let recent = &people[people.len().saturating_sub(NEIGHBOURS)..];
        let kin = if number % 4 == 0 { known } else { recent };
        people.push(friends_studio::unknown_character(kin, &mut random));
    }
    (1..)
        .zip(people)
        .map(|(number, character): (u32, _)| (format!("random-{number:04}"), character))
        .collect()
}

/// A stream of random numbers for each picture: the slug's FNV-1a hash, and the picture's number.
fn stream(slug: &str, number: u32) -> u64 {
    let hash = slug
        .bytes()
        .fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u64::from(hash) << 32 | u64::from(number)
}

fn save(picture: &RgbImage, path: &Path) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture)?;
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
