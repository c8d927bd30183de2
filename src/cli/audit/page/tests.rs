//! Tests of the page in a browser, which `tests/page/browser.rs` drives.

#[path = "../../../../tests/page/browser.rs"]
mod browser;

use std::path::PathBuf;

use serde_json::{Value, json};

use self::browser::Browser;
use super::samples;
use crate::cli::audit::report::Report;

/// A page in a file of its own.
struct Page {
    directory: tempfile::TempDir,
    bytes: usize,
}

impl Page {
    fn of(report: &Report) -> Self {
        let mut text = Vec::new();
        crate::cli::audit::page::write(report, &mut text).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("audit.html"), &text).unwrap();
        Self {
            directory,
            bytes: text.len(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("audit.html")
    }
}

/// Returns the texts of the elements that a selector finds.
fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let found = browser.evaluate(&format!(
        "[...document.querySelectorAll({})].map(found => found.textContent)",
        json!(selector)
    ));
    serde_json::from_value(found).unwrap()
}

/// The rows in view, by the names of their workloads.
fn rows(browser: &mut Browser) -> Vec<String> {
    texts(browser, "#table tbody th")
}

fn count(browser: &mut Browser) -> String {
    texts(browser, "#count").remove(0)
}

/// Chooses a value of a filter, or writes it.
fn fill(browser: &mut Browser, id: &str, value: &str) {
    browser.evaluate(&format!(
        "(() => {{ const field = document.getElementById('{id}'); field.value = {};
           field.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()",
        json!(value)
    ));
}

fn press_button(browser: &mut Browser, selector: &str) {
    browser.evaluate(&format!(
        "document.querySelector({}).click()",
        json!(selector)
    ));
}

const NOTHING: [String; 0] = [];

/// Finds what is wider than the page, and texts of too little contrast.
const LOOKS: &str = include_str!("../../../../tests/page/looks.js");

/// Finds what somebody would miss who hears the page.
const NAMES: &str = include_str!("../../../../tests/page/names.js");

/// The page loads nothing and complains of nothing, and those who hear it find their way: names, captions, landmarks.
#[test]
fn the_page_loads_without_a_complaint_and_can_be_heard() {
    let mut browser = Browser::start();
    for report in [samples::small(), samples::report(Vec::new())] {
        let page = Page::of(&report);
        browser.open(&page.path());
        let loaded = browser.evaluate("performance.getEntriesByType('resource').length");
        assert_eq!(loaded, 0);
        assert_eq!(browser.evaluate(NAMES), json!([]));
        assert_eq!(browser.complaints(), NOTHING);
    }
}

