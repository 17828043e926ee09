//! Training and measuring with the real program on drawings of our own.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use friends_core::hash::sha256;
use serde_json::Value;

use crate::common::process::{
    friends, friends_interrupted, friends_where_files_end_at, friends_with,
};

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

/// Drawings of the seven and of unknowns, `each` of each.
fn draw(dir: &Path, each: &str) -> String {
    let out = path(dir, "photos");
    let drawn = friends(&[
        "studio",
        "draw",
        "--out",
        &out,
        "--each",
        each,
        "--unknown",
        each,
        "--size",
        "96",
        "--seed",
        "9",
    ]);
    assert!(drawn.status.success(), "{drawn:?}");
    out
}

#[test]
fn folders_become_a_bundle_that_knows_them_and_the_same_seed_gives_the_same_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "12");
    let (difference, two) = (path(dir.path(), "one/mine"), path(dir.path(), "two/mine"));
    for out in [&difference, &two] {
        let trained = friends(&["train", &photos, "--out", out, "--whole", "--seed", "4"]);
        assert!(trained.status.success(), "{trained:?}");
    }
    for file in ["manifest.json", "head.json", "backbone.onnx"] {
        assert_eq!(
            std::fs::read(Path::new(&difference).join(file)).unwrap(),
            std::fs::read(Path::new(&two).join(file)).unwrap(),
            "{file}"
        );
    }
    let verified = friends(&["bundle", "verify", &difference]);
    assert!(verified.status.success(), "{verified:?}");

    let measured = friends(&["evaluate", &photos, "--model", &difference, "--whole", "--json"]);
    assert!(measured.status.success(), "{measured:?}");
    let figures: Value = serde_json::from_slice(&measured.stdout).unwrap();
    assert_eq!(figures["n"], 84);
    assert!(figures["top1"].as_f64().unwrap() > 0.9, "it has seen these: {figures}");
    assert_eq!(figures["labels"].as_array().unwrap().len(), 7);
    assert_eq!(figures["confusion"].as_array().unwrap().len(), 7);
    assert_eq!(figures["open_set"]["unknown_n"], 12);
    assert!(figures["open_set"]["auroc"].as_f64().unwrap() > 0.8, "{figures}");

    let same = friends(&["bundle", "diff", &difference, &two]);
    assert!(String::from_utf8_lossy(&same.stdout).contains("say the same"), "{same:?}");
    let differs = friends(&["bundle", "diff", &difference, "models/friends", "--json"]);
    let differences: Value = serde_json::from_slice(&differs.stdout).unwrap();
    let facts: Vec<&str> = differences
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|difference| difference["fact"].as_str())
        .collect();
    assert!(facts.contains(&"training.seed") && facts.contains(&"files.head.json"), "{facts:?}");
    assert!(!facts.contains(&"files.backbone.onnx"), "the backbone is the shipped one: {facts:?}");

    let again = friends(&["train", &photos, "--out", &difference, "--whole"]);
    assert_eq!(again.status.code(), Some(1), "a bundle is not overwritten");
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"));
}

#[test]
fn prototypes_learn_from_few_photos_and_the_next_bundle_inherits_their_unknowns() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "40");
    let (difference, two) = (path(dir.path(), "one"), path(dir.path(), "two"));
    let train = |out: &str, more: &[&str]| {
        friends(&[&["train", &photos, "--out", out, "--whole"], more].concat())
    };
    let manifest = |bundle: &str| -> Value {
        serde_json::from_slice(&std::fs::read(Path::new(bundle).join("manifest.json")).unwrap())
            .unwrap()
    };

    let trained = train(&difference, &["--head", "prototype", "--each", "5"]);
    assert!(trained.status.success(), "{trained:?}");
    assert!(
        String::from_utf8_lossy(&trained.stdout).contains("75 photos"),
        "seven times five, and the forty unknowns: {trained:?}"
    );
    assert_eq!(manifest(&difference)["training"]["head"]["kind"], "prototype");
    let measured = friends(&["evaluate", &photos, "--model", &difference, "--whole", "--json"]);
    let figures: Value = serde_json::from_slice(&measured.stdout).unwrap();
    assert!(figures["top1"].as_f64().unwrap() > 0.8, "most of these it has not seen: {figures}");
    assert!(figures["open_set"]["auroc"].as_f64().unwrap() > 0.8, "{figures}");

    std::fs::remove_dir_all(Path::new(&photos).join("unknown")).unwrap();
    let refused = train(&two, &["--head", "prototype"]);
    assert_eq!(refused.status.code(), Some(1), "the shipped bundle has no prototypes to inherit");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("unknown/"), "{refused:?}");
    let inherited = train(&two, &["--head", "prototype", "--model", &difference, "--each", "5"]);
    assert!(inherited.status.success(), "{inherited:?}");
    assert_eq!(manifest(&two)["training"]["head"]["kind"], "prototype");
}

