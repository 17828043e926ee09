//! `friends judge`

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use friends_core::model::Manifest;
use friends_core::verdict::Verdict;
use friends_service::app::{App, Assembly, Buckets};
use friends_service::error::{Code, Error, Failure};
use friends_service::observe::{Log, Observer};
use friends_service::pipeline::{Judge, RegionSource};
use friends_service::settings::Settings;
use friends_service::tickets::{Outcome, ResultDocument};
use friends_training::photo_files::{self, LeftOut};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

use crate::{annotate, progress};

#[derive(clap::Args)]
pub struct Args {
    /// Photos (JPEG, PNG, WebP, GIF), folders of photos at any depth, or - for standard input
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
    /// Print an array of result documents, in the order of the photos
    #[arg(long)]
    json: bool,
    /// Print a result document a line, as soon as it and those before it are there, with the
    /// photo's path as `file`
    #[arg(long, conflicts_with = "json")]
    json_lines: bool,
    /// Photos that are judged at the same time; each takes memory
    /// [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    at_once: Option<NonZero<usize>>,
    /// Write the pictures with boxes and names into this folder
    #[arg(long, value_name = "DIR")]
    annotate: Option<PathBuf>,
}

/// A photo that is being judged, or waits for it, and where its picture with boxes goes.
struct Job {
    photo: PathBuf,
    judging: JoinHandle<(ResultDocument, anyhow::Result<()>)>,
}

#[tokio::main]
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let at_once =
        args.at_once.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let assembly = Assembly {
        model: args.model.as_deref(),
        detector: args.detector.as_deref(),
        permits: at_once,
        buckets: Buckets::None,
        observer: Observer::new(Log),
    };
    let judge = Arc::new(App::assemble(assembly, &Settings::from_environment())?.judge);
    judge.loaded()?;
    let source = if args.whole { RegionSource::Whole } else { RegionSource::Detect };
    let photos = photos(&args.photos)?;
    let pictures: Vec<Option<PathBuf>> = match &args.annotate {
        Some(dir) => annotate::files(&photos, dir)?.into_iter().map(Some).collect(),
        None => vec![None; photos.len()],
    };

    let bar = progress::bar(photos.len(), "judging");
    let mut to = std::io::stdout();
    let mut waiting = photos.iter().cloned().zip(pictures);
    let mut begun = VecDeque::new();
    let (mut printed, mut all_well) = (0, true);
    loop {
        // A few more than are judged at once are begun, so that a slow photo does not keep the
        // others waiting.
        while begun.len() < 2 * at_once
            && let Some((photo, picture)) = waiting.next()
        {
            let (judge, path) = (Arc::clone(&judge), photo.clone());
            begun.push_back(Job {
                photo,
                judging: tokio::spawn(async move {
                    judge_and_draw(&judge, &path, picture, source).await
                }),
            });
        }
        let Some(Job { photo, judging }) = begun.pop_front() else { break };
        let (document, drawn) = judging.await.context("a photo could not be judged")?;
        all_well &= document.judgement().is_some() && drawn.is_ok();
        bar.suspend(|| {
            if let Err(error) = drawn {
                eprintln!("friends: {error:#}");
            }
            print(&mut to, &args, printed, &photo, &document, &judge.bundle().manifest)
        })?;
        printed += 1;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.json {
        writeln!(to, "\n]")?;
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The photos that are meant: files as they are named, and those below folders, sorted.
fn photos(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut photos = Vec::new();
    let mut left_out = LeftOut::default();
    for path in named {
        if !path.is_dir() {
            photos.push(path.clone());
            continue;
        }
        let found = photo_files::photos_below(path).map_err(|(folder, error)| {
            anyhow::Error::new(error).context(format!("{} cannot be read", folder.display()))
        })?;
        if found.photos.is_empty() {
            anyhow::bail!("there is no photo (JPEG, PNG, WebP, GIF) below {}", path.display());
        }
        photos.extend(found.photos);
        left_out.add(&found.left_out);
    }
    progress::tell_left_out(&left_out);
    Ok(photos)
}

/// The bytes of a photo; `-` is standard input.
async fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        return tokio::task::spawn_blocking(|| {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        })
        .await?;
    }
    tokio::fs::read(path).await
}

/// Judges a photo, and draws its picture with boxes if one is wanted.
async fn judge_and_draw(
    judge: &Judge,
    photo: &Path,
    picture: Option<PathBuf>,
    source: RegionSource,
) -> (ResultDocument, anyhow::Result<()>) {
    let document = judge_file(judge, photo, &source).await;
    let drawn = match (picture, document.judgement()) {
        (Some(picture), Some(judgement)) => {
            annotate::write(photo, judgement, &judge.bundle().manifest, &picture)
        }
        _ => Ok(()),
    };
    (document, drawn)
}

/// A result document with the path of its photo.
#[derive(Serialize)]
struct Line<'a> {
    file: Cow<'a, str>,
    #[serde(flatten)]
    document: &'a ResultDocument,
}

/// Writes what there is to say of the photo with this number, in the form that was asked for.
fn print(
    to: &mut impl Write,
    args: &Args,
    number: usize,
    photo: &Path,
    document: &ResultDocument,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    if args.json {
        let text = serde_json::to_string_pretty(document)?.replace('\n', "\n  ");
        write!(to, "{}\n  {text}", if number == 0 { "[" } else { "," })?;
    } else if args.json_lines {
        writeln!(
            to,
            "{}",
            serde_json::to_string(&Line { file: photo.to_string_lossy(), document })?
        )?;
    } else {
        print_faces(to, photo, document, manifest)?;
    }
    to.flush()?;
    Ok(())
}

/// Judges a file; one that cannot be read or judged gives a `rejected` document, and `failed` if
/// that is our fault.
async fn judge_file(judge: &Judge, path: &Path, source: &RegionSource) -> ResultDocument {
    let unjudged = |outcome| ResultDocument::unkept(outcome, OffsetDateTime::now_utc());
    let bytes = match read(path).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("The file cannot be read: {error}.");
            return unjudged(Outcome::Rejected(Failure::new(Code::NotFound, message)));
        }
    };
    match judge.document(bytes.into(), source, judge.permit().await).await {
        Ok(document) => document,
        Err(Error::Rejected(failure)) => unjudged(Outcome::Rejected(failure)),
        Err(error) => {
            eprintln!("friends: {} could not be judged: {}", path.display(), error.chain());
            unjudged(Outcome::Failed(error.public()))
        }
    }
}

/// One line a face: box, verdict, the best three scores.
fn print_faces(
    to: &mut impl Write,
    path: &Path,
    document: &ResultDocument,
    manifest: &Manifest,
) -> std::io::Result<()> {
    let Some(judgement) = document.judgement() else {
        let reason = document.error().map_or("", |failure| failure.message.as_str());
        return writeln!(to, "{}: {}: {reason}", path.display(), document.state.name());
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
        let scores: Vec<String> =
            face.scores.iter().take(3).map(|s| format!("{} {:.2}", s.friend, s.score)).collect();
        let area = face.area;
        writeln!(
            to,
            "{}: {verdict}  [{}]  {:?} {},{},{},{}  {} ms",
            path.display(),
            scores.join(", "),
            face.region,
            area.x,
            area.y,
            area.width,
            area.height,
            judgement.timings_ms.total
        )?;
    }
    Ok(())
}
