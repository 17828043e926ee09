//! `friends train`

mod runs;
mod tuning;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use friends_core::model::{Backbone, Bundle, Head, Input, Names};
use friends_service::settings::{Settings, bundle_dir};
use friends_training::bundle_folder;
use friends_training::dataset::Dataset;
use friends_training::depth::{self, Depth};
use friends_training::recipe::{HeadChoice, Recipe};
use friends_training::report::TrainingReport;
use friends_training::trainer::{self, Variant};

use crate::extraction::Extraction;
use crate::output::say;
use crate::progress;

/// What `MobileNet` backbones expect.
const MOBILENET_INPUT: Input = Input { width: 128, height: 128, mean: [127.5; 3], std: [127.5; 3] };

#[derive(clap::Args)]
pub struct Args {
    /// Photos: DIR/<slug>/*.jpg; DIR/unknown/ for photos of unknowns; DIR/labels.json for names and
    /// colors
    dir: PathBuf,
    /// Where the bundle goes
    #[arg(long, value_name = "BUNDLE")]
    out: PathBuf,
    /// Take the backbone of this bundle [default: the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    /// Take this ONNX file as the backbone: input [1,3,128,128] scaled to -1..1, output features
    #[arg(long, value_name = "ONNX", conflicts_with = "model")]
    backbone: Option<PathBuf>,
    /// Which head the bundle gets
    #[arg(long, value_enum, default_value_t = HeadKind::Best)]
    head: HeadKind,
    /// How much of the backbone the bundle gets: its last block often knows only what the backbone
    /// was trained for
    #[arg(long, value_enum, default_value_t = DepthKind::Best)]
    depth: DepthKind,
    /// The share of photos of unknowns that may be named all the same, as 5% or 0.05: a larger one
    /// names more of the known, too
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = share)]
    accept_unknown: f64,
    /// For everything that is drawn at random: the same seed gives the same bundle
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Learn from at most this many photos of each label, chosen by the seed: to see what fewer
    /// photos would give
    #[arg(long, value_name = "N")]
    each: Option<usize>,
    #[command(flatten)]
    extraction: Extraction,
    /// Then train all layers of the backbone on the photos, too: some minutes, by a script that
    /// needs the Python environment which .ci/environment models/training makes; without it the
    /// bundle is written all the same
    #[arg(long)]
    fine_tune: bool,
    #[command(flatten)]
    tuning: tuning::Tuning,
    /// Replace a bundle that is there already
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum HeadKind {
    /// The one whose verdicts on left-out photos are best; without photos of unknowns the
    /// discriminants
    Best,
    /// One linear discriminant a label, and resemblance to the nearest label
    Discriminant,
    /// One logistic unit a label
    Linear,
    /// Resemblance to a label's mean, less resemblance to unknowns: needs photos of unknowns
    Prototype,
}

