//! `friends train --fine-tune`: all layers, by a script in Python.

use std::path::PathBuf;

use anyhow::Context as _;
use friends_core::model::Backbone;
use friends_training::bundle_folder;
use friends_training::dataset::Sample;
use friends_training::fine_tune::{FineTuning, Picture, Progress};
use friends_training::recipe::Recipe;
use friends_training::trainer::{self, Variant};

use super::{Args, MOBILENET_INPUT, runs, summarise};
use crate::output::say;
use crate::progress;

/// How all layers are trained.
#[derive(clap::Args)]
pub struct Tuning {
    /// With --fine-tune: times that each photo is seen
    #[arg(long, value_name = "N", default_value_t = 40)]
    epochs: u32,
    /// With --fine-tune: the highest rate of the optimiser
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    rate: f64,
    /// With --fine-tune: steps in which the classes alone are learnt; 0 with --rate 2e-3 --epochs 2
    /// shows how runs fail
    #[arg(long, value_name = "STEPS", default_value_t = 30)]
    warm_up: u32,
    /// With --fine-tune: train so many times, each with another seed, and say how often it failed
    /// and how far the runs differ; the bundle is that of the first that did not fail
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), requires = "fine_tune")]
    runs: u32,
    /// With --fine-tune: the Python that has Keras
    #[arg(
        long,
        value_name = "PROGRAM",
        env = "FRIENDS_PYTHON",
        default_value = "models/training/.venv/bin/python"
    )]
    python: PathBuf,
    /// With --fine-tune: write a page with the curves of all runs
    #[arg(long, value_name = "HTML", requires = "fine_tune")]
    report: Option<PathBuf>,
}

/// Trains all layers, and replaces the bundle by one around the new backbone; `known_named` is what
/// the frozen one names.
pub fn fine_tune(
    args: &Args,
    frozen: &Variant,
    known_named: f64,
    recipe: &Recipe,
) -> anyhow::Result<()> {
    let examples = &frozen.examples;
    let tuning = &args.tuning;
    anyhow::ensure!(
        recipe.input == MOBILENET_INPUT,
        "--fine-tune takes a backbone whose input is {} × {} scaled to -1..1, and this one's is not",
        MOBILENET_INPUT.width,
        MOBILENET_INPUT.height
    );
    let settings = FineTuning {
        python: tuning.python.clone(),
        script: "models/training/fine_tune.py".into(),
        epochs: tuning.epochs,
        rate: tuning.rate,
        warm_up: tuning.warm_up,
        seed: args.seed,
        runs: tuning.runs,
    };
    let framing = args.extraction.framing()?;
    let held_out = trainer::held_out(examples, recipe);
    let pictures = examples.iter().zip(&held_out).map(|(example, &held_out)| {
        let picture = framing.input(&example.sample.path, &recipe.input)?;
        Ok(Picture { picture, label: example.sample.label, held_out })
    });
    let pictures = pictures.collect::<anyhow::Result<Vec<Picture>>>()?;
    let bar =
        progress::bar((tuning.runs as usize + 1) * tuning.epochs as usize, "training all layers");
    let mut fits = Vec::new();
    let tuned = settings.run(&pictures, recipe.labels.len(), &frozen.backbone, |seen| match seen {
        Progress::Epoch(_) => bar.inc(1),
        Progress::Fit(fit) => fits.push(fit),
    });
    bar.finish_and_clear();
    // What the runs were like is told also, and above all, where none of them learnt.
    say!("{}", runs::sentences(&fits).trim_end());
    if let Some(path) = &tuning.report {
        std::fs::write(path, runs::page(&recipe.name, &settings, &fits))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        say!("{} has the curves", path.display());
    }
    let tuned = tuned?;

    let samples: Vec<Sample> = examples.iter().map(|example| example.sample.clone()).collect();
    let backbone = |onnx: &[u8]| {
        Backbone::measured(onnx.to_vec(), recipe.input).context("the fine-tuned backbone")
    };
    let backbones = [backbone(&tuned.checked)?, backbone(&tuned.all)?];
    let mut lists = args.extraction.augmented_once(&samples, &backbones)?;
    let checked = lists.remove(0);
    let all = Variant { depth: frozen.depth, backbone: tuned.all, examples: lists.remove(0) };
    let trained = trainer::train_tuned(&checked, all, &held_out, known_named, fits, recipe)?;
    bundle_folder::write(&trained.files, &args.out, true)?;
    say!("");
    summarise(&args.out, &trained.report);
    Ok(())
}