#[test]
fn a_shortened_backbone_is_smaller_and_is_not_shortened_again() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "3");
    let (difference, two) = (path(dir.path(), "one"), path(dir.path(), "two"));
    let train = |out: &str, more: &[&str]| {
        let trained = friends(&[&["train", &photos, "--out", out, "--whole"], more].concat());
        assert!(trained.status.success(), "{trained:?}");
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(Path::new(out).join("manifest.json")).unwrap())
                .unwrap();
        let size = std::fs::metadata(Path::new(out).join("backbone.onnx")).unwrap().len();
        (manifest["training"]["backbone"].clone(), size)
    };
    let shipped = std::fs::metadata("models/friends/backbone.onnx").unwrap().len();
    let (told, size) = train(&difference, &["--depth", "shortened"]);
    assert_eq!(told["depth"], "shortened");
    assert!(size < shipped * 3 / 4, "{size} of {shipped} bytes");
    assert!(friends(&["bundle", "verify", &difference]).status.success());

    let (told, again) = train(&two, &["--model", &difference]);
    assert_eq!((&told["depth"], again), (&"shortened".into(), size), "{told}");
    let (told, size) = train(&two, &["--depth", "whole", "--force"]);
    assert_eq!((&told["depth"], size), (&"whole".into(), shipped), "{told}");
}

#[test]
fn a_second_training_takes_its_features_from_the_cache_and_gives_the_same_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "3");
    let (cache, difference, two) =
        (path(dir.path(), "cache"), path(dir.path(), "one/mine"), path(dir.path(), "two/mine"));
    let train = |out: &str, more: &[&str]| {
        let trained = friends(&[&["train", &photos, "--out", out, "--whole"], more].concat());
        assert!(trained.status.success(), "{trained:?}");
        std::fs::read(Path::new(out).join("manifest.json")).unwrap()
    };
    let kept = || {
        let folders = std::fs::read_dir(&cache).unwrap().map(|folder| folder.unwrap().path());
        folders
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .map(|file| file.unwrap().path())
            .collect::<Vec<_>>()
    };
    let first = train(&difference, &["--cache", &cache]);
    assert_eq!(
        kept().len(),
        2 * 24,
        "seven times three and three unknowns, by the whole backbone and by the shortened one"
    );

    // What one of the backbones lacks is computed, what the other has is taken.
    let one_backbone = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(one_backbone).unwrap();
    assert_eq!(train(&two, &["--cache", &cache]), first);
    assert_eq!(kept().len(), 2 * 24);

    // Features of zeros in the cache are believed: so they were read, and a run without the cache
    // computes them.
    for file in kept() {
        let length = std::fs::metadata(&file).unwrap().len();
        std::fs::write(&file, vec![0; length as usize]).unwrap();
    }
    assert_ne!(train(&two, &["--cache", &cache, "--force"]), first);
    assert_eq!(train(&two, &["--no-cache", "--force"]), first);

    std::fs::remove_dir_all(&cache).unwrap();
    std::fs::write(&cache, b"a file where the folder should be").unwrap();
    assert_eq!(
        train(&two, &["--cache", &cache, "--force"]),
        first,
        "what cannot be kept is computed"
    );
}