impl HeadKind {
    fn choice(self) -> HeadChoice {
        match self {
            Self::Best => HeadChoice::Best,
            Self::Discriminant => HeadChoice::Discriminant,
            Self::Linear => HeadChoice::Linear,
            Self::Prototype => HeadChoice::Prototype,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum DepthKind {
    /// The one whose verdicts on left-out photos are better; without its last block unless all of
    /// it is clearly better
    Best,
    /// All of it
    Whole,
    /// All of it but the last block
    Shortened,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.out.exists() && !args.force {
        anyhow::bail!(
            "{} is there already: choose another --out, or --force to replace it",
            args.out.display()
        );
    }
    let mut dataset = Dataset::read(&args.dir)?;
    progress::tell_left_out(&dataset.left_out);
    if let Some(count) = args.each {
        dataset.keep(count, args.seed);
    }
    let mut names = names(&args.dir, &dataset)?;
    let (mut background, mut there) = (Vec::new(), Depth::Whole);
    let (onnx, input) = if let Some(path) = &args.backbone {
        (
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?,
            MOBILENET_INPUT,
        )
    } else {
        let base =
            bundle_dir::find(args.model.as_deref(), &Settings::from_environment()).classifier()?;
        inherit_names(&mut names, base.bundle());
        there =
            serde_json::from_value(base.bundle().manifest.training["backbone"]["depth"].clone())
                .unwrap_or(there);
        if there == Depth::Shortened || args.depth != DepthKind::Shortened {
            background = inherited_background(base.bundle(), &dataset.labels);
        }
        (base.bundle().backbone.to_vec(), base.bundle().manifest.input)
    };
    let origin = args
        .backbone
        .as_ref()
        .map_or_else(|| "the backbone".to_owned(), |path| path.display().to_string());
    let recipe = Recipe {
        name: args.out.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        labels: dataset.labels,
        names,
        input,
        background,
        head: args.head.choice(),
        accept_unknown: args.accept_unknown,
        seed: args.seed,
    };
    // Unknowns that are inherited are known to the backbone as it is alone.
    let wanted = if recipe.background.is_empty() { args.depth } else { DepthKind::Whole };
    let tried = backbones(onnx, there, wanted)?;
    let networks = tried.iter().map(|(_, onnx)| {
        Backbone::measured(onnx.clone(), recipe.input).with_context(|| origin.clone())
    });
    let lists = args
        .extraction
        .augmented(&dataset.samples, &networks.collect::<anyhow::Result<Vec<_>>>()?)?;
    let variant = |((depth, backbone), examples)| Variant { depth, backbone, examples };
    let variants = tried.into_iter().zip(lists).map(variant).collect();
    let trained = trainer::train(variants, &recipe)?;
    bundle_folder::write(&trained.files, &args.out, args.force)?;

    summarise(&args.out, &trained.report);
    if args.fine_tune
        && let Err(error) =
            tuning::fine_tune(args, &trained.variant, trained.choice.known_named, &recipe)
    {
        eprintln!("{} keeps its backbone as it was", args.out.display());
        return Err(error);
    }
    Ok(ExitCode::SUCCESS)
}

/// With fewer photos of a label than this, a figure is chance.
const TOO_FEW: usize = 5;

/// What was written, what it promises, and what to do next.
fn summarise(out: &Path, report: &TrainingReport) {
    let (labels, photos) = (report.photos.len(), report.photo_count());
    say!("{} written: {labels} labels, {photos} photos", out.display());
    say!("{report}");
    let fewest = report.photos.iter().min_by_key(|(_, count)| **count);
    if let Some((label, &count)) = fewest
        && count < TOO_FEW
    {
        say!(
            "{label} has {count} photos: with fewer than {TOO_FEW} of a label the figures above mean nothing"
        );
    }
    let bundle = out.display();
    say!("next: friends evaluate NEW-PHOTOS/ --model {bundle}, or friends serve --model {bundle}");
}

/// A share from 0 to less than 1, as a percentage or a plain number.
fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().ok().map(|number| number / whole);
    share
        .filter(|share| (0.0..1.0).contains(share))
        .ok_or_else(|| "a share is a number like 5% or 0.05".to_owned())
}

/// What is tried. A backbone that was shortened before is not shortened again: a bundle that is
/// trained again and again would lose block after block.
fn backbones(
    onnx: Vec<u8>,
    there: Depth,
    wanted: DepthKind,
) -> anyhow::Result<Vec<(Depth, Vec<u8>)>> {
    if there == Depth::Shortened || wanted == DepthKind::Whole {
        return Ok(vec![(there, onnx)]);
    }
    let shortened = depth::shortened(&onnx).map(|onnx| (Depth::Shortened, onnx));
    if wanted == DepthKind::Best {
        return Ok(std::iter::once((Depth::Whole, onnx)).chain(shortened).collect());
    }
    Ok(vec![shortened.context(
        "this backbone is no chain of convolutions that could be shortened: leave out --depth",
    )?])
}

/// What the base bundle knows of unknowns, and its labels unless they are to be learnt.
fn inherited_background(base: &Bundle, labels: &[String]) -> Vec<Vec<f32>> {
    let Head::Prototype(head) = &base.head else { return Vec::new() };
    let others = base
        .slugs()
        .into_iter()
        .zip(&head.centroids)
        .filter(|(slug, _)| !labels.iter().any(|label| label == slug));
    head.background.iter().chain(others.map(|(_, centroid)| centroid)).cloned().collect()
}

/// The names that `labels.json` gives, and those of folders that are named in another script.
fn names(dir: &Path, dataset: &Dataset) -> anyhow::Result<BTreeMap<String, Names>> {
    let mut names = Dataset::names(dir)?;
    for (slug, Names { color, .. }) in &names {
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            anyhow::bail!(
                "labels.json gives {slug} the color {}: write it as #rrggbb, such as #e8a33d",
                color.escape_debug()
            );
        }
        if !dataset.labels.contains(slug) {
            eprintln!(
                "labels.json names {}, but there is no such folder; there are {}",
                slug.escape_debug(),
                dataset.labels.join(", ")
            );
        }
    }
    for (place, slug) in dataset.labels.iter().enumerate() {
        let folder = &dataset.folders[place];
        if folder == slug {
            continue;
        }
        eprintln!("the folder {} is the label {slug}", folder.escape_debug());
        names.entry(slug.clone()).or_insert_with(|| Names {
            ja: folder.clone(),
            en: slug.clone(),
            color: trainer::color_of(place).to_owned(),
            line: None,
        });
    }
    Ok(names)
}

/// Labels that the base bundle knows keep their names, unless `labels.json` says otherwise.
fn inherit_names(names: &mut BTreeMap<String, Names>, base: &Bundle) {
    for label in &base.manifest.labels {
        names.entry(label.slug.clone()).or_insert_with(|| Names {
            ja: label.ja.clone(),
            en: label.en.clone(),
            color: label.color.clone(),
            line: label.line.clone(),
        });
    }
}
