//! The certificate that berth serves with: how long it is valid, and who makes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::contents::Contents;
use super::refusal::unread;
use super::report::{Line, Mark, Section};
use crate::tls::validity;

const DAY: i64 = 24 * 60 * 60;

/// The remaining time at which a certificate gets a warning, unless a quarter of its lifetime is shorter.
const WEEK: i64 = 7 * DAY;

/// Makes the section. `now` is in seconds since 1970.
pub(super) fn section(contents: &Contents, now: i64) -> Section {
    let maker = if contents.flag("--tls-secret").is_some() {
        "berth makes and renews it"
    } else if is_injected(contents) {
        "cert-manager makes it"
    } else {
        "it comes from you"
    };
    let served = contents.secret.as_ref().map(|secret| {
        let secret = secret.as_ref()?;
        Ok(certificate(&secret["data"]["tls.crt"]))
    });
    let line = match served {
        Some(Ok(Some(validity))) => line("", validity, maker, now),
        Some(Ok(None)) => Line::new(Mark::Wrong, format!("the Secret holds none yet; {maker}"))
            .with_remedy("kubectl --namespace berth-system logs deployment/berth"),
        Some(Err(refusal)) => by_bundle(contents, maker, now)
            .unwrap_or_else(|| unread("the Secret of the certificate", refusal)),
        None => by_bundle(contents, maker, now)
            .unwrap_or_else(|| Line::new(Mark::Note, "not seen: no Secret is named")),
    };
    Section {
        name: "certificate",
        lines: vec![line],
    }
}

fn line(of_whom: &str, (from, until): (i64, i64), maker: &str, now: i64) -> Line {
    let left = until - now;
    let remedy = "berth's log, or that of cert-manager, says why it is not renewed";
    if left <= 0 {
        let text = format!("{of_whom}expired: the API server calls berth no more; {maker}");
        return Line::new(Mark::Wrong, text).with_remedy(remedy);
    }
    let (count, unit) = match left {
        left if left >= 2 * DAY => (left / DAY, "days"),
        left if left >= 2 * 60 * 60 => (left / (60 * 60), "hours"),
        left => (left / 60, "minutes"),
    };
    let text = format!("{of_whom}{count} {unit} left; {maker}");
    if left < WEEK.min((until - from) / 4) {
        Line::new(Mark::Warning, text).with_remedy(remedy)
    } else {
        Line::new(Mark::Fine, text)
    }
}

/// Judges by the authority that the API server trusts, if the Secret may not be read.
fn by_bundle(contents: &Contents, maker: &str, now: i64) -> Option<Line> {
    let webhooks = contents.registration().filter(|one| is_berths(one));
    let webhooks = webhooks.filter_map(|configuration| configuration["webhooks"].as_array());
    let mut bundles = webhooks
        .flatten()
        .map(|webhook| &webhook["clientConfig"]["caBundle"]);
    let validity = bundles.find_map(certificate)?;
    Some(line("its authority: ", validity, maker, now))
}

/// Reads the validity of a certificate in PEM, in base64.
fn certificate(encoded: &Value) -> Option<(i64, i64)> {
    let bytes = STANDARD.decode(encoded.as_str()?).ok()?;
    validity(&String::from_utf8(bytes).ok()?)
}

fn is_berths(configuration: &Value) -> bool {
    configuration["metadata"]["name"] == crate::names::SHIPPED_NAME
}

/// True if cert-manager is told to fill in a `caBundle` of berth's.
fn is_injected(contents: &Contents) -> bool {
    let mut configurations = contents.registration().filter(|one| is_berths(one));
    configurations.any(|configuration| {
        let annotations = configuration["metadata"]["annotations"].as_object();
        let mut keys = annotations.into_iter().flatten().map(|(key, _)| key);
        keys.any(|key| key.starts_with("cert-manager.io/inject-"))
    })
}
