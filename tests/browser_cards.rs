//! What a visitor takes along, in a real browser: cards, share pages, the album.

use std::path::PathBuf;

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::common::phone::{ENTER, PATIENCE, Phone, photo_of_serval};
use crate::common::service::Service;

/// Whether the header hides a part of its text.
const CLIPPED: &str = "const header = document.querySelector('.masthead');
    const bottom = header.getBoundingClientRect().bottom;
    return [...header.querySelectorAll('h1, h1 span')].some((text) => text.getBoundingClientRect().bottom > bottom);";

/// The size of the card that is shown, and the colors of its top left corner and of the middle of
/// its picture.
const CARD: &str = "const done = arguments[arguments.length - 1]; const image = document.getElementById('card'); \
    const canvas = document.createElement('canvas'); \
    (async () => { await image.decode(); \
        Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight }); \
        const context = canvas.getContext('2d'); context.drawImage(image, 0, 0); \
        const at = (x, y) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)]; \
        done({ size: [canvas.width, canvas.height], corner: at(2, 2), frame: at(canvas.height === 630 ? 300 : 540, 68) }); })()";

/// A shared page at three sizes, light and dark: nothing of its header is hidden.
async fn shared_page_is_whole(reader: &Phone) {
    for (width, height, dark, name) in [
        (360, 640, false, "shared.png"),
        (390, 844, true, "shared-dark.png"),
        (1280, 800, false, "shared-wide.png"),
    ] {
        reader.sized(width, height).await;
        reader.dark(dark).await;
        let clipped = reader.page.execute(CLIPPED, vec![]).await.unwrap();
        assert_eq!(clipped, json!(false), "the header at {width} pixels");
        reader.screenshot(name).await;
    }
}

