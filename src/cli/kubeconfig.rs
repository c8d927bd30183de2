//! The flag that says how to reach a cluster.

use std::path::PathBuf;

use anyhow::anyhow;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig as File};

/// The flag `--kubeconfig`.
#[derive(Debug, clap::Args)]
pub(super) struct Kubeconfig {
    /// A kubeconfig file that says how to reach the cluster
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl Kubeconfig {
    /// True if the flag is given.
    pub(super) fn is_given(&self) -> bool {
        self.kubeconfig.is_some()
    }

    /// Reads how to reach the cluster that another flag asks for: from the file, or else as `kubectl` and a pod do.
    pub(super) async fn config(&self, flag: &str) -> anyhow::Result<Config> {
        let Some(path) = &self.kubeconfig else {
            let config = Config::infer().await;
            return config.map_err(|error| anyhow!("{flag}: {error}"));
        };
        // These errors include their causes.
        let wrong = |error| anyhow!("--kubeconfig {}: {error}", path.display());
        let file = File::read_from(path).map_err(wrong)?;
        Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .map_err(wrong)
    }
}
