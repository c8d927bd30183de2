//! The capacity of an instance: its resources, of which a node keeps some for itself.

use super::line::InstanceType;

/// The bytes of a MiB.
const MIB: u128 = 1 << 20;
/// The memory, in MiB, that an instance of Graviton does not give.
const RESERVED: u64 = 64;
/// The part of the memory that Karpenter leaves to the hypervisor, in thousandths: `--vm-memory-overhead-percent`.
const OVERHEAD: u128 = 75;

impl InstanceType {
    /// Returns the amount that an instance has of a resource, in thousandths. `None` if its node class decides that.
    #[must_use]
    pub fn capacity(&self, resource: &str) -> Option<u128> {
        let made_by = |made: Option<(&str, u64)>, maker: &str| {
            made.filter(|(name, _)| *name == maker)
                .map_or(0, |(_, count)| u128::from(count))
        };
        let amount = match resource {
            "cpu" => u128::from(self.vcpus),
            "memory" => u128::from(self.memory_mib) * MIB,
            "nvidia.com/gpu" => made_by(self.gpus, "nvidia"),
            "amd.com/gpu" => made_by(self.gpus, "amd"),
            "habana.ai/gaudi" => made_by(self.gpus, "habana"),
            "aws.amazon.com/neuron" => made_by(self.accelerators, "aws"),
            "aws.amazon.com/neuroncore" => self.neuron_cores.into(),
            "vpc.amazonaws.com/efa" => self.efa_interfaces.into(),
            "ephemeral-storage" | "pods" | "vpc.amazonaws.com/pod-eni" => return None,
            _ => 0,
        };
        Some(amount * 1000)
    }

    /// Returns the memory that Karpenter expects of a new node, in thousandths of a byte: less than [`Self::capacity`].
    #[must_use]
    pub fn expected_memory(&self) -> u128 {
        let given = u128::from(self.memory_mib.saturating_sub(RESERVED)) * MIB;
        given * (1000 - OVERHEAD)
    }
}
