//! The flags that say how to reach a cluster.

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

/// The flags by which a person picks a cluster.
#[derive(Debug, clap::Args)]
pub(super) struct Access {
    #[command(flatten)]
    kubeconfig: Kubeconfig,

    /// The context of the kubeconfig, in place of its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
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

impl Access {
    /// Reads how to reach the cluster. `flag` begins the messages, unless a flag of its own does.
    pub(super) async fn config(&self, flag: &str) -> anyhow::Result<Config> {
        let Some(context) = &self.context else {
            return self.kubeconfig.config(flag).await;
        };
        let wrong = |error| anyhow!("--context {context}: {error}");
        let file = match &self.kubeconfig.kubeconfig {
            Some(path) => File::read_from(path),
            None => File::read(),
        };
        let options = KubeConfigOptions {
            context: Some(context.clone()),
            ..KubeConfigOptions::default()
        };
        Config::from_custom_kubeconfig(file.map_err(wrong)?, &options)
            .await
            .map_err(wrong)
    }
}