/// In each scheme and width nothing is wider than the page, and all texts stand out against what is behind them (WCAG AA).
///
/// `BERTH_PICTURES` names a directory for pictures of what is tested.
#[test]
fn the_page_looks_right_in_both_schemes_and_at_each_width() {
    let mut browser = Browser::start();
    let page = Page::of(&samples::small());
    let mut wrong = Vec::new();
    for scheme in ["light", "dark"] {
        for width in [400, 1_000, 1_600] {
            browser.resize(width, scheme);
            browser.open(&page.path());
            browser.evaluate("document.querySelector('#table tbody th button').click()");
            picture(&mut browser, &format!("{scheme}-{width}"));
            let found: Vec<String> = serde_json::from_value(browser.evaluate(LOOKS)).unwrap();
            wrong.extend(
                found
                    .iter()
                    .map(|wrong| format!("{scheme}, {width}: {wrong}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn picture(browser: &mut Browser, name: &str) {
    use base64::Engine;
    let Some(directory) = std::env::var_os("BERTH_PICTURES") else {
        return;
    };
    let height = browser.evaluate("document.documentElement.scrollHeight");
    let width = browser.evaluate("innerWidth");
    let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
    let shot = json!({ "captureBeyondViewport": true, "clip": clip });
    let found: Value = browser.call("Page.captureScreenshot", &shot);
    let picture = base64::engine::general_purpose::STANDARD
        .decode(found["data"].as_str().unwrap())
        .unwrap();
    let file = std::path::Path::new(&directory).join(format!("{name}.png"));
    std::fs::write(file, picture).unwrap();
}

#[test]
fn five_thousand_workloads_stay_small_and_quick() {
    let page = Page::of(&samples::large(5_000));
    assert!(page.bytes < 5_000_000, "{} bytes", page.bytes);
    let mut browser = Browser::start();
    browser.resize(1_600, "light");
    browser.open(&page.path());
    assert_eq!(rows(&mut browser).len(), 100);
    assert_eq!(
        count(&mut browser),
        "5,000 of 5,000 workloads, 1 to 100 in view"
    );

    // Half of the frames come as fast as the screen asks for them, and a machine that is busy gets three times as long.
    let median = browser.evaluate(
        "(async () => {
           const times = [];
           let last = await new Promise(requestAnimationFrame);
           for (let frame = 0; frame < 120; frame++) {
             scrollBy({ top: 60, behavior: 'instant' });
             const now = await new Promise(requestAnimationFrame);
             times.push(now - last);
             last = now;
           }
           return times.sort((one, other) => one - other)[60];
         })()",
    );
    assert!(median.as_f64().unwrap() < 50.0, "{median} ms a frame");

    fill(&mut browser, "text", "service-0007-");
    assert_eq!(count(&mut browser), "1 of 5,000 workloads");
    fill(&mut browser, "text", "");
    press_button(&mut browser, "nav.pages button:last-child");
    assert_eq!(
        count(&mut browser),
        "5,000 of 5,000 workloads, 101 to 200 in view"
    );
    browser.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(rows(&mut browser).len(), 5_000);
    browser.evaluate("dispatchEvent(new Event('afterprint'))");
    assert_eq!(rows(&mut browser).len(), 100);
}

#[test]
fn the_table_is_filtered() {
    let mut browser = Browser::start();
    let page = Page::of(&samples::small());
    browser.open(&page.path());
    assert_eq!(count(&mut browser), "15 of 15 workloads");
    let cases = [
        ("text", "API deployment", "1 of 15 workloads"),
        ("text", "nvidia", "1 of 15 workloads"),
        ("text", "no such thing", "No workload of 15 fits"),
        ("text", "", "15 of 15 workloads"),
        ("namespace", "=shop", "3 of 15 workloads"),
        ("change", "=Moves", "2 of 15 workloads"),
        ("namespace", "", "6 of 15 workloads"),
        ("finding", "any", "1 of 15 workloads"),
        ("change", "", "5 of 15 workloads"),
        ("finding", "=unknown-pool", "3 of 15 workloads"),
        ("finding", "=missed", "1 of 15 workloads"),
        ("finding", "none", "10 of 15 workloads"),
    ];
    for (field, value, expected) in cases {
        fill(&mut browser, field, value);
        assert_eq!(count(&mut browser), expected, "{field}: {value}");
    }
    press_button(&mut browser, "form.controls button[type=reset]");
    browser.evaluate("new Promise(done => setTimeout(done))");
    assert_eq!(count(&mut browser), "15 of 15 workloads");
    // The key figures lead to their workloads.
    press_button(&mut browser, ".cards .blocked button");
    let blocked = [
        "Deployment/features",
        "PyTorchJob/train-resnet",
        "Pod/debug-shell",
    ];
    assert_eq!(rows(&mut browser), blocked);
    let focused = browser.evaluate("document.activeElement.id");
    assert_eq!(focused, "workloads");
}

#[test]
fn the_table_is_sorted_by_each_column() {
    let mut browser = Browser::start();
    let page = Page::of(&samples::small());
    browser.open(&page.path());
    let sorted = |browser: &mut Browser, column: usize| {
        let head = format!("#table thead th:nth-child({column})");
        press_button(browser, &format!("{head} button"));
        let cells = texts(
            browser,
            &format!("#table tbody tr:first-child > :nth-child({column})"),
        );
        let order = browser.evaluate(&format!("document.querySelector('{head}').ariaSort"));
        (order, cells)
    };
    let (order, pods) = sorted(&mut browser, 3);
    assert_eq!(
        (order, &*pods[0], &*pods[14]),
        ("descending".into(), "90", "0")
    );
    assert_eq!(
        count(&mut browser),
        "15 of 15 workloads, by Pods, descending"
    );
    let (order, pods) = sorted(&mut browser, 3);
    assert_eq!(
        (order, &*pods[0], &*pods[14]),
        ("ascending".into(), "0", "90")
    );
    for column in [1, 2, 6, 7, 8, 9] {
        let (order, cells) = sorted(&mut browser, column);
        assert_eq!(order, "ascending");
        let is_in_order = cells.is_sorted_by_key(|cell| cell.to_lowercase().replace('-', ""));
        assert!(is_in_order || column != 1, "{cells:?}");
    }
    let unsorted = texts(&mut browser, "#table thead th[aria-sort=none]");
    assert_eq!(unsorted.len(), 9);
    // Costs stand in the order of what is saved.
    let (order, costs) = sorted(&mut browser, 10);
    assert_eq!((order, &*costs[0]), ("descending".into(), "0.00→ 0.00"));
}

#[test]
fn the_page_works_by_keyboard() {
    let mut browser = Browser::start();
    let page = Page::of(&samples::small());
    browser.open(&page.path());
    browser.press("Tab");
    let focused = browser.evaluate("document.activeElement.textContent");
    assert_eq!(focused, "Skip to the workloads");
    browser.press("Enter");
    let walk = |browser: &mut Browser, steps: usize| {
        for _ in 0..steps {
            browser.press("Tab");
        }
        browser.evaluate("document.activeElement.id || document.activeElement.textContent || document.activeElement.className")
    };
    assert_eq!(walk(&mut browser, 1), "text");
    for letter in ["l", "e", "d"] {
        browser.press(letter);
    }
    assert_eq!(rows(&mut browser), ["Deployment/ledger"]);
    // Three filters, the button that clears them, the region that scrolls, ten heads, and the first name.
    assert_eq!(walk(&mut browser, 16), "Deployment/ledger");
    let outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid");
    let is_open = |browser: &mut Browser| {
        let height =
            browser.evaluate("document.querySelector('#table tbody tr + tr').offsetHeight");
        let told = browser.evaluate("document.activeElement.ariaExpanded");
        (height != 0, told)
    };
    assert_eq!(is_open(&mut browser), (false, "false".into()));
    browser.press("Enter");
    assert_eq!(is_open(&mut browser), (true, "true".into()));
    browser.press(" ");
    assert_eq!(is_open(&mut browser), (false, "false".into()));
}

/// Without a script there is one long table, with all details.
#[test]
fn the_page_needs_no_script() {
    let mut browser = Browser::start();
    let page = Page::of(&samples::small());
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        &json!({ "value": true }),
    );
    browser.open(&page.path());
    let seen = |browser: &mut Browser, selector: &str| {
        browser.evaluate(&format!(
            "[...document.querySelectorAll('{selector}')].filter(found => found.checkVisibility()).length"
        ))
    };
    assert_eq!(seen(&mut browser, "#table tbody tr"), 30);
    assert_eq!(seen(&mut browser, "form, button, nav.pages"), 0);
}

/// Names that attack: they are shown, and nothing else happens.
#[test]
fn no_text_of_the_cluster_becomes_a_part_of_the_page() {
    let mut browser = Browser::start();
    let (small, hostile) = (Page::of(&samples::small()), Page::of(&samples::hostile()));
    browser.open(&small.path());
    let kinds = "[...new Set([...document.querySelectorAll('*')].flatMap(found =>
       [found.localName, ...found.getAttributeNames().map(name => '@' + name)]))].sort()";
    let expected = browser.evaluate(kinds);

    browser.open(&hostile.path());
    assert_eq!(browser.evaluate(kinds), expected);
    assert_eq!(browser.evaluate("document.scripts.length"), 1);
    assert_eq!(rows(&mut browser).len(), 15);
    let shown = samples::HOSTILE.replace(['\u{2028}', '\u{202e}', '\u{0}'], "\u{fffd}");
    assert_eq!(rows(&mut browser)[0], format!("{shown}/{shown}"));
    // The choices of the filters are made of names, too.
    let choice = texts(&mut browser, "#namespace option").remove(1);
    assert_eq!(choice, format!("{shown} (15)"));
    fill(&mut browser, "namespace", &format!("={shown}"));
    assert_eq!(count(&mut browser), "15 of 15 workloads");
    assert_eq!(browser.complaints(), NOTHING);
    let found: Vec<String> = serde_json::from_value(browser.evaluate(LOOKS)).unwrap();
    assert_eq!(found, NOTHING);
}

/// Should a text become a part of the page all the same, the browser does not run it.
#[test]
fn the_page_lets_no_other_script_run() {
    let mut browser = Browser::start();
    let page = Page::of(&samples::small());
    browser.open(&page.path());
    browser.evaluate(
        "(() => { const script = document.createElement('script'); script.textContent = 'globalThis.ran = true';
           document.body.append(script); document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"ran = true\">');
           return new Promise(done => setTimeout(done, 50)); })()",
    );
    assert_eq!(browser.evaluate("globalThis.ran === undefined"), true);
    let complaints = browser.complaints();
    assert!(
        complaints
            .iter()
            .any(|told| told.contains("Content Security Policy")),
        "{complaints:?}"
    );
}
