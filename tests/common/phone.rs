//! A visitor's phone: a real browser, and what one does with it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

use super::pictures::{jpeg, serval};
use super::service::Service;

/// Loading a page, judging a photo: none of it may take longer.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A small phone's page in CSS pixels, under the browser's own bars.
pub const WIDTH: u32 = 360;
pub const HEIGHT: u32 = 640;

/// The Enter key among the private characters that drivers understand.
pub const ENTER: &str = "\u{E007}";

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
    let port = lines.find_map(|line| {
        Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned())
    });
    let Some(port) = port else {
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

impl Phone {
    /// A phone whose owner reads Japanese.
    pub async fn start() -> Self {
        Self::speaking("ja").await
    }

    /// A phone whose owner reads this language.
    pub async fn speaking(language: &str) -> Self {
        let (driver, port) =
            (0..TRIES).find_map(|_| driver()).expect("chromedriver finds a free port");
        let profile = tempfile::tempdir().unwrap();
        let capabilities = json!({"goog:chromeOptions": {
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                format!("--user-data-dir={}", profile.path().display()),
            ],
            "prefs": {"intl.accept_languages": language},
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
    pub async fn open(service: &Service) -> Self {
        let phone = Self::start().await;
        phone.page.goto(&service.url("/")).await.unwrap();
        phone.state("idle").await;
        phone
    }

    /// Judges one of the page's own drawings from its start.
    pub async fn try_drawing(&self, name: &str) {
        self.page
            .find(Locator::Css(&format!("[data-demo='demo-{name}.jpg']")))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        self.state("done").await;
    }

    /// Waits until the page can be opened without a connection.
    pub async fn worker_ready(&self) {
        let ready = "const done = arguments[arguments.length - 1]; navigator.serviceWorker.ready.then(() => done(true));";
        self.page.execute_async(ready, vec![]).await.unwrap();
    }

    /// Makes a share page in the dialog that is open, and goes there.
    pub async fn follow_link(&self) {
        self.press("#link").await;
        self.has("#link-made:not([hidden])").await;
        let address = self.run("return document.getElementById('address').value").await;
        self.page.goto(address.as_str().unwrap()).await.unwrap();
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.page.execute(script, vec![]).await.unwrap()
    }

    /// Waits until there is such an element, wherever on the page it is.
    pub async fn has(&self, css: &str) {
        let wait = self.page.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        wait.unwrap_or_else(|_| panic!("there is no {css}"));
    }

    /// Waits until the page is in this state.
    pub async fn state(&self, state: &str) {
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
    pub async fn connected(&self, is: bool) {
        let conditions =
            json!({"offline": !is, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.cdp("Network.emulateNetworkConditions", conditions).await;
    }

    /// Whether the device prefers a dark page.
    pub async fn dark(&self, is: bool) {
        let value = if is { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.cdp("Emulation.setEmulatedMedia", media).await;
    }

    /// The size of the page in CSS pixels; four times the zoom is a quarter of the size.
    pub async fn sized(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": true});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// A command of the browser's debugging protocol.
    pub async fn cdp(&self, cmd: &str, params: serde_json::Value) {
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
    pub async fn press(&self, css: &str) {
        self.page.find(Locator::Css(css)).await.unwrap().send_keys(ENTER).await.unwrap();
    }

    /// Waits until an element says this.
    pub async fn says(&self, css: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let is = self.text(css).await;
            if is.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "{css} says {is:?}, not {text:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn text(&self, css: &str) -> String {
        self.page.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    pub async fn choose(&self, photo: &Path) {
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
    pub async fn screenshot(&self, name: &str) {
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

    pub async fn close(self) {
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
pub fn photo_of_serval() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("serval.jpg");
    std::fs::write(&photo, jpeg(&serval(900))).unwrap();
    (folder, photo)
}

fn hyper_util_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}
