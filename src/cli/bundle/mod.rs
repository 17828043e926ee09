//! `friends bundle`

mod difference;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Subcommand;
use friends_core::model::{Classifier, MANIFEST, Manifest};
use friends_service::settings::bundle_dir;

use crate::output::say;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print what a bundle knows and where it comes from
    Show {
        /// The bundle's folder
        bundle: PathBuf,
        /// Print the whole manifest
        #[arg(long)]
        json: bool,
    },
    /// Check every hash and shape, and compute the golden vector on this machine
    Verify {
        /// The bundle's folder
        bundle: PathBuf,
    },
    /// Say in what two bundles differ
    Diff {
        /// The bundle's folder
        bundle: PathBuf,
        /// The folder of the one that it is compared with
        other: PathBuf,
        /// Print the differences for programs
        #[arg(long)]
        json: bool,
    },
}

/// How often a crop is classified to tell how long that takes.
const CROPS: usize = 41;

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Show { bundle, json } => {
            let classifier = bundle_dir::classifier(&bundle)?;
            let manifest = &classifier.bundle().manifest;
            if json {
                say!("{}", serde_json::to_string_pretty(manifest)?);
                return Ok(ExitCode::SUCCESS);
            }
            say!("{}  {}", manifest.name, classifier.bundle().sha256);
            let input = manifest.input;
            say!(
                "backbone {} ({} x {} -> {} features)",
                manifest.backbone,
                input.width,
                input.height,
                manifest.features
            );
            for label in &manifest.labels {
                say!(
                    "  {:12} {} / {}  threshold {:.3}",
                    label.slug,
                    label.ja,
                    label.en,
                    label.threshold
                );
            }
            say!("training {}", serde_json::to_string_pretty(&manifest.training)?);
        }
        Command::Verify { bundle } => {
            let start = Instant::now();
            let classifier = bundle_dir::classifier(&bundle)?;
            let loaded = start.elapsed();
            classifier.verify()?;
            say!(
                "{}: every file is as its manifest says, and the golden vector agrees",
                bundle.display()
            );
            say!(
                "{:.2} MB, loaded in {:.0} ms, {:.1} ms a crop on one core (median of {CROPS})",
                size(&bundle, &classifier.bundle().manifest)? as f64 / 1e6,
                loaded.as_secs_f64() * 1e3,
                crop_time(&classifier)?.as_secs_f64() * 1e3
            );
        }
        Command::Diff { bundle, other, json } => {
            let (one, two) = (bundle_dir::read(&bundle)?, bundle_dir::read(&other)?);
            let differences = difference::between(&one, &two)?;
            let text = if json {
                serde_json::to_string_pretty(&differences)? + "\n"
            } else {
                difference::text(&differences, [&bundle, &other])
            };
            std::io::stdout().write_all(text.as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Bytes of the manifest and the files that it names.
fn size(bundle: &Path, manifest: &Manifest) -> anyhow::Result<u64> {
    let names = manifest.files.keys().map(String::as_str).chain([MANIFEST]);
    names
        .map(|name| {
            Ok(std::fs::metadata(bundle.join(name)).with_context(|| name.to_owned())?.len())
        })
        .sum()
}

/// The median time from a prepared picture to scores.
fn crop_time(classifier: &Classifier) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..CROPS {
        let start = Instant::now();
        classifier.golden_scores()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[CROPS / 2])
}
