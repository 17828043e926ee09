//! `friends audit`

mod contact_sheet;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::slice;

use anyhow::Context as _;
use friends_core::model::UNKNOWN;
use friends_service::settings::{Settings, bundle_dir};
use friends_training::audit::{self, LabelReport, Suspect, Suspicion};
use friends_training::dataset::{Dataset, Sample, sources};
use friends_training::examples::Example;
use friends_training::metrics::Judged;
use friends_training::moves::{self, Move};
use serde::Serialize;

use crate::extraction::Extraction;
use crate::output::say;
use crate::progress;

/// Where photos go that are the same as others: a folder that is no label.
const SET_ASIDE: &str = ".set-aside";

#[derive(clap::Args)]
pub struct Args {
    /// Labelled photos: DIR/<slug>/*.jpg
    dir: PathBuf,
    /// Take the backbone of this bundle [default: the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    extraction: Extraction,
    /// For the folds of the cross-validation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print figures for programs
    #[arg(long)]
    json: bool,
    /// Also write a contact sheet; it holds small pictures of the photos
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,
    /// Also write the suggested moves to a file, to be read, shortened and carried out with --apply
    #[arg(long, value_name = "JSON")]
    moves: Option<PathBuf>,
    /// Carry out the moves in a file, all or none
    #[arg(long, value_name = "JSON", conflicts_with_all = ["report", "moves", "undo", "json"])]
    apply: Option<PathBuf>,
    /// Move everything in a file back
    #[arg(long, value_name = "JSON", conflicts_with_all = ["report", "moves", "json"])]
    undo: Option<PathBuf>,
}

/// A suspect as it is printed.
#[derive(Serialize)]
struct Row {
    /// The photo, below the folder.
    file: PathBuf,
    /// Its folder.
    label: String,
    suspect: Suspicion,
    /// The label that it looks like, or the photo that it is the same as.
    suggested: Option<String>,
    score: f64,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(file) = &args.apply {
        return carried_out(&moves::read(file)?, &args.dir);
    }
    if let Some(file) = &args.undo {
        return carried_out(&moves::reversed(&moves::read(file)?), &args.dir);
    }
    let dataset = Dataset::read(&args.dir)?;
    progress::tell_left_out(&dataset.left_out);
    let classifier =
        bundle_dir::find(args.model.as_deref(), &Settings::from_environment()).classifier()?;
    let examples = args
        .extraction
        .augmented(&dataset.samples, slice::from_ref(classifier.backbone()))?
        .remove(0);
    let framing = args.extraction.framing()?;
    let bar = progress::bar(examples.len(), "comparing photos");
    let samples: Vec<Sample> = examples.iter().map(|example| example.sample.clone()).collect();
    let looks = audit::looks(&samples, &framing, || bar.inc(1));
    bar.finish_and_clear();

    let judged = judged(&examples, &dataset.labels, args.seed)?;
    let mut suspects = audit::doubtful_labels(&judged, dataset.labels.len());
    suspects.extend(audit::duplicates(&looks));
    if !args.extraction.is_whole() {
        suspects.extend(audit::small(&looks));
    }
    audit::surest_first(&mut suspects);
    let labels = audit::label_reports(&samples, &dataset.labels, &judged);
    let rows: Vec<Row> =
        suspects.iter().map(|suspect| row(suspect, &samples, &dataset.labels, &args.dir)).collect();