/// The card's button closes it, a step back does, and a tap beside it: each stays on the verdict.
async fn card_closes_in_every_way(phone: &Phone) {
    let is_shown = async || {
        phone.page.find(Locator::Css("#share")).await.unwrap().is_displayed().await.unwrap()
    };
    phone.press("#close-share").await;
    assert!(!is_shown().await);
    let beside = "document.getElementById('share').dispatchEvent(new MouseEvent('click', { clientX: 1, clientY: 1 }));";
    for close in ["history.back();", beside] {
        phone.press("#make-card").await;
        phone.sized(360, 640).await;
        let bottom = phone
            .page
            .execute(
                "return document.getElementById('save').getBoundingClientRect().bottom",
                vec![],
            )
            .await
            .unwrap();
        assert!(bottom.as_f64().unwrap() < 640.0, "the main buttons need no scrolling: {bottom}");
        assert!(is_shown().await);
        phone.page.execute(close, vec![]).await.unwrap();
        let closed = Locator::Css("#share:not([open])");
        phone.page.wait().at_most(PATIENCE).for_element(closed).await.expect("it is closed");
        phone.state("done").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_made_on_the_device_and_shared_as_a_file_alone() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    let stub = "navigator.canShare = ({ files }) => files.length === 1; window.shared = []; \
        navigator.share = async (what) => { window.shared.push([Object.keys(what).join(), what.files[0].type, what.files[0].size > 10000]); };";
    phone.page.execute(stub, vec![]).await.unwrap();
    phone.try_drawing("serval").await;
    phone.page.find(Locator::Css("#make-card")).await.unwrap().click().await.unwrap();

    let shown = async |shape: &str| {
        let css = format!("#card[data-shape='{shape}']");
        phone
            .page
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(&css))
            .await
            .expect("the card is drawn");
        let card = phone.page.execute_async(CARD, vec![]).await.unwrap();
        let near = |color: &serde_json::Value, wanted: [i64; 3]| {
            let channels = color.as_array().unwrap().iter().zip(wanted);
            assert!(
                channels.clone().all(|(is, wanted)| (is.as_i64().unwrap() - wanted).abs() < 12),
                "{color} is not {wanted:?}"
            );
        };
        near(&card["corner"], [0xe8, 0xa3, 0x3d]);
        near(&card["frame"], [0xff, 0xfd, 0xf7]);
        phone.screenshot(&format!("card-{shape}.png")).await;
        card["size"].clone()
    };
    assert_eq!(shown("upright").await, json!([1080, 1350]));
    phone.page.find(Locator::Css("#send")).await.unwrap().click().await.unwrap();
    assert_eq!(
        phone.page.execute("return window.shared", vec![]).await.unwrap(),
        json!([["files", "image/jpeg", true]])
    );
    phone
        .page
        .find(Locator::Css("[name='shape'][value='wide']"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    assert_eq!(shown("wide").await, json!([1200, 630]));
    let post =
        phone.page.find(Locator::Css("#post")).await.unwrap().attr("href").await.unwrap().unwrap();
    let post = reqwest::Url::parse(&post).unwrap();
    assert!(post.query_pairs().any(|(name, value)| name == "text" && value.contains("サーバル")));
    assert!(
        post.query_pairs().any(|(name, value)| name == "hashtags" && value == "フレンズ判定器")
    );
    // A page to link to, which no script makes. Where nothing can be copied, nothing says so.
    let no_clipboard = "Object.defineProperty(navigator, 'clipboard', { value: undefined });";
    phone.page.execute(no_clipboard, vec![]).await.unwrap();
    phone.page.find(Locator::Css("#link")).await.unwrap().send_keys(ENTER).await.unwrap();
    phone
        .page
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css("#link-made:not([hidden])"))
        .await
        .expect("a link is made");
    phone.says("#link-made", "コピーしてください").await;
    let address = phone
        .page
        .execute("return document.getElementById('address').value", vec![])
        .await
        .unwrap();
    let reader = Phone::start().await;
    reader.page.goto(address.as_str().unwrap()).await.unwrap();
    assert!(reader.text("h2").await.contains("サーバル"));
    let width = reader
        .page
        .execute("return document.querySelector('.shared').naturalWidth", vec![])
        .await
        .unwrap();
    assert_eq!(width, 1200);
    shared_page_is_whole(&reader).await;
    reader.close().await;
    card_closes_in_every_way(&phone).await;
    phone.close().await;
    service.stop().await;
}

/// Every pixel of the boxes of those faces that are covered is as on a card whose photo is one flat
/// color: nothing of the photo is left. Returns how many faces were looked at.
const COVERED: &str = "const done = arguments[arguments.length - 1]; \
    (async () => { \
        const { drawCard } = await import('/card.js'); \
        const result = await (await fetch('/results/' + location.hash.slice(3) + '.json')).json(); \
        const { width, height } = result.photo; \
        const flat = async (color) => { \
            const canvas = document.createElement('canvas'); Object.assign(canvas, { width, height }); \
            const context = canvas.getContext('2d'); context.fillStyle = color; context.fillRect(0, 0, width, height); \
            const photo = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png')); \
            const faces = result.faces.map(({ box }, i) => ({ box, isCovered: i !== 2 })); \
            return drawCard({ title: { ja: 'x', en: 'x' }, friends: [], faces, photo }, 'upright'); }; \
        const [red, green] = [await flat('#f00'), await flat('#0f0')]; \
        const pixels = ({ canvas }) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; \
        const [a, b] = [pixels(red), pixels(green)]; \
        const inner = { x: 78, y: 78, width: 924, height: 764 }; \
        const scale = Math.max(inner.width / width, inner.height / height); \
        const [left, top] = [(width - inner.width / scale) / 2, (height - inner.height / scale) / 4]; \
        const differ = result.faces.map(({ box }) => { let count = 0; \
            for (let y = Math.ceil((box.y - top) * scale); y < (box.y + box.height - top) * scale; y++) \
                for (let x = Math.ceil((box.x - left) * scale); x < (box.x + box.width - left) * scale; x++) { \
                    const [column, row] = [inner.x + x, inner.y + y]; \
                    if (x < 0 || y < 0 || x >= inner.width || y >= inner.height) continue; \
                    const at = 4 * (Math.round(row) * red.canvas.width + Math.round(column)); \
                    if (a[at] !== b[at] || a[at + 1] !== b[at + 1]) count++; } \
            return count; }); \
        done(differ); })().catch((error) => done(String(error)));";

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_named_and_nobody_in_it_is_shown_who_did_not_ask() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone.choose(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/six.jpg")).await;
    phone.state("done").await;
    phone.press("#make-card").await;
    phone.has("#card[data-shape]").await;
    let post =
        phone.page.find(Locator::Css("#post")).await.unwrap().attr("href").await.unwrap().unwrap();
    let post = reqwest::Url::parse(&post).unwrap();
    let text = post.query_pairs().find(|(name, _)| name == "text").unwrap().1.into_owned();
    assert!(text.contains('と') && !text.contains("人のうち"), "all are named: {text}");
    for id in ["line", "bluesky", "misskey"] {
        let href = phone.run(&format!("return document.getElementById('{id}').href")).await;
        assert!(href.as_str().unwrap().starts_with("https://"), "{href}");
    }

    phone.run("document.getElementById('with-photo').click()").await;
    phone.has("#covers:not([hidden]) .chip").await;
    let covered = "return document.querySelectorAll('#covers .chip[aria-pressed=\"true\"]').length";
    assert_eq!(phone.run(covered).await, 6, "all of a group are covered at first");
    phone.has("#card[data-shape]").await;
    phone.screenshot("card-covered.png").await;
    phone.run("document.querySelector('#covers .chip').click()").await;
    assert_eq!(phone.run(covered).await, 5, "and each can be shown");
    phone.has("#card[data-shape]").await;
    phone.screenshot("card-one-shown.png").await;
    let differ = phone.page.execute_async(COVERED, vec![]).await.unwrap();
    let differ = differ.as_array().unwrap_or_else(|| panic!("{differ}"));
    assert_eq!(differ.len(), 6);
    for (face, count) in differ.iter().enumerate() {
        assert_eq!(count.as_u64() > Some(100), face == 2, "one face is shown: {differ:?}");
        assert!(face == 2 || count == 0, "and of no other a pixel: {differ:?}");
    }

    // The share page names them too.
    phone.follow_link().await;
    let title = phone.text("h2").await;
    assert!(text.contains(&title), "{title} in {text}");
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_whom_the_costume_comes_nearest_to() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone.try_drawing("nobody").await;
    phone.says("#result-title", "フレンズではなさそう").await;
    phone.has("#result-lines .near[data-friend]").await;
    let near = phone.text("#result-lines .near").await;
    assert!(near.contains("衣装と色"), "it speaks of the costume alone: {near}");
    phone.screenshot("nobody.png").await;
    phone.press("#make-card").await;
    phone.has("#card[data-shape]").await;
    phone.screenshot("card-nobody.png").await;
    phone.follow_link().await;
    phone.says("h2", "フレンズではなさそう").await;
    phone.says("#headline", "しいて言えば").await;
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_album_keeps_whom_a_visitor_has_met_until_it_is_emptied() {
    let service = Service::start().await;
    let (_folder, photo) = photo_of_serval();
    let phone = Phone::open(&service).await;
    phone.try_drawing("raccoon").await;
    phone.press("#home").await;
    phone.state("idle").await;
    phone.has("#known:not([hidden])").await;
    phone.has("#album[hidden]").await;
    phone.choose(&photo).await;
    phone.state("done").await;
    phone.press("#home").await;
    phone.state("idle").await;
    phone.has("[data-met='serval']").await;
    assert_eq!(phone.run("return document.querySelectorAll('.met').length").await, 1);
    phone.says("#album-met", "7人のうち1人").await;
    phone.screenshot("album.png").await;
    // The card of that day.
    phone.press("[data-met='serval']").await;
    phone.has("#card[data-shape]").await;
    phone.press("#close-share").await;
    phone.has("#share:not([open])").await;
    phone.state("idle").await;
    // It survives a reload; all seven are celebrated.
    let all = "const album = JSON.parse(localStorage.album); \
        for (const slug of ['fennec', 'ibis', 'kaban', 'otter', 'raccoon', 'shoebill']) album[slug] = album.serval; \
        localStorage.album = JSON.stringify(album);";
    phone.run(all).await;
    phone.page.refresh().await.unwrap();
    phone.has("#album.complete").await;
    phone.says("#album-met", "みんなに会えました").await;
    phone.screenshot("album-complete.png").await;
    phone.press("#empty-album").await;
    phone.has("#album[hidden]").await;
    assert_eq!(phone.run("return localStorage.album ?? null").await, Value::Null);
    phone.close().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_link_leads_on_in_the_readers_language() {
    let service = Service::start().await;
    for (language, says) in [("ja", "このページはありません"), ("en", "This page is not here")]
    {
        let phone = Phone::speaking(language).await;
        for path in ["/r/AAAAAAAAAAAAAAAAAAAAAAAA", "/r/x", "/nothing/here"] {
            let answer = service.http.get(service.url(path)).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{path}");
            phone.page.goto(&service.url(path)).await.unwrap();
            assert_eq!(phone.text("h2").await, says);
        }
        phone.screenshot(&format!("missing-{language}.png")).await;
        phone.run("document.querySelector('a.button').click()").await;
        phone.state("idle").await;
        phone.close().await;
    }
    // A program is told so as ever.
    for path in ["/results/x.json", "/api/nothing"] {
        let answer = service.http.get(service.url(path)).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
    }
    service.stop().await;
}
