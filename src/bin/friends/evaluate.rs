//! `friends evaluate`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use friends_core::model::Classifier;
use friends_judge::service::{config, model_dir};
use friends_judge::training::dataset::Dataset;
use friends_judge::training::examples::{Example, Views};
use friends_judge::training::metrics::{self, Evaluation, Judged};

use crate::extraction::Extraction;

#[derive(clap::Args)]
pub struct Args {
    /// Labelled photos: DIR/<slug>/*.jpg; DIR/unknown/ holds unknowns
    dir: PathBuf,
    /// The bundle to measure [default: the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    /// More unknowns, searched at any depth
    #[arg(long, value_name = "DIR")]
    unknown: Option<PathBuf>,
    #[command(flatten)]
    extraction: Extraction,
    /// Print figures for programs
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let classifier = model_dir::classifier(&model_dir::find(args.model.as_deref(), &config::environment))?;
    let slugs = classifier.bundle().slugs();
    let mut dataset = Dataset::read(&args.dir)?;
    // The folder's labels may be some of the bundle's, in another order.
    let mut place = Vec::new();
    for label in &dataset.labels {
        match slugs.iter().position(|slug| slug == label) {
            Some(label) => place.push(label),
            None => bail!(
                "{} has a folder {label}, but the bundle knows only {}: rename it, or move it to unknown/",
                args.dir.display(),
                slugs.join(", ")
            ),
        }
    }
    for sample in &mut dataset.samples {
        sample.label = sample.label.map(|label| place[label]);
    }
    if let Some(dir) = &args.unknown {
        dataset.samples.extend(Dataset::unknown(dir)?);
    }

    let (examples, skipped) = args.extraction.examples(&dataset.samples, classifier.backbone(), Views::Plain, "judging")?;

    let judged: Vec<Judged> = examples.iter().map(|example| judged(example, &classifier)).collect();
    let evaluation = metrics::evaluate(&judged, &slugs, &classifier.bundle().thresholds());
    if args.json {
        println!("{}", serde_json::to_string_pretty(&evaluation)?);
    } else {
        let known = examples.iter().filter(|example| example.sample.label.is_some());
        let sources: BTreeSet<&str> = known.map(|example| example.sample.group.as_str()).collect();
        print(&evaluation, sources.len());
    }
    Ok(if skipped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judged(example: &Example, classifier: &Classifier) -> Judged {
    Judged { truth: example.sample.label, scores: classifier.scores_of(&example.views[0]) }
}

/// Shares come with their Wilson intervals at 95 %, because thirty pictures support no certainty.
fn print(figures: &Evaluation, sources: usize) {
    let share = |share: f64, n: usize| {
        let (low, high) = metrics::wilson((share * n as f64).round() as usize, n);
        format!("{share:.3} ({low:.3} to {high:.3})")
    };
    println!("{} known photos from {sources} sources", figures.n);
    println!("top-1 {}, macro F1 {:.3}, ECE {:.3}", share(figures.top1, figures.n), figures.macro_f1, figures.ece);
    let width = figures.labels.iter().map(String::len).max().unwrap_or(0);
    println!("\n{:width$}  precision  recall    n   confusion (columns in the same order)", "");
    for (class, row) in figures.per_class.iter().zip(&figures.confusion) {
        let cells: String = row.iter().map(|cell| format!("{cell:5}")).collect();
        println!("{:width$}  {:9.3}  {:6.3}  {:3}  {cells}", class.friend, class.precision, class.recall, class.n);
    }
    if let Some(open) = &figures.open_set {
        println!("\n{} unknowns, AUROC {:.3}", open.unknown_n, open.auroc);
        println!("at the bundle's thresholds: {} accepted", share(open.unknown_accepted, open.unknown_n));
        println!("                            {} of the known accepted", share(open.known_accepted, figures.n));
        println!("when 90 % of the known are: {} accepted", share(open.fpr_at_tpr90, open.unknown_n));
        println!("when 95 % of the known are: {} accepted", share(open.fpr_at_tpr95, open.unknown_n));
    }
}