#[test]
fn on_a_full_disk_the_old_bundle_stays_and_the_reason_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "2");
    let (cache, out) = (path(dir.path(), "cache"), path(dir.path(), "models/mine"));
    let arguments = ["train", &photos, "--out", &out, "--whole", "--force", "--cache", &cache];
    assert!(friends(&arguments).status.success());
    let old = std::fs::read(Path::new(&out).join("manifest.json")).unwrap();
    std::fs::remove_dir_all(&cache).unwrap();

    let failed = friends_where_files_end_at(8, &[&arguments[..], &["--seed", "2"]].concat());
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let errors = String::from_utf8_lossy(&failed.stderr);
    assert!(errors.contains("cannot be written") && errors.contains("too large"), "{errors}");
    assert_eq!(errors.matches("features cannot be kept").count(), 1, "said once: {errors}");
    assert_eq!(std::fs::read(Path::new(&out).join("manifest.json")).unwrap(), old);
    assert!(friends(&["bundle", "verify", &out]).status.success(), "the old bundle is whole");
    let left: Vec<_> = std::fs::read_dir(Path::new(&out).parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no half bundle beside it: {left:?}");
    let kept = std::fs::read_dir(&cache)
        .unwrap()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .count();
    assert_eq!(kept, 0, "no half features");
}

#[test]
fn an_interrupted_training_leaves_the_old_bundle_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "12");
    let (out, cache) = (path(dir.path(), "bundles/mine"), path(dir.path(), "cache"));
    let arguments = ["train", &photos, "--out", &out, "--whole", "--cache", &cache, "--force"];
    assert!(friends(&arguments).status.success());
    let bundle = || std::fs::read(Path::new(&out).join("manifest.json")).unwrap();
    let old = bundle();
    // The training cannot end before the signal comes: where the features of its last photo should
    // be kept there is a pipe into which nobody writes, and whoever reads it waits.
    let folders: Vec<_> =
        std::fs::read_dir(&cache).unwrap().map(|folder| folder.unwrap().path()).collect();
    for file in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let unknown = std::fs::read_dir(Path::new(&photos).join("unknown")).unwrap();
    let last = unknown.map(|photo| photo.unwrap().path()).max().unwrap();
    let pipe = folders[0].join(sha256(&std::fs::read(last).unwrap()));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let kept =
        || folders.iter().map(|folder| std::fs::read_dir(folder).unwrap().count()).sum::<usize>();
    let stopped = friends_interrupted(&[&arguments[..], &["--seed", "2"]].concat(), || kept() > 12);
    assert_eq!(stopped.status.signal(), Some(2), "{stopped:?}");
    std::fs::remove_file(&pipe).unwrap();
    assert!(kept() > 4, "features of photos that were read are kept");
    assert_eq!(bundle(), old);
    assert_eq!(
        std::fs::read_dir(Path::new(&out).parent().unwrap()).unwrap().count(),
        1,
        "no half bundle beside it"
    );

    let again = friends(&[&arguments[..], &["--seed", "2"]].concat());
    assert!(again.status.success(), "{again:?}");
    let fresh = path(dir.path(), "fresh/mine");
    assert!(
        friends(&["train", &photos, "--out", &fresh, "--whole", "--no-cache", "--seed", "2"])
            .status
            .success()
    );
    let differs = friends(&["bundle", "diff", &out, &fresh]);
    assert!(
        String::from_utf8_lossy(&differs.stdout).contains("say the same"),
        "what was kept is as good as new: {differs:?}"
    );
}

#[test]
fn without_python_fine_tuning_says_what_to_do_and_the_frozen_bundle_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "3");
    let out = path(dir.path(), "mine");
    let arguments = ["train", &photos, "--out", &out, "--whole", "--no-cache", "--fine-tune"];
    let tuned = friends_with(&arguments, &[("FRIENDS_PYTHON", "/nowhere/python")]);
    assert_eq!(tuned.status.code(), Some(1), "{tuned:?}");
    let errors = String::from_utf8_lossy(&tuned.stderr);
    assert!(
        errors.contains(".ci/environment models/training") && errors.contains("as it was"),
        "{errors}"
    );
    assert!(friends(&["bundle", "verify", &out]).status.success());
}

