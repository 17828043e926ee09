//! The command line: answers for people and programs, and exit codes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::pictures::{jpeg, serval};
use crate::common::process::{friends, friends_in, friends_unheard, friends_with};

#[test]
fn judging_files_gives_documents_in_order_and_an_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.jpg", &jpeg(&serval(300)));
    let bad = file("bad.jpg", b"no photo");
    let annotated = dir.path().join("annotated");

    let judged = friends(&[
        "judge",
        "--json",
        "--annotate",
        annotated.to_str().unwrap(),
        &bad,
        &good,
        "/no/such/file.jpg",
    ]);
    assert_eq!(judged.status.code(), Some(1), "one could not be judged");
    let documents: Value = serde_json::from_slice(&judged.stdout).unwrap();
    let statuses: Vec<&Value> =
        documents.as_array().unwrap().iter().map(|document| &document["status"]).collect();
    assert_eq!(statuses, [&json!("rejected"), &json!("done"), &json!("rejected")]);
    assert_eq!(documents[1]["faces"][0]["verdict"], json!({"kind": "match", "friend": "serval"}));
    assert_eq!(image::image_dimensions(annotated.join("good.jpg")).unwrap(), (300, 300));

    let alone = friends(&["judge", "--whole", &good]);
    assert!(alone.status.success());
    assert!(String::from_utf8_lossy(&alone.stdout).contains("サーバル Serval"), "{alone:?}");
}

#[test]
fn many_photos_are_a_line_each_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    // The first takes longest.
    for (name, side) in [("large.jpg", 3400), ("small.jpg", 200)] {
        std::fs::write(path(name), jpeg(&serval(side))).unwrap();
    }
    let [large, small, missing] = ["large.jpg", "small.jpg", "missing.jpg"].map(path);
    let photos = [&large, &small, &missing, &small, &large, &small, &small, &small, &small];
    let all: Vec<&str> =
        ["judge", "--json-lines"].into_iter().chain(photos.map(String::as_str)).collect();
    let judged = friends(&all);
    assert_eq!(judged.status.code(), Some(1), "one is missing");
    let lines: Vec<Value> = String::from_utf8(judged.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.iter().map(|line| line["file"].as_str().unwrap()).collect::<Vec<_>>(), photos);
    let named =
        lines.iter().filter(|line| line["faces"][0]["verdict"]["friend"] == "serval").count();
    assert_eq!((named, &lines[2]["status"]), (8, &json!("rejected")));
    // As the others, one after another.
    let alone: Value =
        serde_json::from_slice(&friends(&["judge", "--json", "--at-once", "1", &large]).stdout)
            .unwrap();
    assert_eq!(alone[0]["faces"], lines[0]["faces"]);
    assert_eq!(friends(&["judge", "--json", "--json-lines", &small]).status.code(), Some(2));
}

/// A folder in which nothing of ours lies: the program holds bundle, detector and page itself.
#[test]
fn a_program_alone_judges_folders_and_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let photo = jpeg(&serval(300));
    std::fs::create_dir_all(folder.path().join("photos/more")).unwrap();
    std::fs::write(folder.path().join("photos/more/b.jfif"), &photo).unwrap();
    std::fs::write(folder.path().join("photos/a.jpg"), &photo).unwrap();
    std::fs::write(folder.path().join("photos/c.heic"), b"\0\0\0\x18ftypheic").unwrap();
    let judged = friends_in(folder.path(), &["judge", "--json-lines", "photos", "-"], &photo);
    let errors = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{errors}");
    assert!(errors.contains("left out: 1 HEIC"), "{errors}");
    let lines: Vec<Value> = String::from_utf8(judged.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let files: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["photos/a.jpg", "photos/more/b.jfif", "-"]);
    for line in &lines {
        assert_eq!(line["faces"][0]["verdict"]["friend"], "serval", "{}", line["file"]);
    }
}

#[test]
fn a_reader_who_has_gone_is_no_failure() {
    let bundle = crate::common::bundle_dir();
    let bundle = bundle.to_str().unwrap();
    for arguments in [
        &["bundle", "show", bundle][..],
        &["bundle", "verify", bundle],
        &["settings"],
        &["completions", "bash"],
        &["man"],
    ] {
        let unheard = friends_unheard(arguments);
        let errors = String::from_utf8_lossy(&unheard.stderr);
        assert!(unheard.status.success() && errors.is_empty(), "{arguments:?}: {errors}");
    }
}

