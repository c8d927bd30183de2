//! A browser without a window: Chromium, told what to do in its own protocol over a pair of pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{env, fs, thread};

use serde_json::{Value, json};

/// The names that Chromium goes by. `BERTH_BROWSER` names another program.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// The protocol is on the descriptors 3 and 4, which the shell makes of what it has.
const START: &str = r#"exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"#;

/// The longest that an answer may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running browser with one page, and a profile that goes with it.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    session: String,
    last: u64,
    is_loaded: bool,
    /// The complaints of the page, which one without a fault has not: errors, refusals of its policy, dialogs.
    complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser with an empty page.
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new("sh")
            .args([
                "-c",
                START,
                "sh",
                &program(),
                "--headless",
                "--remote-debugging-pipe",
            ])
            .args([
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args([
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let messages = read(process.stdout.take().unwrap());
        let mut browser = Self {
            process,
            commands,
            messages,
            session: String::new(),
            last: 0,
            is_loaded: false,
            complaints: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &target);
        session["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut browser.session);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, &json!({}));
        }
        browser
    }

    /// Opens a file, and waits until it is loaded.
    pub(crate) fn open(&mut self, file: &Path) {
        let url = format!("file://{}", file.display());
        self.is_loaded = false;
        let found = self.call("Page.navigate", &json!({ "url": url }));
        assert_eq!(found.get("errorText"), None, "{url}: {found}");
        while !self.is_loaded {
            let event = self.next("the page");
            self.listen(&event);
        }
    }

    /// Returns the value of an expression in the page. It may be a promise.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &parameters);
        assert_eq!(
            answer.get("exceptionDetails"),
            None,
            "{expression}: {answer}"
        );
        answer["result"]["value"].take()
    }

    /// Sets the width of the window in pixels, and its colour scheme: `light` or `dark`.
    pub(crate) fn resize(&mut self, width: u32, scheme: &str) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": feature }),
        );
    }

    /// Presses a key as a person does: `Tab`, `Enter`, or a letter.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            " " => (32, Some(" ")),
            letter => (0, Some(letter)),
        };
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if let Some(text) = text {
            event["text"] = text.into();
        }
        self.call("Input.dispatchKeyEvent", &event);
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", &event);
    }

    /// Tells the browser something, and returns its answer.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        let sent = self.commands.write_all(format!("{message}\0").as_bytes());
        sent.unwrap_or_else(|error| panic!("the browser has ended: {error}"));
        loop {
            let mut answer = self.next(method);
            if answer["id"] == self.last {
                assert_eq!(answer.get("error"), None, "{method}: {answer}");
                return answer["result"].take();
            }
            self.listen(&answer);
        }
    }

    /// Returns what the page has complained of until now.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // What was said before an answer has been read with it.
        self.evaluate("new Promise(done => setTimeout(done))");
        std::mem::take(&mut self.complaints)
    }

    /// Returns the next message of the browser.
    fn next(&self, awaited: &str) -> Value {
        let message = self.messages.recv_timeout(PATIENCE);
        message.unwrap_or_else(|error| panic!("the browser does not answer: {awaited}: {error}"))
    }

    /// Takes note of an event.
    fn listen(&mut self, event: &Value) {
        let complaints = [
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        ];
        let method = event["method"].as_str().unwrap_or_default();
        self.is_loaded |= method == "Page.loadEventFired";
        if complaints.contains(&method) {
            self.complaints.push(event.to_string());
        }
    }
}

/// Reads messages, each of which ends with a zero byte, until the browser ends.
fn read(messages: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let messages = BufReader::new(messages).split(0);
        for message in messages.map_while(Result::ok) {
            let message = serde_json::from_slice(&message).unwrap();
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the browser of this machine.
fn program() -> String {
    if let Ok(program) = env::var("BERTH_BROWSER") {
        return program;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).find_map(|directory| {
        let mut programs = PROGRAMS.iter().map(|name| directory.join(name));
        programs.find(|program| fs::metadata(program).is_ok_and(|found| found.is_file()))
    });
    let found = found.unwrap_or_else(|| {
        panic!("the page is tested in Chromium (Debian: apt-get install chromium); BERTH_BROWSER may name another program")
    });
    found.display().to_string()
}
