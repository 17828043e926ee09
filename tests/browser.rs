//! A real browser at phone size, from choosing a photo to sharing the verdict; axe looks at every
//! state that is kept as a picture.
//!
//! Needs `chromium`, `chromedriver` and axe-core; `.ci/run` installs them. Screenshots go to
//! `target/screenshots`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::actions::{InputSource as _, MouseActions, PointerAction};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

use crate::common::pictures::{jpeg, serval};
use crate::common::process::Serve;
use crate::common::service::Service;

/// Loading a page, judging a photo: none of it may take longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A small phone's page in CSS pixels, under the browser's own bars.
const WIDTH: u32 = 360;
const HEIGHT: u32 = 640;

/// The Enter key among the private characters that drivers understand.
const ENTER: &str = "\u{E007}";

/// What axe finds, shortened to rule and element.
const AXE: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document).then(({ violations }) => done(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).join(' ')])), \
        (error) => done([String(error)]));";

/// How often the driver is started until it has a port.
const TRIES: u32 = 10;

/// A driver and its port.
///
/// The driver takes a free port of IPv6 and then the same one of IPv4. `None` when another process
/// holds that one: the driver says so and ends.
fn driver() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .args(["--port=0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver starts: install chromium and chromium-driver, or use .ci/run");
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find_map(|line| {
        Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned())
    });
    let Some(port) = said else {
        driver.wait().unwrap();
        return None;
    };
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