#[test]
fn settings_are_told_without_their_values() {
    let set = [("FRIENDS_VISION_KEY", "secret-key"), ("FRIENDS_CONTACT", "")];
    let table = String::from_utf8(friends_with(&["settings"], &set).stdout).unwrap();
    assert!(!table.contains("secret-key"));
    let state = |name: &str| {
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!((state("FRIENDS_VISION_KEY"), state("FRIENDS_CONTACT")), ("set".into(), "-".into()));
    let help = String::from_utf8(friends(&["help", "settings"]).stdout).unwrap();
    assert!(help.contains("FRIENDS_VISION_MONTHLY_CAP"), "{help}");
}

#[test]
fn a_profile_names_the_stages_of_a_photo() {
    let dir = tempfile::tempdir().unwrap();
    let photo = dir.path().join("serval.jpg");
    std::fs::write(&photo, jpeg(&serval(3400))).unwrap();
    let photo = photo.to_str().unwrap();
    let table = friends(&["profile", photo, "--runs", "2"]);
    let table = String::from_utf8(table.stdout).unwrap();
    for sentence in [
        "3400 × 3400 pixels",
        "decoded at 1/4",
        "| decode |",
        "| find faces |",
        "| score heads |",
        "load the backbone: ",
    ] {
        assert!(table.contains(sentence), "{sentence}: {table}");
    }
    let stages: Value =
        serde_json::from_slice(&friends(&["profile", photo, "--runs", "2", "--json"]).stdout)
            .unwrap();
    let decode = stages.as_array().unwrap().iter().find(|stage| stage["name"] == "decode").unwrap();
    assert_eq!(decode["bytes"], 3 * 850 * 850);
    assert!(decode["median_ms"].as_f64().unwrap() > 0.0);
    let loads = stages.as_array().unwrap().iter().filter_map(|stage| stage["operator"].as_str());
    assert!(loads.eq(table.lines().filter_map(|line| {
        line.strip_prefix("load the ")?.split_once(": ").map(|(_, operator)| operator)
    })));
    assert!(!friends(&["profile", "/no/such/file.jpg"]).status.success());
}

#[test]
fn pictures_with_boxes_take_no_photo_s_place() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("more")).unwrap();
    let photo = jpeg(&serval(300));
    let [one, two] =
        ["one.jpg", "more/one.jpg"].map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    for file in [&one, &two] {
        std::fs::write(file, &photo).unwrap();
    }
    let refused = friends(&["judge", &one, "--annotate", dir.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another folder"), "{refused:?}");
    assert_eq!(std::fs::read(&one).unwrap(), photo);

    let pictures = dir.path().join("pictures");
    assert!(
        friends(&["judge", &one, &two, "--annotate", pictures.to_str().unwrap()]).status.success()
    );
    assert!(
        pictures.join("one.jpg").exists() && pictures.join("one-2.jpg").exists(),
        "of two photos of one name both"
    );
}

#[test]
fn detectors_are_compared_on_photos_with_known_faces() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("six.jpg"), include_bytes!("fixtures/six.jpg")).unwrap();
    // Two faces of six.jpg, one that is not there, and one that is too small to count.
    let boxes =
        json!([[64, 189, 55, 60], [934, 167, 112, 123], [10, 10, 60, 60], [442, 220, 30, 30]]);
    let known = json!([{"file": "six.jpg", "width": 1100, "height": 400, "boxes": boxes, "labels": ["drawn", "drawn", "drawn", "drawn"]}]);
    std::fs::write(path("boxes.json"), known.to_string()).unwrap();
    let peer = |file: &str| json!({"detector": "peer", "threshold": 0.5, "pictures": [{"file": file, "boxes": [[10, 10, 60, 60]], "scores": [0.7]}]});
    std::fs::write(path("peer.json"), peer("six.jpg").to_string()).unwrap();
    std::fs::write(path("other.json"), peer("seven.jpg").to_string()).unwrap();

    let folder = dir.path().to_str().unwrap();
    let (curve, page) = (path("curve.svg"), path("page.html"));
    let compared = friends(&[
        "detectors",
        folder,
        "--json",
        "--peer",
        &path("peer.json"),
        "--curve",
        &curve,
        "--html",
        &page,
    ]);
    assert!(compared.status.success(), "{compared:?}");
    let rows: Value = serde_json::from_slice(&compared.stdout).unwrap();
    let row = |place: usize| {
        ["detector", "pictures", "faces", "found", "false_alarms"]
            .map(|key| rows[place][key].clone())
    };
    // Six boxes: two found, one on the face that is too small, three false alarms.
    assert_eq!(row(0), [json!("embedded"), json!(1), json!(3), json!(2), json!(3)]);
    assert_eq!(row(1), [json!("peer"), json!(1), json!(3), json!(1), json!(0)]);
    assert!(rows[0]["ms_median"].as_f64().unwrap() > 0.0);
    assert_eq!(
        std::fs::read_to_string(curve).unwrap().matches("<circle").count(),
        2,
        "one point a detector"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let kinds = ["found", "missed", "alarm", "neither"]
        .map(|kind| page.matches(&format!("<rect class=\"{kind}\"")).count());
    assert_eq!(kinds, [2, 1, 3, 1]);
    assert!(page.contains("data:image/jpeg;base64,"));

    let refused = friends(&["detectors", folder, "--peer", &path("other.json")]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("other photos"), "{refused:?}");
    let nothing = friends(&["detectors", "/no/such/folder"]);
    assert!(
        String::from_utf8_lossy(&nothing.stderr).contains("boxes.json cannot be read"),
        "{nothing:?}"
    );
}

