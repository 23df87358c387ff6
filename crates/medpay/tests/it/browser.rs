//! A real Chromium, started over WebDriver, for the pages that patients see.
//!
//! Chromium and its driver come from Debian's packages (`.ci/install`). Where they cannot be had
//! the test fails with the sentence of [`Browser::start`]; it never skips itself.

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use medpay_client::{HttpTransport, Transport as _};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// How long one WebDriver command may take, in milliseconds of machine time.
const COMMAND_MS: u64 = 60_000;

/// How often the browser is asked before a wait is given up.
const LOOKS: usize = 2_000;

/// One browser window of a phone's width. Dropping it ends the driver and the browser.
pub(crate) struct Browser {
    driver: Child,
    transport: HttpTransport,
    session: String,
    profile: tempfile::TempDir,
    /// Kept open: the driver would die of writing into a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts a driver and a window `width` by 800 CSS pixels.
    pub(crate) async fn start(transport: HttpTransport, width: u32) -> anyhow::Result<Self> {
        const MISSING: &str = "no Chromium: install Debian's `chromium` and `chromium-driver` \
                               (.ci/install does), or put `chromedriver` and `chromium` on PATH";
        let mut started = driver();
        // The driver asks for a free port and then listens there: another may have been faster.
        for _ in 0..2 {
            started = started.or_else(|_| driver());
        }
        let (driver, output, port) = started.context(MISSING)?;
        let profile = tempfile::tempdir()?;
        let mut browser = Self {
            driver,
            transport,
            session: format!("http://127.0.0.1:{port}"),
            profile,
            _output: output,
        };
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--user-data-dir={}", browser.profile.path().display()),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": arguments,
                // A window cannot be narrower than 500 pixels; a phone can.
                "mobileEmulation": { "deviceMetrics": {
                    "width": width, "height": 800, "pixelRatio": 1, "touch": true, "mobile": true
                } },
            },
        } } });
        let opened = browser.command("POST", "/session", Some(wanted)).await.context(MISSING)?;
        let id = opened["sessionId"].as_str().context("the driver opened no session")?;
        browser.session = format!("{}/session/{id}", browser.session);
        Ok(browser)
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.command("POST", "/url", Some(json!({ "url": url }))).await?;
        Ok(())
    }

    /// Types into the element, in the place of what the page put there.
    pub(crate) async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let element = self.element(css).await?;
        self.command("POST", &format!("/element/{element}/clear"), Some(json!({}))).await?;
        let keys = json!({ "text": text });
        self.command("POST", &format!("/element/{element}/value"), Some(keys)).await?;
        Ok(())
    }

    /// Taps a button that leads to another page, and waits until this one is gone.
    pub(crate) async fn tap(&self, css: &str) -> anyhow::Result<()> {
        let element = self.element(css).await?;
        self.command("POST", &format!("/element/{element}/click"), Some(json!({}))).await?;
        for _ in 0..LOOKS {
            // An element of a page that is gone is stale, and the driver says so.
            if self.command("GET", &format!("/element/{element}/name"), None).await.is_err() {
                return Ok(());
            }
        }
        anyhow::bail!("{css} led nowhere; the page says: {}", self.text().await?)
    }

    /// The text of the page as a person reads it.
    pub(crate) async fn text(&self) -> anyhow::Result<String> {
        let text = self.run("return document.body.innerText").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// `data-outcome` of the page; empty where it has none.
    pub(crate) async fn outcome(&self) -> anyhow::Result<String> {
        let script = "return document.querySelector('main')?.dataset.outcome ?? ''";
        Ok(self.run(script).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Taps the link or button that says `words`, and waits until this page is gone.
    pub(crate) async fn tap_words(&self, words: &str) -> anyhow::Result<()> {
        let mark = "document.querySelectorAll('[data-tapped]').forEach(\
                      e => e.removeAttribute('data-tapped'));\
                    const all = [...document.querySelectorAll('a, button, summary')];\
                    const text = e => e.innerText.replace(/\\s+/g, '');\
                    const found = all.find(e => text(e) === arguments[0])\
                      ?? all.find(e => text(e).includes(arguments[0]));\
                    found?.setAttribute('data-tapped', '1'); return !!found";
        let bare: String = words.split_whitespace().collect();
        if self.run_with(mark, json!([bare])).await? != json!(true) {
            anyhow::bail!("nothing says {words:?}; the page says: {}", self.text().await?);
        }
        self.tap("[data-tapped]").await
    }

    /// Chooses the box, the radio button or the option whose label says `words`.
    pub(crate) async fn choose(&self, words: &str) -> anyhow::Result<()> {
        let choose = "const all = [...document.querySelectorAll('label, option')];\
                      const found = all.find(e => e.innerText.trim() === arguments[0])\
                        ?? all.find(e => e.innerText.includes(arguments[0]));\
                      if (!found) return false;\
                      if (found.tagName === 'OPTION') { found.selected = true; return true; }\
                      (found.control ?? found).click(); return true";
        if self.run_with(choose, json!([words])).await? != json!(true) {
            anyhow::bail!("no choice says {words:?}; the page says: {}", self.text().await?);
        }
        Ok(())
    }

    /// The address of the page.
    pub(crate) async fn address(&self) -> anyhow::Result<String> {
        let address = self.command("GET", "/url", None).await?;
        Ok(address.as_str().unwrap_or_default().to_owned())
    }

    /// Goes into the frame; [`Browser::leave_frames`] goes out again.
    pub(crate) async fn enter_frame(&self, css: &str) -> anyhow::Result<()> {
        let id = self.element(css).await?;
        let frame = json!({ "id": { "element-6066-11e4-a52e-4f735466cecf": id } });
        self.command("POST", "/frame", Some(frame)).await?;
        Ok(())
    }

    /// Goes back to the whole page.
    pub(crate) async fn leave_frames(&self) -> anyhow::Result<()> {
        self.command("POST", "/frame", Some(json!({ "id": null }))).await?;
        Ok(())
    }

    /// Follows a page that says where to look again, until its outcome is one of `wanted`.
    pub(crate) async fn until(&self, wanted: &[&str]) -> anyhow::Result<String> {
        for _ in 0..LOOKS {
            let outcome = self.outcome().await?;
            if wanted.contains(&outcome.as_str()) {
                return Ok(outcome);
            }
            let again = "const m = document.querySelector('main');\
                         if (m?.dataset.poll) return new URL(m.dataset.poll, location).href;\
                         const refresh = document.querySelector('meta[http-equiv=refresh]');\
                         return refresh ? location.href : ''";
            let again = self.run(again).await?;
            match again.as_str() {
                Some(url) if !url.is_empty() => self.open(url).await?,
                _ => break,
            }
        }
        anyhow::bail!("the page never said {wanted:?}; it says: {}", self.text().await?)
    }

    /// Looks at the page, which follows its own refresh, until all `words` are on it.
    pub(crate) async fn until_says(&self, words: &[&str]) -> anyhow::Result<()> {
        let mut text = String::new();
        for _ in 0..LOOKS {
            text = self.text().await.unwrap_or_default();
            if words.iter().all(|word| text.contains(word)) {
                return Ok(());
            }
        }
        anyhow::bail!("the page never said {words:?}; it says: {text}")
    }

    /// Checks that `words` are on the page and nothing sticks out sideways, and keeps a picture
    /// as `target/screens/<name>.png`.
    pub(crate) async fn look(&self, name: &str, words: &[&str]) -> anyhow::Result<()> {
        let text = self.text().await?;
        for word in words {
            ensure!(text.contains(word), "{name}: {word:?} is not on the page:\n{text}");
        }
        let picture = self.command("GET", "/screenshot", None).await?;
        let png = base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().context("the driver took no picture")?)?;
        let path = screens()?.join(format!("{name}.png"));
        std::fs::write(&path, png).with_context(|| path.display().to_string())?;
        let sticks_out =
            self.run("return document.documentElement.scrollWidth - window.innerWidth").await?;
        ensure!(sticks_out.as_i64() <= Some(0), "{name}: the page is {sticks_out} px too wide");
        Ok(())
    }

    /// [`Browser::look`] twice: as the page is, and in large type (`<name>-large`); and what a page
    /// for patients must be besides: light, legible, labelled, and easy to hit.
    pub(crate) async fn look_well(&self, name: &str, words: &[&str]) -> anyhow::Result<()> {
        self.look(name, words).await?;
        let faults = self.run(FIT_FOR_PATIENTS).await?;
        ensure!(faults == json!([]), "{name}: {faults}");
        let large = "document.documentElement.classList.add('large')";
        self.run(large).await?;
        let looked = self.look(&format!("{name}-large"), words).await;
        self.run("document.documentElement.classList.remove('large')").await?;
        looked
    }

    async fn run(&self, script: &str) -> anyhow::Result<Value> {
        self.run_with(script, json!([])).await
    }

    async fn run_with(&self, script: &str, args: Value) -> anyhow::Result<Value> {
        let script = json!({ "script": script, "args": args });
        self.command("POST", "/execute/sync", Some(script)).await
    }

    async fn element(&self, css: &str) -> anyhow::Result<String> {
        let by = json!({ "using": "css selector", "value": css });
        let found = self.command("POST", "/element", Some(by)).await?;
        found
            .as_object()
            .and_then(|object| object.values().next())
            .and_then(Value::as_str)
            .map(str::to_owned)
            .with_context(|| format!("no element {css}"))
    }

    async fn command(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(body.into())?;
        let answer = self.transport.send(request, COMMAND_MS).await?;
        let mut json: Value = serde_json::from_slice(answer.body())?;
        ensure!(answer.status().is_success(), "{method} {path}: {}", json["value"]["message"]);
        Ok(json["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser when it is told to stop.
        let _ = Command::new("kill").arg(self.driver.id().to_string()).status();
        let _ = self.driver.wait();
    }
}

/// What is wrong with a page, as a list: heavier than 60 KB with all it loads; a field without a
/// label; something to tap that is lower than 44 pixels, unless it stands within a sentence; text
/// whose contrast is below 4.5 (WCAG AA); no title; not in Chinese.
const FIT_FOR_PATIENTS: &str = r"
const faults = [];
const seen = e => e.getClientRects().length > 0;
const size = e => e.encodedBodySize || e.transferSize || 0;
const weight = ['navigation', 'resource'].flatMap(t => performance.getEntriesByType(t))
  .reduce((sum, e) => sum + size(e), 0);
if (weight >= 60 * 1024) faults.push(`weighs ${weight} bytes`);
if (!document.title.trim()) faults.push('has no title');
if (!document.documentElement.lang.startsWith('zh')) faults.push('does not say that it is Chinese');
for (const e of document.querySelectorAll('input, select, textarea')) {
  if (e.type === 'hidden' || !seen(e)) continue;
  if (!(e.labels?.length || e.ariaLabel)) faults.push(`field ${e.name} has no label`);
}
for (const e of document.querySelectorAll('a, button, select, textarea, input')) {
  if (e.type === 'hidden' || !seen(e)) continue;
  const target = e.matches('[type=radio], [type=checkbox]') ? e.closest('label') ?? e : e;
  const within = e.tagName === 'A' && getComputedStyle(e).display === 'inline'
    && e.closest('p, li, dd, td');
  const height = target.getBoundingClientRect().height;
  if (!within && height < 43.5) {
    faults.push(`${e.tagName} ${e.name || e.innerText} is ${height} px high`);
  }
}
const rgba = text => {
  const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
  return { r, g, b, a };
};
const luminance = ({ r, g, b }) => {
  const [R, G, B] = [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * R + 0.7152 * G + 0.0722 * B;
};
const ground = e => {
  for (let at = e; at; at = at.parentElement) {
    const color = rgba(getComputedStyle(at).backgroundColor);
    if (color.a > 0) return color;
  }
  return { r: 255, g: 255, b: 255, a: 1 };
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const e = node.parentElement;
  if (!node.textContent.trim() || !seen(e) || e.closest('option, select, script, style')) continue;
  const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(ground(e))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) faults.push(`'${node.textContent.trim()}' has contrast ${contrast}`);
}
return faults;
";

/// Starts a driver; answers it, its output, and its port.
fn driver() -> anyhow::Result<(Child, BufReader<ChildStdout>, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = driver.stdout.take().context("the driver has no output")?;
    let mut output = BufReader::new(output);
    let port = driver_port(&mut output)?;
    Ok((driver, output, port))
}

/// The port that the driver chose, from its first lines.
fn driver_port(output: &mut BufReader<ChildStdout>) -> anyhow::Result<u16> {
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return port.trim().trim_end_matches('.').parse().context("the driver's port");
        }
        line.clear();
    }
    anyhow::bail!("the driver told no port")
}

/// Where the pictures go.
fn screens() -> anyhow::Result<PathBuf> {
    let screens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screens");
    std::fs::create_dir_all(&screens)?;
    Ok(screens)
}
