//! A real browser at phone size, from choosing a photo to sharing the verdict; axe looks at every
//! state that is kept as a picture.
//!
//! Needs `chromium`, `chromedriver` and axe-core; `.ci/run` installs them. Screenshots go to
//! `target/screenshots`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, MouseActions, PointerAction};
use serde_json::json;

use crate::common::phone::{ENTER, HEIGHT, PATIENCE, Phone, WIDTH, photo_of_serval};
use crate::common::pictures::{jpeg, serval};
use crate::common::process::Serve;
use crate::common::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_chooses_a_photo_and_reads_who_it_is() {
    let service = Service::start().await;
    let (photos, photo) = photo_of_serval();
    let text = photos.path().join("notes.jpg");
    std::fs::write(&text, b"these are only notes").unwrap();

    let phone = Phone::open(&service).await;
    phone.screenshot("idle.png").await;
    let width =
        phone.page.execute("return document.documentElement.scrollWidth", vec![]).await.unwrap();
    assert_eq!(width, WIDTH, "nothing sticks out at the side");

    phone.choose(&photo).await;
    phone.state("done").await;
    phone.screenshot("done.png").await;
    assert!(phone.text(".verdict").await.contains("サーバル"));
    let name =
        phone.page.find(Locator::Css("#result-title")).await.unwrap().rectangle().await.unwrap();
    let picture = phone.page.find(Locator::Css("#photo")).await.unwrap().rectangle().await.unwrap();
    assert!(
        name.1 > 0.0 && name.1 + name.3 < picture.1,
        "the name stands above the photo: {name:?}, {picture:?}"
    );
    assert!(
        picture.1 + picture.3 <= f64::from(HEIGHT),
        "and nothing must be scrolled to see both: {picture:?}"
    );
    let face = phone.page.find(Locator::Css(".face-box")).await.unwrap();
    assert_eq!(face.attr("data-friend").await.unwrap().as_deref(), Some("serval"));
    let bars = phone.page.find_all(Locator::Css(".bar")).await.unwrap();
    assert_eq!(bars.len(), 7, "a bar for every Friend");
    let best: f64 = bars[0].attr("data-score").await.unwrap().unwrap().parse().unwrap();
    assert!(best > 0.5, "{best}");
    let aloud = phone
        .page
        .execute("return document.getElementById('status').textContent", vec![])
        .await
        .unwrap();
    assert!(aloud.as_str().unwrap().contains("判定が終わりました"), "{aloud}");
    let width =
        phone.page.execute("return document.documentElement.scrollWidth", vec![]).await.unwrap();
    assert_eq!(width, WIDTH, "nothing sticks out at the side");

    // The verdict stays until the next photo is chosen.
    phone.page.find(Locator::Css("#again")).await.unwrap().send_keys(ENTER).await.unwrap();
    phone.state("done").await;
    phone.choose(&text).await;
    phone.state("rejected").await;
    phone.screenshot("rejected.png").await;
    assert!(!phone.text("#error").await.is_empty());

    // Without a photo of their own.
    phone.press("#home").await;
    phone.state("idle").await;
    phone.try_drawing("serval").await;
    phone.screenshot("demo.png").await;
    assert!(phone.text(".verdict").await.contains("サーバル"));

    // On a busy day: the first try is told to come back.
    // By keyboard, as some visitors go about it.
    phone.press("#home").await;
    phone.state("idle").await;
    let busy_once = "const real = window.fetch; window.fetch = (url, options) => { \
        if (!String(url).includes('api/uploads')) return real(url, options); \
        window.fetch = real; \
        return Promise.resolve(new Response('{}', { status: 429, headers: { 'retry-after': '1' } })); }";
    phone.page.execute(busy_once, vec![]).await.unwrap();
    phone.choose(&photo).await;
    phone.state("done").await;

    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_survives_reload_back_and_a_second_tab_until_it_is_deleted() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::start().await;
    let judged = async || {
        phone.state("done").await;
        assert!(phone.text(".verdict").await.contains("サーバル"));
        assert_eq!(phone.page.find_all(Locator::Css(".face-box")).await.unwrap().len(), 1);
    };
    let sees_photo = async || {
        phone.page.find(Locator::Css("#photo")).await.unwrap().is_displayed().await.unwrap()
    };

    phone.page.goto(&service.url("/")).await.unwrap();
    phone.state("idle").await;
    phone.choose(&photo).await;
    judged().await;
    let address = phone.page.current_url().await.unwrap();
    assert!(address.fragment().is_some_and(|fragment| fragment.starts_with("r=")), "{address}");
    phone.page.refresh().await.unwrap();
    judged().await;
    assert!(sees_photo().await);

    // Another photo, and back.
    phone.press("#home").await;
    phone.state("idle").await;
    phone.page.back().await.unwrap();
    judged().await;
    assert!(sees_photo().await);

    // Where the photo is not: on another device.
    let elsewhere = Phone::start().await;
    elsewhere.page.goto(address.as_str()).await.unwrap();
    elsewhere.state("done").await;
    assert!(elsewhere.text(".verdict").await.contains("サーバル"));
    elsewhere.screenshot("elsewhere.png").await;
    assert!(
        !elsewhere.page.find(Locator::Css("#forget")).await.unwrap().is_displayed().await.unwrap()
    );

    phone.page.find(Locator::Css("#forget")).await.unwrap().click().await.unwrap();
    phone.state("deleted").await;
    phone.screenshot("deleted.png").await;
    elsewhere.page.refresh().await.unwrap();
    elsewhere.state("deleted").await;
    elsewhere.close().await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_is_drawn_is_judged_where_it_stands() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone.choose(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/six.jpg")).await;
    phone.state("done").await;
    let found = phone.page.find_all(Locator::Css(".face-box")).await.unwrap();
    let (last, name) =
        (found[5].rectangle().await.unwrap(), found[5].attr("data-friend").await.unwrap());
    let photo =
        async || phone.page.find(Locator::Css("#photo")).await.unwrap().rectangle().await.unwrap();
    let before = photo().await;

    let draw = async || {
        phone.page.find(Locator::Css("#box")).await.unwrap().send_keys(ENTER).await.unwrap();
        phone.state("drawing").await;
    };
    // By finger or mouse: from one corner of the last head to the other.
    draw().await;
    let now = photo().await;
    let scale = now.2 / before.2;
    let corner = |x: f64, y: f64| {
        let (x, y) = (now.0 + scale * (x - before.0), now.1 + scale * (y - before.1));
        PointerAction::MoveTo { duration: None, x, y }
    };
    let stroke = MouseActions::new("mouse".to_owned())
        .then(corner(last.0, last.1))
        .then(PointerAction::Down { button: 0 })
        .then(corner(last.0 + last.2, last.1 + last.3))
        .then(PointerAction::Up { button: 0 });
    phone.page.perform_actions(stroke).await.unwrap();
    phone.screenshot("drawing.png").await;
    phone.page.find(Locator::Css("#judge-drawn")).await.unwrap().send_keys(ENTER).await.unwrap();
    phone.state("done").await;
    let drawn = phone.page.find_all(Locator::Css(".face-box")).await.unwrap();
    assert_eq!(drawn.len(), 1);
    assert_eq!(drawn[0].attr("data-region").await.unwrap().as_deref(), Some("drawn"));
    assert_eq!(drawn[0].attr("data-friend").await.unwrap(), name);
    let judged = drawn[0].rectangle().await.unwrap();
    phone.screenshot("drawn.png").await;

    // By keyboard: the box goes left, out of nowhere it stays inside the photo.
    draw().await;
    let left = "\u{E012}".repeat(60);
    phone
        .page
        .find(Locator::Css("#drawn"))
        .await
        .unwrap()
        .send_keys(&format!("{left}{ENTER}"))
        .await
        .unwrap();
    phone.state("done").await;
    let moved =
        phone.page.find(Locator::Css(".face-box")).await.unwrap().rectangle().await.unwrap();
    let photo = photo().await;
    assert!((moved.0 - photo.0).abs() < 2.0 && moved.0 < judged.0, "{moved:?} in {photo:?}");
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_says_who_it_is_and_takes_the_crop_back() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone.try_drawing("serval").await;
    let tap = async |words: &str| {
        let button = format!("//button[contains(@class, 'chip')][contains(., '{words}')]");
        phone
            .page
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(&button))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    };
    let thanked = async || {
        let thanks = Locator::XPath("//*[contains(@class, 'feedback')][contains(., 'ありがとう')]");
        phone
            .page
            .wait()
            .at_most(PATIENCE)
            .for_element(thanks)
            .await
            .expect("the visitor is thanked");
    };
    let kept = |kind: &str| {
        let files = std::fs::read_dir(service.folder().join("friends-uploads/feedback"))
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        files
            .filter(|path| path.extension().is_some_and(|extension| extension == kind))
            .collect::<Vec<_>>()
    };
    let opinion = || {
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(&kept("json")[0]).unwrap())
            .unwrap()
    };

    tap("ちがう").await;
    phone.page.find(Locator::Css(".feedback input")).await.unwrap().click().await.unwrap();
    phone.screenshot("feedback.png").await;
    tap("フェネック").await;
    thanked().await;
    assert_eq!(opinion()["friend"], "fennec");
    assert_eq!(kept("jpg").len(), 1);

    tap("えらびなおす").await;
    tap("あたり").await;
    thanked().await;
    assert_eq!(opinion()["friend"], "serval");
    assert!(kept("jpg").is_empty());
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_said_so_and_cancelling_takes_the_visit_back() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    // Polls reach nobody, and what is taken back is noted.
    let cut = "const real = window.fetch; window.deleted = 0; window.fetch = (url, options) => { \
        if (options?.method === 'DELETE') window.deleted++; \
        return String(url).startsWith('results/') ? Promise.reject(new TypeError('cut')) : real(url, options); }";
    phone.page.execute(cut, vec![]).await.unwrap();
    phone.choose(&photo).await;
    phone.state("judging").await;
    let unreachable =
        phone.page.wait().at_most(PATIENCE).for_element(Locator::XPath(
            "//*[@id='status'][contains(., 'サーバーにつながりません')]",
        ));
    unreachable.await.expect("the page says that it cannot reach the server");
    phone.screenshot("unreachable.png").await;
    phone.page.find(Locator::Css("#cancel")).await.unwrap().click().await.unwrap();
    phone.state("idle").await;
    assert_eq!(phone.page.execute("return window.deleted", vec![]).await.unwrap(), 1);
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_people_are_six_boxes_in_order() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone.choose(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/six.jpg")).await;
    phone.state("done").await;
    phone.screenshot("six.png").await;
    let mut lefts = Vec::new();
    for element in phone.page.find_all(Locator::Css(".face-box")).await.unwrap() {
        lefts.push(element.rectangle().await.unwrap().0);
    }
    assert_eq!(lefts.len(), 6);
    assert!(lefts.is_sorted(), "{lefts:?}");
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_reads_half_of_the_text_in_the_language_of_the_address() {
    let service = Service::start().await;
    let (photos, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    assert!(!phone.text("body").await.contains("Which Friend"));
    phone.press(".languages [hreflang='en']").await;
    assert_eq!(phone.page.current_url().await.unwrap().query(), Some("lang=en"));
    phone.screenshot("idle-en.png").await;
    let is_japanese = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let english = async || {
        let text = phone.text("main").await;
        assert!(!text.contains(is_japanese), "{text}");
    };
    english().await;
    phone.choose(&photo).await;
    phone.state("done").await;
    phone.says("#result-title", "Serval").await;
    english().await;
    phone.screenshot("done-en.png").await;
    // What reads only one language follows it.
    phone.press("#make-card").await;
    phone
        .page
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css("#card[data-shape]"))
        .await
        .unwrap();
    let post =
        phone.page.find(Locator::Css("#post")).await.unwrap().attr("href").await.unwrap().unwrap();
    assert!(post.contains("Friends+Judge+says"), "{post}");
    phone.screenshot("card-en.png").await;
    phone.press("#close-share").await;
    // It survives a reload and other pages, and goes as it came.
    phone.page.refresh().await.unwrap();
    phone.state("done").await;
    english().await;
    let text = photos.path().join("notes.jpg");
    std::fs::write(&text, b"these are only notes").unwrap();
    let address = phone.page.current_url().await.unwrap();
    phone.press(".languages [hreflang='ja']").await;
    phone.says("#result-title", "サーバル").await;
    let now = phone.page.current_url().await.unwrap();
    assert_eq!((now.query(), now.fragment()), (Some("lang=ja"), address.fragment()));
    phone.press(".languages [hreflang='en']").await;
    phone.press("footer a[href='privacy.html']").await;
    phone.says("#contact", "friends@example.com").await;
    phone.says("#seen-by", "on this server alone").await;
    english().await;
    phone.screenshot("privacy-en.png").await;
    phone.press(".languages [hreflang='ja']").await;
    phone.screenshot("privacy.png").await;
    phone.press("main a[href='./']").await;
    phone.state("idle").await;
    phone.choose(&text).await;
    phone.state("rejected").await;
    phone.screenshot("rejected.png").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_are_chosen_together_are_judged_one_after_another() {
    let service = Service::start().await;
    let (photos, photo) = photo_of_serval();
    let text = photos.path().join("notes.jpg");
    std::fs::write(&text, b"these are only notes").unwrap();
    let six = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/six.jpg");
    let phone = Phone::open(&service).await;
    let all = [&photo, &text, &six].map(|path| path.to_str().unwrap()).join("\n");
    phone.page.find(Locator::Css("#library")).await.unwrap().send_keys(&all).await.unwrap();
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;
    phone.says("#again", "あと2枚").await;
    phone.press("#again").await;
    phone.state("rejected").await;
    phone.says("#again", "あと1枚").await;
    phone.press("#again").await;
    phone.state("done").await;
    assert_eq!(phone.page.find_all(Locator::Css(".face-box")).await.unwrap().len(), 6);
    phone.says("#again", "もう一枚").await;
    // Each has an address of its own, and so has the refusal.
    phone.page.back().await.unwrap();
    phone.state("rejected").await;
    phone.page.back().await.unwrap();
    phone.says("#result-title", "サーバル").await;
    phone.close().await;
    service.stop().await;
}

/// A BMP of 24 bits a pixel; its width must be a multiple of 4.
fn bmp(picture: &image::RgbImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let mut file = b"BM".to_vec();
    // Size, reserved, where pixels begin; size of the next header, width, height from the bottom
    // up; one plane of 24 bits; no compression.
    for number in
        [54 + 3 * width * height, 0, 54, 40, width, height, 1 | 24 << 16, 0, 0, 0, 0, 0, 0]
    {
        file.extend(number.to_le_bytes());
    }
    for row in picture.rows().rev() {
        file.extend(row.flat_map(|pixel| [pixel.0[2], pixel.0[1], pixel.0[0]]));
    }
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_browser_can_show_is_judged() {
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    let drawn = serval(500);
    let bitmap = folder.path().join("serval.bmp");
    std::fs::write(&bitmap, bmp(&drawn)).unwrap();
    let data = STANDARD.encode(jpeg(&drawn));
    let drawing = folder.path().join("serval.svg");
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='500' height='500'>\
         <image width='500' height='500' href='data:image/jpeg;base64,{data}'/></svg>"
    );
    std::fs::write(&drawing, svg).unwrap();
    let strip = folder.path().join("strip.jpg");
    std::fs::write(
        &strip,
        jpeg(&image::imageops::resize(&drawn, 20, 6000, image::imageops::FilterType::Triangle)),
    )
    .unwrap();
    for (photo, verdict) in
        [(&bitmap, "サーバル"), (&drawing, "サーバル"), (&strip, "フレンズではなさそう")]
    {
        let phone = Phone::open(&service).await;
        phone.choose(photo).await;
        phone.state("done").await;
        phone.says("#result-title", verdict).await;
        phone.close().await;
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_its_reason_in_the_language_of_the_page() {
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd.jpg");
    // As if it had 12 bits a color, which no browser redraws.
    let mut file = jpeg(&serval(400));
    let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    file[frame + 4] = 12;
    std::fs::write(&odd, file).unwrap();
    for (query, says, silent) in [("", "特殊な JPEG", true), ("?lang=en", "unusual JPEG", false)]
    {
        let phone = Phone::start().await;
        phone.page.goto(&service.url(&format!("/{query}"))).await.unwrap();
        phone.state("idle").await;
        phone.choose(&odd).await;
        phone.state("rejected").await;
        phone.says("#error", says).await;
        assert_eq!(
            phone.text("#error-detail").await.is_empty(),
            silent,
            "no English on a Japanese page"
        );
        phone.close().await;
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_is_chosen_without_a_connection_goes_when_it_is_back() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    phone.worker_ready().await;
    phone.connected(false).await;
    // What an earlier visit has kept would name the Friend, too.
    phone.page.execute("localStorage.clear()", vec![]).await.unwrap();
    phone.choose(&photo).await;
    phone.says("#status", "つながるのを待っています").await;
    assert!(phone.text("#offline").await.contains("オフライン"));
    phone.screenshot("offline.png").await;
    // The page can be opened all the same, and the photo is still there.
    phone.page.refresh().await.unwrap();
    phone.says("#status", "つながるのを待っています").await;
    assert!(phone.page.find(Locator::Css("#photo")).await.unwrap().is_displayed().await.unwrap());
    phone.connected(true).await;
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;
    // It is not sent a second time.
    phone.page.goto(&service.url("/?again")).await.unwrap();
    phone.state("idle").await;
    let kept = "const done = arguments[arguments.length - 1]; const opening = indexedDB.open('friends-judge'); \
        opening.onsuccess = () => { const keys = opening.result.transaction('visits').objectStore('visits').getAllKeys(); \
            keys.onsuccess = () => done(keys.result); };";
    let kept = phone.page.execute_async(kept, vec![]).await.unwrap();
    assert!(kept.as_array().unwrap().len() == 1 && kept[0] != "waiting", "{kept}");
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_cut_off_in_the_dark_on_its_side_or_at_four_times_the_size() {
    let service = Service::start().await;
    let six = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/six.jpg");
    let phone = Phone::open(&service).await;
    let looked_at = async |state: &str| {
        for (name, width, height, dark) in [
            ("dark", WIDTH, HEIGHT, true),
            ("landscape", 740, 360, false),
            ("zoomed", 320, 256, false),
        ] {
            phone.sized(width, height).await;
            phone.dark(dark).await;
            phone.screenshot(&format!("{state}-{name}.png")).await;
            let wide = phone
                .page
                .execute("return document.documentElement.scrollWidth", vec![])
                .await
                .unwrap();
            assert_eq!(wide, width, "nothing sticks out at the side: {state}, {name}");
        }
        phone.sized(WIDTH, HEIGHT).await;
        phone.dark(false).await;
    };
    looked_at("idle").await;
    phone.choose(&six).await;
    phone.state("done").await;
    looked_at("six").await;
    phone.press("#box").await;
    phone.state("drawing").await;
    looked_at("drawing").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_and_reloads_in_the_middle_lose_nothing() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    phone.cdp("Network.enable", json!({})).await;
    let slow =
        json!({"offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 8000});

    // While it is sent: first the line breaks, then the page is closed and opened.
    phone.cdp("Network.emulateNetworkConditions", slow).await;
    phone.choose(&photo).await;
    phone.state("uploading").await;
    phone.screenshot("uploading.png").await;
    phone.connected(false).await;
    phone.says("#offline", "オフライン").await;
    phone.connected(true).await;
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;
    let slow =
        json!({"offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 8000});
    phone.press("#again").await;
    phone.cdp("Network.emulateNetworkConditions", slow).await;
    phone.choose(&photo).await;
    phone.state("uploading").await;
    phone.page.refresh().await.unwrap();
    phone.connected(true).await;
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;

    // While it is judged.
    phone.press("#again").await;
    phone.cdp("Network.setBlockedURLs", json!({"urls": ["*/results/*"]})).await;
    phone.choose(&photo).await;
    phone.state("judging").await;
    phone.page.refresh().await.unwrap();
    phone.state("judging").await;
    phone.cdp("Network.setBlockedURLs", json!({"urls": []})).await;
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;

    // A refusal keeps its place, and the start is offered.
    let notes = photo.with_file_name("notes.jpg");
    std::fs::write(&notes, b"these are only notes").unwrap();
    phone.press("#again").await;
    phone.choose(&notes).await;
    phone.state("rejected").await;
    phone.page.refresh().await.unwrap();
    phone.state("rejected").await;
    phone.press("#home").await;
    phone.state("idle").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_how_the_service_is_used() {
    // A process of its own: counts are a process's.
    let data = tempfile::tempdir().unwrap();
    let serve = Serve::start(data.path());
    let counts = json!({"status.done": 200, "verdict.match": 120, "verdict.either": 10, "device.mobile": 157, "device.desktop": 43,
        "feedback.right": 9, "feedback.wrong": 1, "status.rejected": 4});
    let stats =
        json!({"schema": 1, "days": {time::OffsetDateTime::now_utc().date().to_string(): counts}});
    let phone = Phone::start().await;
    phone.page.goto(&serve.url("/stats.html?lang=en")).await.unwrap();
    phone.says("#state", "Nothing has been counted yet").await;
    std::fs::write(data.path().join("objects/friends-site/stats.json"), stats.to_string()).unwrap();
    phone.page.refresh().await.unwrap();
    for text in ["65.0 %", "78.5 %", "90.0 %"] {
        phone.says("#totals", text).await;
    }
    phone.screenshot("stats.png").await;
    phone.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programmer_reads_what_can_be_asked() {
    let service = Service::start().await;
    let phone = Phone::start().await;
    phone.page.goto(&service.url("/api/?lang=en")).await.unwrap();
    phone.says("#calls", "POST /api/uploads").await;
    phone.says("#shapes", "photo_too_costly").await;
    phone.screenshot("api.png").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_says_the_language_where_the_address_does_not() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::speaking("en").await;
    phone.page.goto(&service.url("/")).await.unwrap();
    phone.state("idle").await;
    phone.says("#lead", "Which Friend").await;
    phone.choose(&photo).await;
    phone.state("done").await;
    phone.says("#result-title", "Serval").await;
    phone.press(".languages [hreflang='ja']").await;
    phone.says("#result-title", "サーバル").await;
    phone.page.refresh().await.unwrap();
    phone.says("#result-title", "サーバル").await;
    phone.close().await;
    service.stop().await;
}

/// One number says how sure it is; the raw score is a tap away, with the line where the name begins.
#[tokio::test(flavor = "multi_thread")]
async fn one_number_says_how_often_such_a_verdict_is_right() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    phone.choose(&photo).await;
    phone.state("done").await;
    let text = phone.text("#result").await;
    assert!(text.contains("10枚中"), "{text}");
    assert!(!phone.text("main").await.contains('%'));
    phone.press("#result summary").await;
    phone.has("details[open] .bar .mark").await;
    let left = phone.run("return document.querySelector('.mark').style.left").await;
    let left: f64 = left.as_str().unwrap().trim_end_matches('%').parse().unwrap();
    assert!((1.0..=99.0).contains(&left), "{left}");
    phone.screenshot("scores.png").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_wait_and_a_refusal_survive_a_reload() {
    let service = Service::start().await;
    let (photos, photo) = photo_of_serval();
    let text = photos.path().join("notes.jpg");
    std::fs::write(&text, b"these are only notes").unwrap();
    let phone = Phone::open(&service).await;
    let all = [&photo, &text, &photo].map(|path| path.to_str().unwrap()).join("\n");
    phone.page.find(Locator::Css("#library")).await.unwrap().send_keys(&all).await.unwrap();
    phone.state("done").await;
    phone.page.refresh().await.unwrap();
    phone.state("done").await;
    phone.says("#again", "あと2枚").await;
    phone.press("#again").await;
    phone.state("rejected").await;
    let why = phone.text("#error").await;
    phone.page.refresh().await.unwrap();
    phone.state("rejected").await;
    assert_eq!(phone.text("#error").await, why);
    phone.says("#again", "あと1枚").await;
    // A step back leads to the verdict before it.
    phone.page.back().await.unwrap();
    phone.state("done").await;
    phone.page.forward().await.unwrap();
    phone.state("rejected").await;
    phone.press("#again").await;
    phone.state("done").await;
    phone.says("#again", "もう一枚").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_there_can_be_read_without_a_connection() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    phone.worker_ready().await;
    phone.choose(&photo).await;
    phone.state("done").await;
    phone.connected(false).await;
    phone.page.refresh().await.unwrap();
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;
    phone.says("#offline", "オフライン").await;
    // Of another device's result nothing is here.
    phone.run("location.hash = '#r=AAAAAAAAAAAAAAAAAAAAAA'").await;
    phone.says("#status", "結果をまだ読めません").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_answered_with_what_to_do() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    let paste = "const pasted = new DataTransfer(); pasted.setData('text/plain', 'https://example.com/serval.jpg'); \
        dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted }));";
    phone.run(paste).await;
    phone.state("rejected").await;
    phone.says("#error", "保存してから").await;
    phone.press("#home").await;
    phone.state("idle").await;
    // A filter on the way answers in the service's place.
    let filter = "const real = window.fetch; window.fetch = (url, options) => (String(url).includes('api/uploads') \
        ? Promise.resolve(new Response('<h1>Blocked</h1>', { status: 403 })) : real(url, options));";
    phone.run(filter).await;
    phone.choose(&photo).await;
    phone.state("failed").await;
    phone.says("#error", "別の回線").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_app_can_share_a_photo_with_the_page() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone.worker_ready().await;
    phone.has("html").await;
    let share = format!(
        "const done = arguments[arguments.length - 1]; \
         const bytes = Uint8Array.from(atob('{}'), (letter) => letter.charCodeAt(0)); const form = new FormData(); \
         form.append('photo', new File([bytes], 'serval.jpg', {{ type: 'image/jpeg' }})); \
         fetch('/shared', {{ method: 'POST', body: form }}).then(({{ url }}) => done(url), (error) => done(String(error)));",
        STANDARD.encode(jpeg(&serval(500)))
    );
    let leads_to = phone.page.execute_async(&share, vec![]).await.unwrap();
    assert_eq!(leads_to, service.url("/?shared"));
    phone.page.goto(&service.url("/?shared")).await.unwrap();
    phone.state("done").await;
    phone.says("#result-title", "サーバル").await;
    phone.close().await;
    service.stop().await;
}