#[test]
fn wrong_usage_is_exit_code_2_and_every_command_has_help() {
    assert_eq!(friends(&["judge"]).status.code(), Some(2));
    assert_eq!(friends(&["dance"]).status.code(), Some(2));
    for command in
        ["serve", "judge", "profile", "train", "evaluate", "detectors", "bundle", "studio"]
    {
        let help = friends(&[command, "--help"]);
        assert!(help.status.success() && !help.stdout.is_empty(), "{command}");
    }
}

#[test]
fn the_shipped_bundle_is_as_its_manifest_says() {
    let verified = friends(&["bundle", "verify", "models/friends"]);
    assert!(verified.status.success(), "{verified:?}");
    let manifest: Value =
        serde_json::from_slice(&friends(&["bundle", "show", "--json", "models/friends"]).stdout)
            .unwrap();
    let slugs: BTreeSet<&str> = manifest["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["slug"].as_str().unwrap())
        .collect();
    assert_eq!(
        slugs,
        BTreeSet::from(["kaban", "serval", "raccoon", "fennec", "otter", "ibis", "shoebill"])
    );
}

#[test]
fn a_bundle_that_is_not_there_or_altered_is_refused_by_name() {
    let missing = friends(&["bundle", "verify", "/no/such/bundle"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("manifest.json"));

    let copy = tempfile::tempdir().unwrap();
    for name in ["manifest.json", "backbone.onnx", "head.json"] {
        std::fs::copy(crate::common::bundle_dir().join(name), copy.path().join(name)).unwrap();
    }
    let manifest = copy.path().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let verify = || {
        let refused = friends(&["bundle", "verify", copy.path().to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(1));
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };
    for (from, to, named) in [
        ("\"features\": 512", "\"features\": 511", "head.json"),
        ("\"schema\": 3", "\"schema\": 4", "schema 4"),
        ("\"slug\": \"otter\"", "\"slug\": \"serval\"", "twice"),
        ("\"width\": 128", "\"width\": 8", "8 by 128"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&manifest, text.replacen(from, to, 1)).unwrap();
        let complaint = verify();
        assert!(complaint.contains(named), "{from}: {complaint}");
    }
    let mut golden: Value = serde_json::from_str(&text).unwrap();
    golden["golden"]["scores"][0] = json!(golden["golden"]["scores"][0].as_f64().unwrap() + 0.1);
    std::fs::write(&manifest, golden.to_string()).unwrap();
    assert!(verify().contains("golden"));
}
