//! A page in a real browser, headless Chromium, driven over its `DevTools` protocol.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use super::folder::Folder;

/// An open page. When it is closed, it must not have complained or used the network.
pub(super) struct Page {
    browser: Child,
    /// Each message ends in NUL.
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    last_id: u64,
    session: Value,
    complaints: Vec<String>,
    fetched: Vec<String>,
}

impl Page {
    /// Opens a file in `folder`; without a browser, says so and returns `None`.
    pub(super) fn open(folder: &Folder, file: &str) -> Option<Self> {
        let version = Command::new("chromium").arg("--version").output();
        if matches!(version, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            let _ = writeln!(io::stderr(), "skipped: `chromium` is not installed (apt-get install chromium)");
            return None;
        }
        let mut page = Self::start(folder);
        let target = page.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        page.session = page.call("Target.attachToTarget", &attach)["sessionId"].take();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.resize(1280, 900);
        let url = format!("file://{}/{file}", folder.path().display());
        page.call("Page.navigate", &json!({"url": url}));
        page.eval("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))");
        Some(page)
    }

    fn start(folder: &Folder) -> Self {
        // With a remote debugging pipe Chromium listens on descriptor 3 and answers on 4.
        let mut browser = Command::new("/bin/sh")
            .args(["-c", r#"exec chromium "$@" 3<&0 4>&1 >/dev/null"#, "sh", "--remote-debugging-pipe"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", folder.path_of("profile").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (requests, answers) = (browser.stdin.take().unwrap(), browser.stdout.take().unwrap());
        let (answers, session) = (BufReader::new(answers), Value::Null);
        Self { browser, requests, answers, last_id: 0, session, complaints: vec![], fetched: vec![] }
    }

    /// Calls a method of the protocol and returns its result.
    #[track_caller]
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let mut request = json!({"id": self.last_id, "method": method, "params": params});
        if !self.session.is_null() {
            request["sessionId"] = self.session.clone();
        }
        self.requests.write_all(format!("{request}\0").as_bytes()).unwrap();
        loop {
            let mut message = Vec::new();
            self.answers.read_until(0, &mut message).unwrap();
            assert_eq!(message.pop(), Some(0), "the browser has gone");
            let mut message: Value = serde_json::from_slice(&message).unwrap();
            if message["id"] == self.last_id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            self.note_event(&message);
        }
    }

    fn note_event(&mut self, event: &Value) {
        match event["method"].as_str() {
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.complaints.push(event["params"].to_string());
            }
            Some("Network.requestWillBeSent") => {
                self.fetched.push(event["params"]["request"]["url"].as_str().unwrap().to_owned());
            }
            _ => {}
        }
    }

    /// Returns the value of an expression, waiting for it if it is a promise.
    #[track_caller]
    pub(super) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", &params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Loads the page anew, at this address.
    pub(super) fn open_again(&mut self, url: &str) {
        self.call("Page.navigate", &json!({"url": "about:blank"}));
        self.call("Page.navigate", &json!({"url": url}));
        self.eval("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))");
    }

    /// Returns the text that a reader sees of the first element that `selector` finds; empty if it is not shown.
    #[track_caller]
    pub(super) fn text(&mut self, selector: &str) -> String {
        let found = self.eval(&format!(
            "(found => found?.checkVisibility() ? found.innerText : '')(document.querySelector({}))",
            json!(selector)
        ));
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Presses and releases a key, such as `j` or `ArrowDown`.
    pub(super) fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "End" => 35,
            "Home" => 36,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            _ => 0,
        };
        let mut down = json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code});
        if key.len() == 1 {
            down["text"] = key.into();
        } else if key == "Enter" {
            down["text"] = "\r".into();
        }
        self.call("Input.dispatchKeyEvent", &down);
        self.call(
            "Input.dispatchKeyEvent",
            &json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}),
        );
    }

    /// Types into the focused element.
    pub(super) fn write(&mut self, text: &str) {
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Sets the size of the window, in pixels.
    pub(super) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Sets the colour scheme to `light` or `dark`, like the system's setting.
    pub(super) fn prefer(&mut self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// Takes the complaints of the page.
    pub(super) fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
        if !thread::panicking() {
            assert!(self.complaints.is_empty(), "the page complains: {:#?}", self.complaints);
            assert!(self.fetched.iter().all(|url| url.starts_with("file://")), "{:?}", self.fetched);
        }
    }
}
