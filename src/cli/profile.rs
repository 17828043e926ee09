//! `friends profile`: where the time of a photo goes, stage by stage.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use friends_core::crop;
use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_core::model::Classifier;
use friends_core::photo::Photo;
use friends_service::settings::{self, Settings, bundle_dir, transport};
use friends_service::storage::Storage;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::output::say;

/// What is copied to learn how fast memory is.
const COPIED: usize = 64 << 20;

#[derive(clap::Args)]
pub struct Args {
    /// A photo: JPEG, PNG, WebP, GIF
    photo: PathBuf,
    /// The bundle to judge with [default: the shipped one]
    #[arg(long, value_name = "BUNDLE")]
    model: Option<PathBuf>,
    /// How often the photo is judged; with --cold, how many processes judge it
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Judge the photo once in each of several new processes: where the time of a cold start goes
    #[arg(long)]
    cold: bool,
    /// Print the stages as JSON
    #[arg(long)]
    json: bool,
}

/// What one pass of a stage took.
#[derive(Clone, Copy)]
struct Pass {
    wall_ms: f64,
    cpu_ms: f64,
    page_faults: u64,
}

/// A stage: its first pass in the process, which is what a cold start pays, and the median of the
/// later ones.
#[derive(Serialize, Deserialize)]
struct Stage {
    name: String,
    first_ms: f64,
    first_cpu_ms: f64,
    first_page_faults: u64,
    /// Of the later passes; `null` for what is done once.
    median_ms: Option<f64>,
    median_cpu_ms: Option<f64>,
    /// What runs the network that was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    /// What the stage hands on, in bytes.
    bytes: usize,
    /// The least time in which these bytes can be written, by what copying them takes on this
    /// machine.
    memory_floor_ms: f64,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.cold {
        return cold(args);
    }
    let bytes = std::fs::read(&args.photo)
        .with_context(|| format!("{} cannot be read", args.photo.display()))?;
    let bytes = bytes::Bytes::from(bytes);
    let bandwidth = bandwidth();
    let mut stages = Vec::new();
    let mut once = |name, pass: Pass, bytes, operator: Option<&str>| {
        stages.push(Stage {
            operator: operator.map(str::to_owned),
            ..stage(name, &[pass], bytes, bandwidth)
        });
    };

    let (http, pass) = timed(transport::client);
    once("set up TLS and HTTP", pass, 0, None);
    let (storage, pass) = timed(|| storage(http?));
    storage?;
    once("set up the client of S3", pass, 0, None);
    let place = bundle_dir::find(args.model.as_deref(), &Settings::from_environment());
    let (bundle, pass) = timed(|| place.read());
    let bundle = bundle?;
    let size = bundle.backbone.len();
    once("read the bundle, check its hashes", pass, size, None);
    let (classifier, pass) = timed(|| Classifier::new(bundle));
    let classifier = classifier?;
    once("load the backbone", pass, size, Some(classifier.backbone().operator()));
    let (detector, pass) = timed(FaceDetector::load);
    let detector = detector?;
    once("load the detector", pass, 0, Some(detector.operator()));

    let input = classifier.backbone().input();
    let mut passes: [Vec<Pass>; 4] = Default::default();
    let mut seen = None;
    for _ in 0..args.runs {
        let (photo, decoding) = timed(|| Photo::decode(bytes.clone(), &Limits::default()));
        let photo = photo?;
        let (faces, finding) = timed(|| detector.find(&photo));
        let faces = faces?;
        let regions = crop::regions(&faces, photo.size(), Limits::default().heads);
        let cut = || regions.iter().map(|region| input.picture(&photo, region.area));
        let (pictures, cutting) = timed(|| cut().collect::<Vec<_>>());
        let score = |picture| classifier.backbone().extract(input.tensor(picture));
        let (features, scoring) =
            timed(|| pictures.iter().map(score).collect::<Result<Vec<_>, _>>());
        features?;
        for (all, pass) in passes.iter_mut().zip([decoding, finding, cutting, scoring]) {
            all.push(pass);
        }
        seen = Some((photo, regions.len()));
    }
    let (photo, heads) = seen.expect("there is a run at least");
    let tensors =
        |width: u32, height: u32, runs: usize| 12 * width as usize * height as usize * runs;
    let first = photo.size().scaled_to(detector.manifest().looks.first);
    let sizes = [
        photo.pixel_bytes(),
        tensors(first.width, first.height, 1),
        3 * input.width as usize * input.height as usize * heads,
        tensors(input.width, input.height, heads),
    ];
    // Of a plain JPEG: walk it, keep it at a fraction; look at that; decode what is judged.
    let names = ["decode", "find faces", "cut heads", "score heads"];
    for ((name, passes), bytes) in names.into_iter().zip(&passes).zip(sizes) {
        stages.push(stage(name, passes, bytes, bandwidth));
    }

    if args.json {
        say!("{}", serde_json::to_string_pretty(&stages)?);
    } else {
        print(&args.photo, bytes.len(), &photo, heads, &stages, bandwidth);
    }
    Ok(ExitCode::SUCCESS)
}