/// A phone's browser; both processes end when this is dropped.
pub struct Phone {
    pub page: Client,
    /// Of the driver.
    url: String,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// Whether the header hides a part of its text.
const CLIPPED: &str = "const header = document.querySelector('.masthead');
    const bottom = header.getBoundingClientRect().bottom;
    return [...header.querySelectorAll('h1, h1 span')].some((text) => text.getBoundingClientRect().bottom > bottom);";

impl Phone {
    pub async fn start() -> Self {
        let (driver, port) =
            (0..TRIES).find_map(|_| driver()).expect("chromedriver finds a free port");
        let profile = tempfile::tempdir().unwrap();
        let capabilities = json!({"goog:chromeOptions": {
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                format!("--user-data-dir={}", profile.path().display()),
            ],
            "mobileEmulation": {"deviceMetrics": {"width": WIDTH, "height": HEIGHT, "pixelRatio": 2.0, "touch": true}},
        }});
        let url = format!("http://127.0.0.1:{port}");
        let page = ClientBuilder::new(hyper_util_connector())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&url)
            .await
            .expect("chromium starts");
        Self { page, url, driver, _profile: profile }
    }

    /// A phone with the start page of `service`.
    async fn open(service: &Service) -> Self {
        let phone = Self::start().await;
        phone.page.goto(&service.url("/")).await.unwrap();
        phone.state("idle").await;
        phone
    }

    /// Waits until the page is in this state.
    async fn state(&self, state: &str) {
        let wanted = format!("body[data-state='{state}']");
        let wait = self.page.wait().at_most(PATIENCE).for_element(Locator::Css(&wanted)).await;
        if wait.is_err() {
            let is = self
                .page
                .find(Locator::Css("body"))
                .await
                .unwrap()
                .attr("data-state")
                .await
                .unwrap();
            panic!("the page is in state {is:?}, not {state:?}");
        }
    }

    /// Switches the browser's connection.
    async fn connected(&self, is: bool) {
        let conditions =
            json!({"offline": !is, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.cdp("Network.emulateNetworkConditions", conditions).await;
    }

    /// Whether the device prefers a dark page.
    async fn dark(&self, is: bool) {
        let value = if is { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.cdp("Emulation.setEmulatedMedia", media).await;
    }

    /// The size of the page in CSS pixels; four times the zoom is a quarter of the size.
    async fn sized(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": true});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// A command of the browser's debugging protocol.
    async fn cdp(&self, cmd: &str, params: serde_json::Value) {
        let url = format!(
            "{}/session/{}/goog/cdp/execute",
            self.url,
            self.page.session_id().await.unwrap().unwrap()
        );
        let http = friends_service::settings::transport::client().unwrap();
        let answer =
            http.post(url).json(&json!({"cmd": cmd, "params": params})).send().await.unwrap();
        assert!(answer.status().is_success(), "{cmd}");
    }

    /// Presses a button, wherever on the page it is.
    async fn press(&self, css: &str) {
        self.page.find(Locator::Css(css)).await.unwrap().send_keys(ENTER).await.unwrap();
    }

    /// Waits until an element says this.
    async fn says(&self, css: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.text(css).await;
            if said.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "{css} says {said:?}, not {text:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn text(&self, css: &str) -> String {
        self.page.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    async fn choose(&self, photo: &Path) {
        self.page
            .find(Locator::Css("#library"))
            .await
            .unwrap()
            .send_keys(photo.to_str().unwrap())
            .await
            .unwrap();
    }

    /// Keeps a picture of the page as it is, and fails where axe finds something that keeps
    /// visitors out.
    async fn screenshot(&self, name: &str) {
        let axe =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/package/axe.min.js");
        let axe =
            std::fs::read_to_string(axe).expect("axe-core is there: use .ci/run, which fetches it");
        self.page.execute(&axe, vec![]).await.unwrap();
        let violations = self.page.execute_async(AXE, vec![]).await.unwrap();
        assert_eq!(violations, json!([]), "{name}");
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), self.page.screenshot().await.unwrap()).unwrap();
    }

    async fn close(self) {
        self.page.clone().close().await.unwrap();
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A drawing of Serval as a file, and the folder that goes when it is dropped.
fn photo_of_serval() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("serval.jpg");
    std::fs::write(&photo, jpeg(&serval(900))).unwrap();
    (folder, photo)
}

fn hyper_util_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

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

    // By keyboard, as some visitors go about it.
    phone.page.find(Locator::Css("#again")).await.unwrap().send_keys(ENTER).await.unwrap();
    phone.state("idle").await;
    phone.choose(&text).await;
    phone.state("rejected").await;
    phone.screenshot("rejected.png").await;
    assert!(!phone.text("#error").await.is_empty());

    // Without a photo of their own.
    phone.page.find(Locator::Css("#again")).await.unwrap().click().await.unwrap();
    phone.state("idle").await;
    phone
        .page
        .find(Locator::Css("[data-demo='demo-serval.jpg']"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    phone.state("done").await;
    phone.screenshot("demo.png").await;
    assert!(phone.text(".verdict").await.contains("サーバル"));

    // On a busy day: the first try is told to come back.
    phone.page.find(Locator::Css("#again")).await.unwrap().send_keys(ENTER).await.unwrap();
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
    phone.page.find(Locator::Css("#again")).await.unwrap().send_keys(ENTER).await.unwrap();
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
    phone
        .page
        .find(Locator::Css("[data-demo='demo-serval.jpg']"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    phone.state("done").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_says_who_it_is_and_takes_the_crop_back() {
    let service = Service::start().await;
    let phone = Phone::open(&service).await;
    phone
        .page
        .find(Locator::Css("[data-demo='demo-serval.jpg']"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    phone.state("done").await;
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
    let said =
        phone.page.wait().at_most(PATIENCE).for_element(Locator::XPath(
            "//*[@id='status'][contains(., 'サーバーにつながりません')]",
        ));
    said.await.expect("the page says that it cannot reach the server");
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
    assert_eq!((now.query(), now.fragment()), (None, address.fragment()));
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
    // Each has an address of its own.
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
    let ready = "const done = arguments[arguments.length - 1]; navigator.serviceWorker.ready.then(() => done(true));";
    phone.page.execute_async(ready, vec![]).await.unwrap();
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

    // After a refusal the start is offered.
    let notes = photo.with_file_name("notes.jpg");
    std::fs::write(&notes, b"these are only notes").unwrap();
    phone.press("#again").await;
    phone.choose(&notes).await;
    phone.state("rejected").await;
    phone.page.refresh().await.unwrap();
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
    for said in ["65.0 %", "78.5 %", "90.0 %"] {
        phone.says("#totals", said).await;
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
