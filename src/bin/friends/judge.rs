//! `friends judge`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use friends_judge::config::{self, DetectorSettings};
use friends_judge::error::{Code, Error, Rejection};
use friends_judge::model::bundle::Manifest;
use friends_judge::photo::Limits;
use friends_judge::pipeline::{Judge, Look};
use friends_judge::result::{Outcome, ResultDocument, Status};
use friends_judge::transport;
use friends_judge::verdict::Verdict;
use time::OffsetDateTime;

use crate::{annotate, model, progress};

#[derive(clap::Args)]
pub struct Args {
    /// Photos: JPEG, PNG, WebP, GIF
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// The bundle to judge with [default: the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    /// Who looks for faces [default: what the environment says, or embedded]
    #[arg(long, value_parser = ["embedded", "cloud-vision", "cascade"])]
    detector: Option<String>,
    /// Look for no faces: the pictures are head crops already
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
    let detector = DetectorSettings::read(args.detector.as_deref(), &config::environment)?.load(&transport::client()?)?;
    let judge = Judge::new(detector, model::classifier(args.model.as_deref())?, Limits::default(), 1);
    let look = if args.whole { Look::Whole } else { Look::Detect };
    if let Some(dir) = &args.annotate {
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    }

    let bar = progress::bar(args.photos.len(), "judging");
    let mut documents = Vec::new();
    for photo in &args.photos {
        let document = judge_file(&judge, photo, &look).await?;
        if !args.json {
            bar.suspend(|| print(photo, &document, &judge.classifier().bundle().manifest));
        }
        if let (Some(dir), Some(judgement)) = (&args.annotate, &document.judgement) {
            annotate::write(photo, judgement, &judge.classifier().bundle().manifest, dir)?;
        }
        documents.push(document);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&documents)?);
    }
    let all_judged = documents.iter().all(|document| document.status == Status::Done);
    Ok(if all_judged { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Judges a file; one that cannot be read or judged gives a `rejected` document.
async fn judge_file(judge: &Judge, path: &Path, look: &Look) -> anyhow::Result<ResultDocument> {
    let rejected = |rejection| ResultDocument::unkept(Outcome::Rejected(rejection), OffsetDateTime::now_utc());
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) => return Ok(rejected(Rejection::new(Code::NotFound, format!("The file cannot be read: {error}.")))),
    };
    match judge.document(bytes.into(), look).await {
        Ok(document) => Ok(document),
        Err(Error::Rejected(rejection)) => Ok(rejected(rejection)),
        Err(error) => Err(anyhow::Error::from(error).context(format!("{} could not be judged", path.display()))),
    }
}

/// One line a face: box, verdict, the best three scores.
fn print(path: &Path, document: &ResultDocument, manifest: &Manifest) {
    let Some(judgement) = &document.judgement else {
        let reason = document.error.as_ref().map_or("", |problem| problem.message.as_str());
        println!("{}: rejected: {reason}", path.display());
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