/// The client of a store that nobody asks.
fn storage(http: reqwest::Client) -> anyhow::Result<Storage> {
    let settings = Settings::from_pairs(&[
        (&settings::UPLOAD_BUCKET, "photos"),
        (&settings::SITE_BUCKET, "site"),
        (&settings::ACCESS_KEY_ID, "nobody"),
        (&settings::SECRET_ACCESS_KEY, "nothing"),
    ]);
    let settings = settings.storage()?.context("both buckets are named")?;
    Ok(Storage::new(settings, transport::for_sdk(http)))
}

/// Profiles new processes of this program, each of which judges the photo once.
fn cold(args: &Args) -> anyhow::Result<ExitCode> {
    let mut runs: Vec<Vec<Stage>> = Vec::new();
    for _ in 0..args.runs {
        let mut program = Command::new(std::env::current_exe()?);
        program.arg("profile").arg(&args.photo).args(["--runs", "1", "--json"]);
        if let Some(model) = &args.model {
            program.arg("--model").arg(model);
        }
        let output = program.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "a process failed");
        runs.push(serde_json::from_slice(&output.stdout)?);
    }
    let count = runs[0].len();
    let middle = |place: usize, of: fn(&Stage) -> f64| {
        median(&runs, |stages| of(&stages[place])).expect("there is a run at least")
    };
    let stages = (0..count).map(|place| Stage {
        name: runs[0][place].name.clone(),
        first_ms: middle(place, |stage| stage.first_ms),
        first_cpu_ms: middle(place, |stage| stage.first_cpu_ms),
        first_page_faults: middle(place, |stage| stage.first_page_faults as f64) as u64,
        median_ms: None,
        median_cpu_ms: None,
        operator: None,
        bytes: runs[0][place].bytes,
        memory_floor_ms: middle(place, |stage| stage.memory_floor_ms),
    });
    let stages: Vec<Stage> = stages.collect();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&stages)?);
        return Ok(ExitCode::SUCCESS);
    }
    say!("medians of {} processes\n", args.runs);
    say!("| stage | ms | of it CPU | page faults |\n|---|---|---|---|");
    for Stage { name, first_ms, first_cpu_ms, first_page_faults, .. } in &stages {
        say!("| {name} | {first_ms:.1} | {first_cpu_ms:.1} | {first_page_faults} |");
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a stage once.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Pass) {
    let (cpu, faults, started) = (cpu_ms(), page_faults(), Instant::now());
    let result = work();
    let wall_ms = started.elapsed().as_secs_f64() * 1000.0;
    (result, Pass { wall_ms, cpu_ms: cpu_ms() - cpu, page_faults: page_faults() - faults })
}

fn stage(name: &str, passes: &[Pass], bytes: usize, bandwidth: f64) -> Stage {
    let (first, later) = passes.split_first().expect("a stage has a pass");
    Stage {
        name: name.to_owned(),
        first_ms: first.wall_ms,
        first_cpu_ms: first.cpu_ms,
        first_page_faults: first.page_faults,
        median_ms: median(later, |pass| pass.wall_ms),
        median_cpu_ms: median(later, |pass| pass.cpu_ms),
        operator: None,
        bytes,
        memory_floor_ms: bytes as f64 / bandwidth * 1000.0,
    }
}

fn median<T>(runs: &[T], of: impl Fn(&T) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Processor time of all threads of this process.
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1000.0 + time.tv_nsec as f64 / 1e6
}

/// Pages that the process was given since it began; 0 where the system does not say so.
fn page_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name may hold spaces; after it, the field is the eighth.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    fields.and_then(|fields| fields.split_whitespace().nth(7)?.parse().ok()).unwrap_or(0)
}

/// Bytes a second in which this machine copies memory: the best of several copies.
fn bandwidth() -> f64 {
    let source = vec![1_u8; COPIED];
    let mut target = vec![0_u8; COPIED];
    let copy = |_| {
        let started = Instant::now();
        target.copy_from_slice(std::hint::black_box(&source));
        COPIED as f64 / started.elapsed().as_secs_f64()
    };
    (0..5).map(copy).fold(0.0, f64::max)
}

fn print(path: &Path, size: usize, photo: &Photo, heads: usize, stages: &[Stage], bandwidth: f64) {
    let whole = photo.size();
    say!(
        "{}: {} × {} pixels, {:.2} MB, decoded at 1/{}; {heads} region(s); memory is copied at {:.1} GB/s\n",
        path.display(),
        whole.width,
        whole.height,
        size as f64 / 1e6,
        photo.divisor(),
        bandwidth / 1e9
    );
    say!(
        "| stage | first ms | of it CPU | page faults | later ms | of it CPU | MB handed on | at memory's speed, ms |"
    );
    say!("|---|---|---|---|---|---|---|---|");
    let number =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    for stage in stages {
        say!(
            "| {} | {:.1} | {:.1} | {} | {} | {} | {:.2} | {:.2} |",
            stage.name,
            stage.first_ms,
            stage.first_cpu_ms,
            stage.first_page_faults,
            number(stage.median_ms),
            number(stage.median_cpu_ms),
            stage.bytes as f64 / 1e6,
            stage.memory_floor_ms
        );
    }
    let first: f64 = stages.iter().map(|stage| stage.first_ms).sum();
    let later: f64 = stages.iter().filter_map(|stage| stage.median_ms).sum();
    say!("| **together** | {first:.1} | | | {later:.1} | | | |\n");
    for stage in stages {
        if let Some(operator) = &stage.operator {
            say!("{}: {operator}", stage.name);
        }
    }
}
