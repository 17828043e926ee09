//! `friends bundle`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::model;

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
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Show { bundle, json } => {
            let classifier = model::classifier(Some(&bundle))?;
            let manifest = &classifier.bundle().manifest;
            if json {
                println!("{}", serde_json::to_string_pretty(manifest)?);
                return Ok(ExitCode::SUCCESS);
            }
            println!("{}  {}", manifest.name, classifier.bundle().sha256);
            let input = manifest.input;
            println!("backbone {} ({} x {} -> {} features)", manifest.backbone, input.width, input.height, manifest.features);
            for label in &manifest.labels {
                println!("  {:12} {} / {}  threshold {:.3}", label.slug, label.ja, label.en, label.threshold);
            }
            println!("training {}", serde_json::to_string_pretty(&manifest.training)?);
        }
        Command::Verify { bundle } => {
            model::classifier(Some(&bundle))?.verify()?;
            println!("{}: every file is as its manifest says, and the golden vector agrees", bundle.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
