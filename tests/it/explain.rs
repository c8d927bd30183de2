//! `berth explain` as a user runs it: the real binary, its output and its exit code.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The deployment of the node pools' design document, whose requests have decimal commas.
const INFLATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: inflate
spec:
  replicas: 3
  selector:
    matchLabels:
      app: inflate
  template:
    metadata:
      labels:
        app: inflate
    spec:
      containers:
        - name: inflate
          image: public.ecr.aws/eks-distro/kubernetes/pause:3.2
          resources:
            requests:
              cpu: \"0,5\"
              memory: 1Gi
            limits:
              cpu: \"0,5\"
              memory: 1Gi
";

const CRON_JOB: &str = "\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  schedule: '0 3 * * *'
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}}}
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop}
spec: {containers: [{name: c, image: busybox}]}
";

const CONFIG_MAP: &str = "\
# kept as it is
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {mode: \"0644\"}
";

/// Runs the program in a directory of these files.
fn explain(files: &[(&str, &str)], arguments: &[&str]) -> (Output, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (
        command(directory.path(), arguments).output().unwrap(),
        directory,
    )
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
    command
        .arg("explain")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null());
    for variable in [
        "BERTH_POLICY",
        "BERTH_NODE_POOLS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(variable);
    }
    command
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The report of `-o json`.
fn report(files: &[(&str, &str)], arguments: &[&str]) -> Value {
    let (output, _directory) = explain(files, &[arguments, &["-o", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Kind, name and reason of every workload of a report.
fn reasons(report: &Value) -> Vec<String> {
    let text = |workload: &Value, field: &str| workload[field].as_str().unwrap_or("-").to_owned();
    let workloads = report["workloads"].as_array().unwrap();
    workloads
        .iter()
        .map(|workload| {
            ["kind", "name", "reason"]
                .map(|field| text(workload, field))
                .join(" ")
        })
        .collect()
}

fn joined(documents: &[&str]) -> String {
    documents.join("---\n")
}

/// T36.
#[test]
fn a_quantity_with_a_comma_is_refused_with_its_place() {
    let (output, _directory) = explain(&[("inflate.yaml", INFLATE)], &["-f", "inflate.yaml"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "Deployment inflate",
        "inflate.yaml:20: document 1",
        "spec.template.spec.containers[0].resources.requests.cpu: \"0,5\" is no quantity; did you mean \"0.5\"?",
        "one of Ki Mi Gi Ti Pi Ei",
        "1 refused",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let corrected = INFLATE.replace("0,5", "500m");
    let (output, _directory) = explain(&[("inflate.yaml", &corrected)], &["inflate.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn text_tells_what_and_why() {
    let files = [("all.yaml", joined(&[CRON_JOB, CONFIG_MAP]))];
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let (output, _directory) = explain(&files, &["-f", "all.yaml"]);
    let expected = "\
CronJob nightly  namespace shop, all.yaml:1: document 1
  outcome        placed
  rule           jobs
  pool           batch
  node pools     amd64-batch
  architectures  amd64
  adds           node selector karpenter.sh/nodepool: amd64-batch
                 node affinity kubernetes.io/arch in amd64
                 toleration karpenter.sh/nodepool=amd64-batch:NoSchedule
                 label placement.truemark.io/pool: batch
                 annotation karpenter.sh/do-not-disrupt: true
                 annotation placement.truemark.io/decision: placed: rule=jobs pool=batch nodePools=amd64-batch \
architectures=amd64

1 placed, 1 of other kinds skipped
note: namespace shop taken as opted in: no Namespace in the input says whether \
placement.truemark.io/injection=enabled is on it
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(stderr(&output), "");
}

#[test]
fn json_has_the_patch_that_the_server_would_send() {
    let report = report(&[("cron.yaml", CRON_JOB)], &["-f", "cron.yaml"]);
    let workload = &report["workloads"][0];
    for (field, value) in [
        ("file", "cron.yaml"),
        ("apiVersion", "batch/v1"),
        ("namespace", "shop"),
        ("mode", "Enforce"),
        ("rule", "jobs"),
        ("pool", "batch"),
    ] {
        assert_eq!(workload[field], value, "{field}");
    }
    assert_eq!(workload["nodePools"], serde_json::json!(["amd64-batch"]));
    let operations = workload["patch"].as_array().unwrap();
    assert!(operations.iter().all(|operation| operation["op"] == "add"));
    let path = "/spec/jobTemplate/spec/template/spec/nodeSelector";
    assert!(
        operations.iter().any(|operation| operation["path"] == path),
        "{operations:?}"
    );
    assert_eq!(
        report["namespacesAssumedOptedIn"],
        serde_json::json!(["shop"])
    );
}

#[test]
fn yaml_is_the_whole_input_with_its_patches() {
    let text = joined(&[CONFIG_MAP, CRON_JOB, POD]);
    let (output, directory) = explain(&[("all.yaml", &text)], &["-f", "all.yaml", "-o", "yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let patched = stdout(&output);
    assert!(
        patched.starts_with(&format!(
            "---\n{CONFIG_MAP}---\napiVersion: batch/v1\nkind: CronJob\n"
        )),
        "{patched}"
    );
    let fields = [
        "restartPolicy",
        "containers",
        "nodeSelector",
        "tolerations",
        "affinity",
    ];
    let positions: Vec<_> = fields
        .iter()
        .map(|field| patched.find(&format!("{field}:")))
        .collect();
    assert!(
        positions.is_sorted() && positions[0].is_some(),
        "the author's order: {patched}"
    );
    assert!(
        stderr(&output).contains("note: namespace shop taken as opted in"),
        "{}",
        stderr(&output)
    );

    fs::write(directory.path().join("again.yaml"), patched).unwrap();
    let output = command(directory.path(), &["again.yaml", "-o", "json"])
        .output()
        .unwrap();
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        reasons(&again),
        ["CronJob nightly already-placed", "Pod one already-placed"]
    );
    assert_eq!(again["skipped"], 1);
    let output = command(directory.path(), &["again.yaml", "-o", "yaml"])
        .output()
        .unwrap();
    assert_eq!(stdout(&output), patched, "twice is once");
}

#[test]
fn a_diff_adds_and_takes_nothing_away() {
    let text = joined(&[CONFIG_MAP, POD]);
    let (output, _directory) = explain(&[("all.yaml", &text)], &["-f", "all.yaml", "-o", "diff"]);
    let diff = stdout(&output);
    assert!(
        diff.starts_with("--- all.yaml\tPod shop/one\n+++ all.yaml\tPod shop/one as placed\n@@ "),
        "{diff}"
    );
    assert!(
        diff.contains("\n+  nodeSelector:\n+    karpenter.sh/nodepool: amd64-default\n"),
        "{diff}"
    );
    assert!(
        diff.lines().skip(2).all(|line| !line.starts_with('-')),
        "{diff}"
    );
}

#[test]
fn directories_lists_and_standard_input_are_read() {
    let list = r#"{"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}},
        {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"generateName": "c-"}, "spec": {}}]}]}"#;
    let two = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "d"}, "spec": {}}
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "e"}, "spec": {}}"#;
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("sub")).unwrap();
    for (name, text) in [
        ("1.json", list),
        ("sub/2.yml", CRON_JOB),
        ("sub/3.txt", "not: read"),
        ("4.json", two),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let mut child = command(directory.path(), &["-f", ".", "-f", "-", "-o", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(POD.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = [
        "Pod a placed",
        "Pod - placed",
        "Pod d placed",
        "Pod e placed",
        "CronJob nightly placed",
        "Pod one placed",
    ];
    assert_eq!(reasons(&report), expected);
    assert_eq!(report["workloads"][1]["path"], "items[2].items[0]");
    assert_eq!(report["workloads"][1]["generateName"], "c-");
    assert_eq!(report["workloads"][5]["file"], "-");
    assert_eq!(report["skipped"], 1);
}

#[test]
fn items_of_a_list_are_patched_in_their_place() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: b}}\n\
        - {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}\n";
    let (output, _directory) = explain(&[("l.yaml", list)], &["-f", "l.yaml", "-o", "yaml"]);
    let patched = stdout(&output);
    assert!(
        patched.starts_with(
            "---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n"
        ),
        "{patched}"
    );
    assert!(
        patched.contains("\n    nodeSelector:\n      karpenter.sh/nodepool: amd64-default\n"),
        "{patched}"
    );
}

#[test]
fn namespaces_in_the_input_count_wherever_they_stand() {
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n")
    };
    for (labels, reason, architectures) in [
        ("{}", "not-opted-in", "[]"),
        (
            "{placement.truemark.io/injection: enabled, placement.truemark.io/arch: arm64}",
            "placed",
            "[\"arm64\"]",
        ),
    ] {
        let report = report(
            &[("all.yaml", &joined(&[POD, &namespace(labels)]))],
            &["-f", "all.yaml"],
        );
        assert_eq!(reasons(&report), [format!("Pod one {reason}")]);
        assert_eq!(
            report["workloads"][0]["architectures"].to_string(),
            architectures
        );
        assert_eq!(report["namespacesAssumedOptedIn"], serde_json::json!([]));
    }
}

