//! `friends judge`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use friends_core::error::{Error, Rejection};
use friends_core::model::Manifest;
use friends_core::verdict::Verdict;
use friends_judge::service::app::{App, Assembly, Buckets};
use friends_judge::service::config;
use friends_judge::service::pipeline::{Judge, RegionSource};
use friends_judge::service::result::{Outcome, ResultDocument};
use time::OffsetDateTime;

use crate::{annotate, progress};

#[derive(clap::Args)]
pub struct Args {
    /// Photos: JPEG, PNG, WebP, GIF
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// The bundle to judge with [default: the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    /// The face detector [default: what the environment says, or embedded]
    #[arg(long, value_parser = ["embedded", "cloud-vision", "cascade"])]
    detector: Option<String>,
    /// Do not look for faces: the pictures are head crops already
    #[arg(long)]
    whole: bool,
    /// Print an array of result documents
    #[arg(long)]
    json: bool,
    /// Write the pictures with boxes and names into this folder
    #[arg(long, value_name = "DIR")]
    annotate: Option<PathBuf>,
}

#[tokio::main]
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let assembly =
        Assembly { model: args.model.as_deref(), detector: args.detector.as_deref(), permits: 1, buckets: Buckets::None };
    let judge = App::assemble(assembly, &config::environment).map_err(anyhow::Error::from_boxed)?.judge;
    judge.loaded().map_err(|error| anyhow::anyhow!(error.chain()))?;
    let source = if args.whole { RegionSource::Whole } else { RegionSource::Detect };
    let pictures = match &args.annotate {
        Some(dir) => annotate::files(&args.photos, dir)?.into_iter().map(Some).collect(),
        None => vec![None; args.photos.len()],
    };

    let bar = progress::bar(args.photos.len(), "judging");
    let mut documents = Vec::new();
    let mut all_drawn = true;
    for (photo, picture) in args.photos.iter().zip(pictures) {
        let document = judge_file(&judge, photo, &source).await;
        if !args.json {
            bar.suspend(|| print(photo, &document, &judge.bundle().manifest));
        }
        if let (Some(picture), Some(judgement)) = (picture, document.judgement())
            && let Err(error) = annotate::write(photo, judgement, &judge.bundle().manifest, &picture)
        {
            bar.suspend(|| eprintln!("friends: {error:#}"));
            all_drawn = false;
        }
        documents.push(document);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&documents)?);
    }
    let all_judged = documents.iter().all(|document| document.judgement().is_some());
    Ok(if all_judged && all_drawn { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Judges a file; one that cannot be read or judged gives a `rejected` document, and `failed` if that is our fault.
async fn judge_file(judge: &Judge, path: &Path, source: &RegionSource) -> ResultDocument {
    let unjudged = |outcome| ResultDocument::unkept(outcome, OffsetDateTime::now_utc());
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) => return unjudged(Outcome::Rejected(Rejection::unreadable(&error))),
    };
    match judge.document(bytes.into(), source, judge.permit().await).await {
        Ok(document) => document,
        Err(Error::Rejected(rejection)) => unjudged(Outcome::Rejected(rejection)),
        Err(error) => {
            eprintln!("friends: {} could not be judged: {}", path.display(), error.chain());
            unjudged(Outcome::Failed(error.public()))
        }
    }
}

/// One line a face: box, verdict, the best three scores.
fn print(path: &Path, document: &ResultDocument, manifest: &Manifest) {
    let Some(judgement) = document.judgement() else {
        let reason = document.error().map_or("", |problem| problem.message.as_str());
        println!("{}: {}: {reason}", path.display(), document.state.name());
        return;
    };
    let name = |slug: &str| {
        let label = manifest.labels.iter().find(|label| label.slug == slug);
        label.map_or_else(|| slug.to_owned(), |label| format!("{} {}", label.ja, label.en))
    };
    for face in &judgement.faces {
        let verdict = match &face.verdict {
            Verdict::Match { friend } => name(friend),
            Verdict::Either { friends: [a, b] } => format!("{} か / or {}", name(a), name(b)),
            Verdict::None => "どのフレンズでもない / nobody".to_owned(),
        };
        let scores: Vec<String> = face.scores.iter().take(3).map(|s| format!("{} {:.2}", s.friend, s.score)).collect();
        let area = face.area;
        println!(
            "{}: {verdict}  [{}]  {:?} {},{},{},{}  {} ms",
            path.display(),
            scores.join(", "),
            face.region,
            area.x,
            area.y,
            area.width,
            area.height,
            judgement.timings_ms.total
        );
    }
}
