//! Finds the face model that the `rustface` crate carries, so that the repository holds no copy of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest as _, Sha256};

const CRATE: &str = "rustface-0.1.7";
const MODEL: &str = "model/seeta_fd_frontal_v1.0.bin";
/// SHA-256 of the model in `rustface` 0.1.7.
const MODEL_SHA256: &str = "c4619d066ed35e84d9a8e842860b0dff567aba0cbb139881075538761db3ff5d";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("seeta_fd_frontal.bin");
    let model = in_registry().unwrap_or_else(|| from_metadata().join(MODEL));
    let bytes = fs::read(&model).unwrap_or_else(|error| panic!("{} cannot be read: {error}", model.display()));
    let actual: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(actual, MODEL_SHA256, "{} is not the face model that belongs to {CRATE}", model.display());
    fs::write(&out, bytes).unwrap_or_else(|error| panic!("{} cannot be written: {error}", out.display()));
}

/// The usual place: cargo's registry of unpacked sources.
fn in_registry() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/src")).ok()?;
    registries.flatten().map(|registry| registry.path().join(CRATE).join(MODEL)).find(|model| model.is_file())
}

/// Any other place (vendored, patched): ask cargo. It may have to download what only tests need.
fn from_metadata() -> PathBuf {
    let metadata = Command::new(env::var_os("CARGO").expect("cargo sets CARGO"))
        .args(["metadata", "--format-version=1"])
        .output()
        .expect("cargo metadata runs");
    let error = String::from_utf8_lossy(&metadata.stderr);
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.stdout).unwrap_or_else(|_| panic!("cargo metadata failed: {error}"));
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "rustface")
        .and_then(|package| Path::new(package["manifest_path"].as_str()?).parent())
        .expect("rustface is a dependency")
        .to_owned()
}
