//! `friends evaluate`

mod report;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use friends_core::model::Classifier;
use friends_service::settings::{Settings, bundle_dir};
use friends_training::dataset::Dataset;
use friends_training::examples::Example;
use friends_training::metrics::{self, Evaluation, Judged, Verdicts};

use self::report::Measured;
use crate::extraction::Extraction;
use crate::output::say;
use crate::progress;

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
    /// Also write a page with plots and the worst mistakes; it holds small pictures of the photos
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let classifier =
        bundle_dir::find(args.model.as_deref(), &Settings::from_environment()).classifier()?;
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
        let (samples, left_out) = Dataset::unknown(dir)?;
        dataset.samples.extend(samples);
        dataset.left_out.add(&left_out);
    }
    progress::tell_left_out(&dataset.left_out);

    let (examples, skipped) = args.extraction.plain(&dataset.samples, classifier.backbone())?;

    let judged: Vec<Judged> = examples.iter().map(|example| judged(example, &classifier)).collect();
    let thresholds = classifier.bundle().thresholds();
    let evaluation = metrics::evaluate(&judged, &slugs, &thresholds);
    let known = examples.iter().filter(|example| example.sample.label.is_some());
    let sources =
        known.map(|example| example.sample.group.as_str()).collect::<BTreeSet<&str>>().len();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&evaluation)?);
    } else {
        std::io::stdout().write_all(text(&evaluation, sources).as_bytes())?;
    }
    if let Some(to) = &args.report {
        let measured = Measured {
            bundle: &classifier.bundle().manifest.name,
            labels: &slugs,
            thresholds: &thresholds,
            examples: &examples,
            judged: &judged,
            figures: &evaluation,
            sources,
        };
        let page = report::page(&measured, &args.extraction.framing()?)?;
        std::fs::write(to, page).with_context(|| format!("{} cannot be written", to.display()))?;
        eprintln!("{} written", to.display());
    }
    Ok(if skipped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judged(example: &Example, classifier: &Classifier) -> Judged {
    Judged { truth: example.sample.label, scores: classifier.scores_of(&example.views[0]) }
}

/// Shares come with their Wilson intervals at 95 %, because thirty pictures support no certainty.
fn text(figures: &Evaluation, sources: usize) -> String {
    let mut text = String::new();
    let between = |(low, high): (f64, f64)| format!("({low:.3} to {high:.3})");
    let share = |share: f64, n: usize| {
        format!("{share:.3} {}", between(metrics::wilson((share * n as f64).round() as usize, n)))
    };
    _ = writeln!(text, "{} known photos from {sources} sources", figures.n);
    _ = writeln!(
        text,
        "top-1 {:.3} {}, macro F1 {:.3}, ECE {:.3}",
        figures.top1,
        between(figures.top1_interval),
        figures.macro_f1,
        figures.ece
    );
    let width = figures.labels.iter().map(String::len).max().unwrap_or(0);
    _ = writeln!(
        text,
        "\n{:width$}  precision                recall                     n   confusion (columns in the same order)",
        ""
    );
    for (class, row) in figures.per_class.iter().zip(&figures.confusion) {
        let cells: String = row.iter().map(|cell| format!("{cell:5}")).collect();
        _ = writeln!(
            text,
            "{:width$}  {:.3} {}  {:.3} {}  {:3}  {cells}",
            class.friend,
            class.precision,
            between(class.precision_interval),
            class.recall,
            between(class.recall_interval),
            class.n
        );
    }
    let Verdicts { right, either, wrong, none } = figures.verdicts;
    _ = writeln!(
        text,
        "verdicts: {right} right, {either} right among two, {wrong} wrong, {none} nobody"
    );
    if !figures.confusions.is_empty() {
        let named = figures.confusions.iter().take(5);
        let named: Vec<String> =
            named.map(|pair| format!("{} → {} ({})", pair.friend, pair.said, pair.n)).collect();
        _ = writeln!(text, "most frequent confusions: {}", named.join(", "));
    }
    if let Some(open) = &figures.open_set {
        let by = open.separation;
        _ = writeln!(text, "\n{} unknowns, AUROC {:.3}", open.unknown_n, by.auroc);
        _ = writeln!(
            text,
            "at the bundle's thresholds: {} accepted",
            share(open.unknown_accepted, open.unknown_n)
        );
        _ = writeln!(
            text,
            "                            {} of the known accepted",
            share(open.known_accepted, figures.n)
        );
        _ = writeln!(
            text,
            "when 90 % of the known are: {} accepted",
            share(by.fpr_at_tpr90, open.unknown_n)
        );
        _ = writeln!(
            text,
            "when 95 % of the known are: {} accepted",
            share(by.fpr_at_tpr95, open.unknown_n)
        );
        _ = writeln!(
            text,
            "\n          AUROC  unknown >= 1/2  known >= 1/2  unknown at 90 % known  at 95 % known"
        );
        for (name, by) in [("sigmoid", by), ("softmax", open.softmax)] {
            _ = writeln!(
                text,
                "{name}   {:.3}  {:14.3}  {:12.3}  {:21.3}  {:13.3}",
                by.auroc,
                by.unknown_over_one_half,
                by.known_over_one_half,
                by.fpr_at_tpr90,
                by.fpr_at_tpr95
            );
        }
    }
    text
}
