//! The instance types that the stand-in offers: those of berth's own table, as raw facts. Karpenter makes labels of them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};

use super::xml::{list, tag};
use crate::harness::repository;

/// An instance type: the facts of its line by their columns.
pub(super) struct InstanceType {
    pub(super) name: String,
    facts: BTreeMap<String, String>,
}

/// Reads the table.
pub(super) fn read() -> anyhow::Result<Vec<InstanceType>> {
    let path = repository("src/instance/types.tsv");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().context("a header")?.split('\t').collect();
    let types = lines.map(|line| {
        let fields = columns.iter().zip(line.split('\t'));
        let known = fields.filter(|(_, value)| *value != "-");
        let mut facts: BTreeMap<String, String> = known
            .map(|(column, value)| ((*column).to_owned(), value.to_owned()))
            .collect();
        let name = facts.remove("name").context("a name")?;
        Ok(InstanceType { name, facts })
    });
    let types: Vec<InstanceType> = types.collect::<anyhow::Result<_>>()?;
    ensure!(!types.is_empty(), "{} is empty", path.display());
    Ok(types)
}

impl InstanceType {
    fn fact(&self, column: &str) -> Option<&str> {
        self.facts.get(column).map(String::as_str)
    }

    fn number(&self, column: &str) -> u64 {
        let number = self.fact(column).and_then(|text| text.parse().ok());
        number.unwrap_or_default()
    }

    fn is(&self, column: &str) -> bool {
        self.fact(column) == Some("true")
    }

    /// True if it is large enough for EKS Auto Mode, which takes no instance of one vCPU and none of the three least
    /// sizes (AWS: "Learn about EKS Auto Mode Managed instances").
    pub(super) fn is_for_auto_mode(&self) -> bool {
        let size = self.name.rsplit('.').next().unwrap_or_default();
        self.number("vcpus") > 1 && !["nano", "micro", "small"].contains(&size)
    }

    /// True if it can be had on the spot market.
    pub(super) fn has_spot(&self) -> bool {
        self.is("spot")
    }

    /// Returns a price in millionths of a dollar an hour. It grows with what there is to pay for.
    pub(super) fn price(&self) -> u64 {
        self.number("vcpus") * 35_000
            + self.number("memory_mib") * 4
            + self.number("gpu_count") * 600_000
            + self.number("accelerator_count") * 400_000
            + self.number("nvme_gb") * 40
    }

    /// Describes it as `DescribeInstanceTypes` does.
    pub(super) fn described(&self) -> String {
        [
            tag("instanceType", &self.name),
            tag("currentGeneration", true),
            tag("bareMetal", self.is("bare_metal")),
            optional("hypervisor", self.fact("hypervisor")),
            list("supportedVirtualizationTypes", ["hvm".to_owned()]),
            self.usage_classes(),
            self.processor(),
            tag("memoryInfo", tag("sizeInMiB", self.number("memory_mib"))),
            self.storage(),
            self.gpus(),
            self.accelerators(),
            self.network(),
        ]
        .concat()
    }

    fn usage_classes(&self) -> String {
        let classes = [("on_demand", "on-demand"), ("spot", "spot")].into_iter();
        let classes = classes.filter(|(column, _)| self.is(column));
        list(
            "supportedUsageClasses",
            classes.map(|(_, name)| name.to_owned()),
        )
    }

    fn processor(&self) -> String {
        let architecture = match self.fact("architecture") {
            Some("amd64") => "x86_64",
            other => other.unwrap_or_default(),
        };
        let mhz = self.number("clock_mhz");
        let clock = format!("{}.{:03}", mhz / 1000, mhz % 1000);
        let processor = [
            list("supportedArchitectures", [architecture.to_owned()]),
            tag("sustainedClockSpeedInGhz", clock),
            optional("manufacturer", self.fact("cpu_manufacturer")),
        ];
        let processor = tag("processorInfo", processor.concat());
        processor + &tag("vCpuInfo", tag("defaultVCpus", self.number("vcpus")))
    }

    fn storage(&self) -> String {
        let bandwidth = self.fact("ebs_mbps").map(|mbps| {
            let info = tag("maximumBandwidthInMbps", mbps);
            tag("ebsOptimizedInfo", info) + &tag("ebsOptimizedSupport", "default")
        });
        let disks = self.fact("nvme_gb").map(|gigabytes| {
            let info = tag("totalSizeInGB", gigabytes) + &tag("nvmeSupport", "required");
            tag("instanceStorageInfo", info)
        });
        tag("ebsInfo", bandwidth.unwrap_or_default()) + &disks.unwrap_or_default()
    }

    fn gpus(&self) -> String {
        let Some(name) = self.fact("gpu_name") else {
            return String::new();
        };
        // The provider counts GPUs by the makers' names as they write them.
        let maker = match self.fact("gpu_manufacturer").unwrap_or_default() {
            "nvidia" => "NVIDIA",
            "amd" => "AMD",
            "habana" => "Habana",
            other => other,
        };
        let memory = tag("sizeInMiB", self.number("gpu_memory_mib"));
        let gpu = [
            tag("name", name),
            tag("manufacturer", maker),
            tag("count", self.number("gpu_count")),
            tag("memoryInfo", memory),
        ];
        tag("gpuInfo", list("gpus", [gpu.concat()]))
    }

    fn accelerators(&self) -> String {
        let Some(name) = self.fact("accelerator_name") else {
            return String::new();
        };
        let count = self.number("accelerator_count");
        let device = tag("name", name) + &tag("count", count);
        if self.fact("neuron_cores").is_some() {
            let cores = self.number("neuron_cores") / count.max(1);
            let device = device + &tag("coreInfo", tag("count", cores));
            return tag("neuronInfo", list("neuronDevices", [device]));
        }
        let maker = optional("manufacturer", self.fact("accelerator_manufacturer"));
        let accelerators = tag("accelerators", tag("member", device + &maker));
        tag("inferenceAcceleratorInfo", accelerators)
    }

    /// Describes its network. The numbers of interfaces and addresses, which bound a node's pods, are those of most
    /// types with as many vCPUs.
    fn network(&self) -> String {
        let (interfaces, addresses) = match self.number("vcpus") {
            0..=1 => (2, 4),
            2..=3 => (3, 10),
            4..=8 => (4, 15),
            9..=48 => (8, 30),
            _ => (15, 50),
        };
        let card = tag("networkCardIndex", 0) + &tag("maximumNetworkInterfaces", interfaces);
        let efa = self.fact("efa_interfaces");
        let interfaces_of_efa = efa.map(|count| tag("efaInfo", tag("maximumEfaInterfaces", count)));
        let network = [
            tag("maximumNetworkInterfaces", interfaces),
            tag("ipv4AddressesPerInterface", addresses),
            tag("defaultNetworkCardIndex", 0),
            list("networkCards", [card]),
            tag("encryptionInTransitSupported", self.is("encrypted_transit")),
            tag("efaSupported", efa.is_some()),
            interfaces_of_efa.unwrap_or_default(),
        ];
        tag("networkInfo", network.concat())
    }
}

fn optional(name: &str, content: Option<&str>) -> String {
    content
        .map(|content| tag(name, content))
        .unwrap_or_default()
}
