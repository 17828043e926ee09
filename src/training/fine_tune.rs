//! Fine-tuning: `models/training/fine_tune.py` trains all layers of a backbone in Keras, this hands
//! over pictures and takes networks.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::RgbImage;
use serde::Deserialize;
use serde_json::json;

/// How to fine-tune.
#[derive(Clone, Debug)]
pub struct FineTuning {
    /// The Python of the environment that the script needs.
    pub python: PathBuf,
    /// The script.
    pub script: PathBuf,
    /// Times that each picture is seen.
    pub epochs: u32,
    /// The highest rate of the optimiser.
    pub rate: f64,
    /// Steps in which the classes alone are learnt.
    pub warm_up: u32,
    /// For everything that is drawn at random; runs count up from it.
    pub seed: u64,
    /// Fits without what is held out, each with its own seed, at least.
    pub runs: u32,
}

/// One picture to learn from.
pub struct Picture {
    /// Of the backbone's input size.
    pub picture: RgbImage,
    /// Index into the labels; `None` for an unknown, which is not learnt from.
    pub label: Option<usize>,
    /// Whether the first fit leaves it out.
    pub held_out: bool,
}

/// The networks, as ONNX.
pub struct Tuned {
    /// It has not seen what was held out.
    pub checked: Vec<u8>,
    /// It has seen all pictures.
    pub all: Vec<u8>,
}

/// What the script prints while it runs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Progress {
    /// A fit is over.
    Fit(TuningRun),
    /// An epoch is.
    Epoch(Epoch),
}

/// An epoch of a fit, as the script prints it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Epoch {
    /// `checked` or `all`.
    pub fit: String,
    /// The fit's seed.
    pub seed: u64,
    /// From 1.
    pub epoch: u32,
    /// How many there are.
    pub epochs: u32,
    /// Accuracy on held-out pictures, where some are held out.
    #[serde(default)]
    pub held_out_accuracy: Option<f64>,
}

/// How a fit ended.
#[derive(Clone, Debug, PartialEq, Deserialize, serde::Serialize)]
pub struct TuningRun {
    /// `checked` or `all`.
    pub fit: String,
    /// The fit's seed.
    pub seed: u64,
    /// Whether it failed to learn.
    pub collapsed: bool,
    /// The best accuracy on held-out pictures.
    pub best: Option<f64>,
    /// The last one.
    pub last: Option<f64>,
    /// What nearest means of the initial backbone reach on them.
    pub initial: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// The accuracy on held-out pictures after each epoch.
    #[serde(skip)]
    pub curve: Vec<f64>,
}

/// Why there is no fine-tuned backbone.
#[derive(Debug, thiserror::Error)]
pub enum FineTuneError {
    /// The Python environment is not there.
    #[error(
        "{} is not there: .ci/environment models/training makes the Python environment (1 GB, half a minute), or name a Python that \
         has what models/training/requirements.txt lists in FRIENDS_PYTHON",
        .0.display()
    )]
    NoPython(PathBuf),
    /// A file cannot be read or written, or the script cannot be started.
    #[error("{what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The script gave up.
    #[error("the training script ended with: {0}")]
    Script(String),
}

impl FineTuning {
    /// Fine-tunes a backbone; `progress` is called after each epoch and each fit, also of those
    /// that collapse.
    ///
    /// # Errors
    /// When the environment is missing, the script gives up, or a file cannot be read or written.
    pub fn run(
        &self,
        pictures: &[Picture],
        labels: usize,
        initial: &[u8],
        mut progress: impl FnMut(Progress),
    ) -> Result<Tuned, FineTuneError> {
        if !self.python.is_file() {
            return Err(FineTuneError::NoPython(self.python.clone()));
        }
        let work = tempfile::tempdir()
            .map_err(failed("cannot make a folder in", &std::env::temp_dir()))?;
        let file = |name: &str| work.path().join(name);
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(file(name), bytes).map_err(failed("cannot write", &file(name)))
        };
        let raw: Vec<u8> =
            pictures.iter().flat_map(|picture| picture.picture.as_raw().iter().copied()).collect();
        write("pictures.raw", &raw)?;
        drop(raw);
        let facts = json!({
            "classes": labels,
            "class": pictures.iter().map(|picture| picture.label.map_or(-1, |label| label as i64)).collect::<Vec<i64>>(),
            "held_out": pictures.iter().map(|picture| picture.held_out).collect::<Vec<bool>>(),
        });
        write("pictures.json", facts.to_string().as_bytes())?;
        write("initial.onnx", initial)?;

        let errors = file("errors.txt");
        let to = std::fs::File::create(&errors).map_err(failed("cannot write", &errors))?;
        let mut child = Command::new(&self.python)
            .arg(&self.script)
            .arg(work.path())
            .args(["--epochs", &self.epochs.to_string(), "--rate", &self.rate.to_string()])
            .args(["--warm-up", &self.warm_up.to_string(), "--seed", &self.seed.to_string()])
            .args(["--runs", &self.runs.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(to)
            .spawn()
            .map_err(failed("cannot start", &self.python))?;
        let mut curve = Vec::new();
        for line in
            child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines())
        {
            let line = line.map_err(failed("cannot read from", &self.script))?;
            // What else the script says is for people.
            let Ok(mut seen) = serde_json::from_str::<Progress>(&line) else { continue };
            match &mut seen {
                Progress::Epoch(epoch) => curve.extend(epoch.held_out_accuracy),
                Progress::Fit(fit) => fit.curve = std::mem::take(&mut curve),
            }
            progress(seen);
        }
        let status = child.wait().map_err(failed("cannot wait for", &self.python))?;
        if !status.success() {
            let output = std::fs::read_to_string(&errors).unwrap_or_default();
            return Err(FineTuneError::Script(
                output.lines().last().unwrap_or("nothing").to_owned(),
            ));
        }
        let read =
            |name: &str| std::fs::read(file(name)).map_err(failed("cannot read", &file(name)));
        Ok(Tuned { checked: read("checked.onnx")?, all: read("all.onnx")? })
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FineTuneError + use<> {
    let path = path.to_owned();
    move |source| FineTuneError::File { what, path, source }
}