#[test]
fn other_workloads_are_left_alone_with_their_reason() {
    let workload = |api_version: &str, kind: &str| {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{template: {{spec: {{containers: []}}}}}}\n"
        )
    };
    let documents = [
        workload("apps/v1", "DaemonSet"),
        workload("apps/v1", "ReplicaSet"),
        workload("argoproj.io/v1alpha1", "Rollout"),
        workload("apps/v1", "StatefulSet")
            .replace("{name: x}", "{name: x, namespace: kube-system}"),
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\n".to_owned(),
    ];
    let report = report(
        &[("all.yaml", &documents.join("---\n"))],
        &["-f", "all.yaml"],
    );
    let expected = [
        "DaemonSet x daemonset",
        "ReplicaSet x kind",
        "Rollout x kind",
        "StatefulSet x namespace",
        "Job x malformed",
    ];
    assert_eq!(reasons(&report), expected);
}

#[test]
fn one_bad_document_does_not_hide_the_others() {
    let text = joined(&[
        POD,
        "a: [\n",
        "just text\n",
        "kind: Pod\n",
        "a: 1\nb: 2\na: 3\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {version: 1.0}}\n",
        "apiVersion: batch/v1beta1\nkind: CronJob\nspec: {}\n",
        CRON_JOB,
    ]);
    let arguments = [
        "-f",
        "all.yaml",
        "-f",
        "missing.yaml",
        "-f",
        "empty",
        "-f",
        "binary.yaml",
    ];
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), text).unwrap();
    fs::write(directory.path().join("binary.yaml"), b"a: \xff").unwrap();
    fs::create_dir(directory.path().join("empty")).unwrap();
    let output = command(directory.path(), &arguments)
        .arg("-ojson")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        reasons(&report),
        ["Pod one placed", "CronJob nightly placed"]
    );
    let refused: Vec<String> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| {
            let text = |field: &str| refused[field].as_str().unwrap().to_owned();
            format!(
                "{}:{} {}: {}",
                text("file"),
                refused["line"],
                text("field"),
                text("message")
            )
        })
        .collect();
    let expected = [
        "all.yaml:",
        "all.yaml:8 : is no object of Kubernetes",
        "all.yaml:10 apiVersion: is missing, or no string: this is no object of Kubernetes",
        "all.yaml:14 : duplicate mapping key: a",
        "all.yaml:18 metadata.labels.version: expected a string, found 1.0: put it in quotes",
        "all.yaml:20 apiVersion: no CronJob is served as batch/v1beta1, but as batch/v1",
        "missing.yaml:null : No such file or directory",
        "empty:null : the directory holds no .yaml, .yml or .json file",
        "binary.yaml:null : is not UTF-8: see byte 3",
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:#?}");
    for (refused, expected) in refused.iter().zip(expected) {
        assert!(refused.starts_with(expected), "{refused}\n{expected}");
    }

    let output = command(directory.path(), &arguments)
        .arg("-oyaml")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("\n---\n# left out: all.yaml:"),
        "{}",
        stdout(&output)
    );
    assert!(
        stderr(&output).contains("binary.yaml: is not UTF-8"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn files_that_are_too_large_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = fs::File::create(directory.path().join("large.yaml")).unwrap();
    file.set_len(65 * 1024 * 1024).unwrap();
    let output = command(directory.path(), &["-f", "large.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("more than 64 MiB"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn bad_usage_is_64_and_says_what_is_wrong() {
    for (arguments, message) in [
        (&[][..], "name what to explain: -f FILE"),
        (&["-f", "x", "-o", "xml"], "invalid value 'xml'"),
        (
            &["-f", "x", "--policy", "missing.yaml"],
            "missing.yaml: No such file",
        ),
    ] {
        let (output, _directory) = explain(&[], arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn audit_shows_what_would_be_and_changes_nothing() {
    let policy = include_str!("../../deploy/policy.yaml")
        .replace("\n  mode: Enforce\n", "\n  mode: Audit\n");
    let files = [("policy.yaml", policy.as_str()), ("pod.yaml", POD)];
    let run = |form: &str| {
        explain(
            &files,
            &["-f", "pod.yaml", "--policy", "policy.yaml", "-o", form],
        )
        .0
    };
    let output = run("text");
    for part in [
        "would be placed; Audit changes nothing",
        "would add      node selector",
        "\n1 would be placed\n",
    ] {
        assert!(
            stdout(&output).contains(part),
            "{part}: {}",
            stdout(&output)
        );
    }
    let output = run("yaml");
    assert_eq!(stdout(&output), format!("---\n{POD}"));
    assert!(
        stderr(&output).contains("1 left unpatched, because the policy or the rule is in Audit")
    );
    assert_eq!(stdout(&run("diff")), "");
    let report: Value = serde_json::from_slice(&run("json").stdout).unwrap();
    assert_eq!(report["workloads"][0]["patch"], serde_json::json!([]));
    assert_ne!(
        report["workloads"][0]["auditedPatch"],
        serde_json::json!([])
    );
}

#[test]
fn colour_is_for_terminals_and_control_characters_for_nobody() {
    let escape = POD.replace("name: one", "name: \"o\\e[31mne\"");
    for form in ["text", "diff"] {
        let (output, directory) =
            explain(&[("pod.yaml", &escape)], &["-f", "pod.yaml", "-o", form]);
        assert!(!stdout(&output).contains('\u{1b}'), "piped");
        let mut command = command(directory.path(), &["-f", "pod.yaml", "-o", form]);
        let forced = command.env("CLICOLOR_FORCE", "1").output().unwrap();
        assert!(stdout(&forced).contains("\u{1b}[1m") && !stdout(&forced).contains("\u{1b}[31mne"));
        let plain = command
            .env_remove("CLICOLOR_FORCE")
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        assert!(!stdout(&plain).contains('\u{1b}'), "NO_COLOR");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let text = vec![CONFIG_MAP; 20_000].join("---\n");
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("many.yaml"), text).unwrap();
    let mut child = command(directory.path(), &["-f", "many.yaml", "-o", "yaml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn help_shows_two_examples() {
    let (output, _directory) = explain(&[], &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output).matches("berth explain -f").count(), 2);
}