#[test]
fn an_audit_finds_swapped_labels_and_second_copies_and_its_moves_can_be_undone() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "12");
    let root = Path::new(&photos);
    std::fs::rename(root.join("serval/0003.jpg"), root.join("otter/swapped.jpg")).unwrap();
    std::fs::copy(root.join("ibis/0001.jpg"), root.join("ibis/copy.jpg")).unwrap();
    let (moves, sheet) = (path(dir.path(), "moves.json"), path(dir.path(), "sheet.html"));
    let audited =
        friends(&["audit", &photos, "--whole", "--json", "--moves", &moves, "--report", &sheet]);
    assert!(audited.status.success(), "{audited:?}");
    let rows: Value = serde_json::from_slice(&audited.stdout).unwrap();
    let row = |file: &str| rows.as_array().unwrap().iter().find(|row| row["file"] == file).cloned();
    let swapped = row("otter/swapped.jpg").unwrap_or_else(|| panic!("not found: {rows:#}"));
    assert_eq!(
        (&swapped["suspect"], &swapped["label"], &swapped["suggested"]),
        (&"label".into(), &"otter".into(), &"serval".into())
    );
    let copy = row("ibis/copy.jpg").unwrap_or_else(|| panic!("not found: {rows:#}"));
    assert_eq!(
        (&copy["suspect"], &copy["suggested"]),
        (&"duplicate".into(), &"ibis/0001.jpg".into())
    );
    let page = std::fs::read_to_string(&sheet).unwrap();
    assert!(
        page.contains("swapped.jpg")
            && page.contains("data:image/jpeg")
            && !page.contains("src=\"http"),
        "self-contained"
    );

    let applied = friends(&["audit", &photos, "--apply", &moves]);
    assert!(applied.status.success(), "{applied:?}");
    assert!(
        root.join("serval/swapped.jpg").is_file()
            && root.join(".set-aside/ibis/copy.jpg").is_file()
    );
    let twice = friends(&["audit", &photos, "--apply", &moves]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("moved already"), "{twice:?}");
    let undone = friends(&["audit", &photos, "--undo", &moves]);
    assert!(undone.status.success(), "{undone:?}");
    assert!(root.join("otter/swapped.jpg").is_file() && root.join("ibis/copy.jpg").is_file());
}

#[test]
fn a_report_shows_figures_plots_and_mistakes_in_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let photos = draw(dir.path(), "6");
    std::fs::rename(
        Path::new(&photos).join("serval/0001.jpg"),
        Path::new(&photos).join("otter/wrong.jpg"),
    )
    .unwrap();
    let report = path(dir.path(), "report.html");
    let measured = friends(&["evaluate", &photos, "--whole", "--report", &report]);
    assert!(measured.status.success(), "{measured:?}");
    let text = String::from_utf8_lossy(&measured.stdout).into_owned();
    assert!(text.contains("otter → serval (1)") && text.contains("softmax"), "{text}");
    let page = std::fs::read_to_string(&report).unwrap();
    assert_eq!(page.matches("<svg").count(), 3, "reliability, scores, acceptance");
    assert!(page.contains("wrong.jpg") && page.contains("otter → serval (1)"));
    let linked = page.contains("src=\"http") || page.contains("href=");
    assert!(!linked, "everything is in the file");
}

#[test]
fn folders_that_cannot_teach_are_refused_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let out = path(dir.path(), "bundle");
    let refusal = |photos: &str| {
        let refused = friends(&["train", photos, "--out", &out, "--whole"]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(!Path::new(&out).exists(), "nothing is written");
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };
    assert!(refusal(&path(dir.path(), "missing")).contains("cannot be read"));

    let photos = dir.path().join("photos");
    let put = |name: &str, bytes: &[u8]| {
        let path = photos.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let drawing = crate::common::pictures::jpeg(&crate::common::pictures::serval(64));
    put("serval/a.jpg", &drawing);
    put("serval/b.jpg", &drawing);
    assert!(refusal(photos.to_str().unwrap()).contains("at least two"), "one label");
    put("otter/text.jpg", b"this is a text");
    let errors = refusal(photos.to_str().unwrap());
    assert!(errors.contains("text.jpg") && errors.contains("otter"), "{errors}");
    put("otter/mio__1.jpg", &drawing);
    put("otter/mio__2.jpg", &drawing);
    assert!(refusal(photos.to_str().unwrap()).contains("1 source"), "one source only");
}

#[test]
fn measuring_a_label_that_the_bundle_does_not_know_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("jaguar");
    std::fs::create_dir_all(&photos).unwrap();
    std::fs::write(
        photos.join("a.jpg"),
        crate::common::pictures::jpeg(&crate::common::pictures::serval(64)),
    )
    .unwrap();
    let refused = friends(&["evaluate", dir.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("jaguar"));
}