    if args.json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        std::io::stdout().write_all(text(&rows, &labels).as_bytes())?;
    }
    if let Some(to) = &args.moves {
        let suggested = suggested(&rows, &args.dir, &dataset);
        write(to, &serde_json::to_vec_pretty(&suggested)?)?;
        eprintln!(
            "{}: {} moves; read them, then friends audit {} --apply {0}",
            to.display(),
            suggested.len(),
            args.dir.display()
        );
    }
    if let Some(to) = &args.report {
        let page = contact_sheet::page(&suspects, &rows, &samples, &labels, &framing)?;
        write(to, page.as_bytes())?;
        eprintln!("{} written", to.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn carried_out(moves: &[Move], dir: &Path) -> anyhow::Result<ExitCode> {
    moves::carry_out(moves, dir)?;
    say!("{} photos moved", moves.len());
    Ok(ExitCode::SUCCESS)
}

fn write(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(to, bytes).with_context(|| format!("{} cannot be written", to.display()))
}

/// Every photo judged by a head that has not seen it. Labels of one source cannot be left out:
/// their photos get no scores and are not doubted.
fn judged(examples: &[Example], labels: &[String], seed: u64) -> anyhow::Result<Vec<Judged>> {
    let has_sources =
        |label: &usize| sources(examples.iter().map(|example| &example.sample), *label).len() > 1;
    let checked: Vec<usize> = (0..labels.len()).filter(has_sources).collect();
    let unseen = || Judged { truth: None, scores: vec![0.0; labels.len()] };
    if checked.len() < 2 {
        return Ok(examples.iter().map(|_| unseen()).collect());
    }
    let place = |label: usize| checked.iter().position(|&checked| checked == label);
    let is_checked =
        |example: &Example| example.sample.label.is_none_or(|label| place(label).is_some());
    let kept: Vec<Example> = examples
        .iter()
        .filter(|example| is_checked(example))
        .map(|example| {
            let mut example = example.clone();
            example.sample.label = example.sample.label.and_then(place);
            example
        })
        .collect();
    let slugs: Vec<String> = checked.iter().map(|&label| labels[label].clone()).collect();
    let mut held_out = audit::held_out(&kept, &slugs, seed)?.into_iter();
    // Back to the places of all labels.
    let all = examples.iter().map(|example| {
        if !is_checked(example) {
            return unseen();
        }
        let judged = held_out.next().expect("each checked photo is judged");
        let mut scores = vec![0.0; labels.len()];
        for (&label, score) in checked.iter().zip(judged.scores) {
            scores[label] = score;
        }
        Judged { truth: judged.truth.map(|truth| checked[truth]), scores }
    });
    Ok(all.collect())
}

fn row(suspect: &Suspect, samples: &[Sample], labels: &[String], dir: &Path) -> Row {
    let below = |sample: &Sample| sample.path.strip_prefix(dir).unwrap_or(&sample.path).to_owned();
    let sample = &samples[suspect.sample];
    let original = suspect.original.map(|original| below(&samples[original]).display().to_string());
    Row {
        file: below(sample),
        label: sample.label.map_or_else(|| UNKNOWN.to_owned(), |label| labels[label].clone()),
        suspect: suspect.suspicion,
        suggested: suspect.label.map(|label| labels[label].clone()).or(original),
        score: suspect.score,
    }
}

/// Doubtful photos go to the label that they look like, second copies are set aside; each photo
/// moves once.
fn suggested(rows: &[Row], dir: &Path, dataset: &Dataset) -> Vec<Move> {
    let folder_of = |label: &str| dataset.folder_of(label).unwrap_or(label).to_owned();

    let mut moved = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let mut moves = Vec::new();
    for row in rows {
        let (folder, why) = match (row.suspect, &row.suggested) {
            (Suspicion::Label, Some(label)) => {
                (PathBuf::from(folder_of(label)), format!("looks like {label} ({:.2})", row.score))
            }
            (Suspicion::Duplicate, Some(original)) => (
                Path::new(SET_ASIDE).join(&row.label),
                format!("the same picture as {original} ({:.2})", row.score),
            ),
            _ => continue,
        };
        if !moved.insert(&row.file) {
            continue;
        }
        let name = row.file.file_name().unwrap_or_default();
        let numbered = |copy: u32| {
            let name = name.to_string_lossy();
            folder.join(if copy == 0 { name.into_owned() } else { format!("{copy}-{name}") })
        };
        let mut copy = 0;
        let to = loop {
            let to = numbered(copy);
            if !dir.join(&to).exists() && taken.insert(to.clone()) {
                break to;
            }
            copy += 1;
        };
        moves.push(Move { from: row.file.clone(), to, why });
    }
    moves
}

/// What people read.
fn text(rows: &[Row], labels: &[LabelReport]) -> String {
    let mut text = String::new();
    let width = labels.iter().map(|label| label.friend.len()).max().unwrap_or(0);
    _ = writeln!(text, "{:width$}  photos  sources  recognised when left out", "");
    for label in labels {
        let recall = label.recall.map_or_else(
            || {
                format!(
                    "cannot be checked: {}",
                    if label.sources < 2 { "one source" } else { "no second label of two sources" }
                )
            },
            |(share, (low, high))| format!("{share:.2} ({low:.2} to {high:.2})"),
        );
        let needs = if label.needs.is_empty() {
            String::new()
        } else {
            format!("  needs {}", label.needs.join("; "))
        };
        _ = writeln!(
            text,
            "{:width$}  {:6}  {:7}  {recall}{needs}",
            label.friend, label.photos, label.sources
        );
    }
    for (suspicion, title) in [
        (Suspicion::Label, "labels that look wrong, the surest first"),
        (Suspicion::Duplicate, "the same picture as another"),
        (Suspicion::Small, "heads that are too small or were not found"),
    ] {
        let found: Vec<&Row> = rows.iter().filter(|row| row.suspect == suspicion).collect();
        _ = writeln!(text, "\n{}: {title}", found.len());
        for row in found {
            let suggested = row
                .suggested
                .as_ref()
                .map_or_else(String::new, |suggested| format!(" → {suggested}"));
            _ = writeln!(text, "  {:.2}  {}{suggested}", row.score, row.file.display());
        }
    }
    text
}
